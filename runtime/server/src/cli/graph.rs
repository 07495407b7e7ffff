//! `stepwell graph`: a state machine as a picture.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
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
        let Some(path) = self.output else {
            output::print_bytes(mermaid(&definition.machine).as_bytes())?;
            return Ok(Outcome::Success);
        };
        let drawn = match path.extension().and_then(|ending| ending.to_str()) {
            Some("mmd") => mermaid(&definition.machine),
            Some("dot") => dot(&definition.machine),
            Some("svg") => svg(&dot(&definition.machine))?,
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

/// Every way from one state to another: transitions, rules, Catchers, and into branches.
fn arrows(machine: &StateMachine) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for (place, state) in machine.states.iter().enumerate() {
        let from = StateId(u32::try_from(place).unwrap_or(u32::MAX));
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
        match &state.kind {
            StateKind::Choice(choice) => {
                for (place, rule) in choice.rules.iter().enumerate() {
                    add(rule.next, &format!("rule {}", place + 1));
                }
                if let Some(default) = choice.default {
                    add(default, "default");
                }
            }
            StateKind::Parallel(parallel) => {
                for (place, branch) in parallel.branches.iter().enumerate() {
                    add(branch.start_at, &format!("branch {}", place + 1));
                }
            }
            StateKind::Map(map) => add(map.processor.start_at, "each item"),
            _ => {}
        }
    }
    arrows
}

/// A Mermaid flow chart; what runs inside a state stands in a frame of its own.
fn mermaid(machine: &StateMachine) -> String {
    let mut text = String::from("flowchart TD\n    start((start)) --> ");
    let _ = writeln!(text, "s{}", machine.flow.start_at.0);
    mermaid_flow(machine, &machine.flow, 1, &mut text);
    for Arrow { from, to, label } in arrows(machine) {
        let label = if label.is_empty() {
            String::new()
        } else {
            format!("|{}|", escaped(&label))
        };
        let _ = writeln!(text, "    s{} -->{label} s{}", from.0, to.0);
    }
    text
}

/// Nesting is bounded by the definition's own depth.
fn mermaid_flow(machine: &StateMachine, flow: &Flow, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for id in &flow.states {
        let state = machine.state(*id);
        let (open, close) = match state.kind {
            StateKind::Choice(_) => ("{", "}"),
            StateKind::Succeed(_) | StateKind::Fail(_) => ("([", "])"),
            StateKind::Wait(_) => ("(", ")"),
            _ => ("[", "]"),
        };
        let _ = writeln!(
            text,
            "{indent}s{}{open}\"{}\"{close}",
            id.0,
            escaped(&label(state))
        );
        for (place, inner) in inner_flows(state).into_iter().enumerate() {
            let _ = writeln!(
                text,
                "{indent}subgraph s{}f{place} [\"{}\"]",
                id.0,
                escaped(&state.name)
            );
            mermaid_flow(machine, inner, depth + 1, text);
            let _ = writeln!(text, "{indent}end");
        }
    }
}

fn inner_flows(state: &State) -> Vec<&Flow> {
    match &state.kind {
        StateKind::Parallel(parallel) => parallel.branches.iter().collect(),
        StateKind::Map(map) => vec![&map.processor],
        _ => Vec::new(),
    }
}

fn dot(machine: &StateMachine) -> String {
    let mut text =
        String::from("digraph state_machine {\n    start [shape=circle, label=\"start\"];\n");
    for (place, state) in machine.states.iter().enumerate() {
        let shape = match state.kind {
            StateKind::Choice(_) => "diamond",
            StateKind::Succeed(_) | StateKind::Fail(_) => "ellipse",
            _ => "box",
        };
        let label = quoted(&label(state));
        let _ = writeln!(text, "    s{place} [shape={shape}, label=\"{label}\"];");
    }
    let _ = writeln!(text, "    start -> s{};", machine.flow.start_at.0);
    for Arrow { from, to, label } in arrows(machine) {
        let _ = writeln!(
            text,
            "    s{} -> s{} [label=\"{}\"];",
            from.0,
            to.0,
            quoted(&label)
        );
    }
    text.push_str("}\n");
    text
}

fn svg(dot: &str) -> anyhow::Result<String> {
    let graph = layout::gv::DotParser::new(dot).process();
    let graph = graph.map_err(|why| anyhow!("the picture cannot be drawn: {why}"))?;
    let mut builder = layout::gv::GraphBuilder::new();
    builder.visit_graph(&graph);
    let mut picture = builder.get();
    let mut writer = layout::backends::svg::SVGWriter::new();
    picture.do_it(false, false, false, &mut writer);
    Ok(writer.finalize())
}

fn label(state: &State) -> String {
    format!("{} ({})", state.name, state.kind.name())
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
