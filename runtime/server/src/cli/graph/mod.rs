//! `stepwell graph`: a state machine as a picture.

mod dot;
mod drawing;
mod mermaid;
mod picture;

use std::path::PathBuf;

use anyhow::{Context, bail};
use asl::definition::{Flow, State, StateId, StateKind, StateMachine, Transition};
use asl::validate::MachineType;

use super::{Outcome, definition_file, output};

/// Draw a state machine: Mermaid or DOT text, or an SVG picture.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell graph definition.asl.json
  stepwell graph definition.asl.json -o picture.svg")]
pub(super) struct Graph {
    /// The definition.
    file: PathBuf,
    /// Where to write it; the ending says how: .mmd, .dot or .svg. Without, Mermaid is printed.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

impl Graph {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let definition = match definition_file::load(&self.file, MachineType::Standard)? {
            Ok(definition) => definition,
            Err(outcome) => return Ok(outcome),
        };
        let machine = &definition.machine;
        let Some(path) = self.output else {
            output::print_bytes(mermaid::text(machine).as_bytes())?;
            return Ok(Outcome::Success);
        };
        let drawn = match path.extension().and_then(|ending| ending.to_str()) {
            Some("mmd") => mermaid::text(machine),
            Some("dot") => dot::text(machine),
            Some("svg") => picture::svg(machine)?,
            _ => bail!("{}: the ending must be .svg, .mmd or .dot", path.display()),
        };
        std::fs::write(&path, drawn).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Outcome::Success)
    }
}

/// One arrow: from, to, and what it says.
struct Arrow {
    from: StateId,
    to: StateId,
    label: String,
}

/// Every way from a state of a flow to another of it: transitions, rules, Catchers.
fn arrows(machine: &StateMachine, flow: &Flow) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for from in flow.states.iter().copied() {
        let state = machine.state(from);
        let mut add = |to, label: &str| {
            arrows.push(Arrow {
                from,
                to,
                label: label.to_owned(),
            })
        };
        if let Transition::Next(next) = state.transition {
            add(next, "");
        }
        for catcher in state.kind.catchers() {
            add(
                catcher.next,
                &format!("catch {}", catcher.error_equals.join(", ")),
            );
        }
        if let StateKind::Choice(choice) = &state.kind {
            for (place, rule) in choice.rules.iter().enumerate() {
                add(rule.next, &format!("rule {}", place + 1));
            }
            if let Some(default) = choice.default {
                add(default, "default");
            }
        }
    }
    arrows
}

/// What runs inside of a state: branches, or what is done with each item; and what that is called.
fn inner_flows(state: &State) -> Vec<(String, &Flow)> {
    match &state.kind {
        StateKind::Parallel(parallel) => {
            let branches = parallel.branches.iter().enumerate();
            branches
                .map(|(place, branch)| (format!("branch {}", place + 1), branch))
                .collect()
        }
        StateKind::Map(map) => vec![("each item".to_owned(), &map.processor)],
        _ => Vec::new(),
    }
}

fn label(state: &State) -> String {
    format!("{} ({})", state.name, state.kind.name())
}
