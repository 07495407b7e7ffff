//! What a well-formed definition may still get wrong: rules, one file each.
//!
//! [`validate`] reads a definition and runs all rules over it. A rule judges the machine or
//! its outline and never reads the text: places come from the outline. Rules that AWS has too
//! report errors in AWS's words; the others warn.
//!
//! To add a rule: a file with a `check`, its line in [`validate`], its tests at its foot.

mod absent_paths;
mod context_paths;
mod error_names;
mod express;
mod heartbeat;
mod reachable;
mod shadowing;
mod shape;
mod terminal;
mod variables;

#[cfg(test)]
mod check;

pub use express::MachineType;
pub use variables::variable_references;

use crate::definition::parse::{
    FlowOutline, Found, Outline, Parsed, Problem, Reports, StateOutline,
};
use crate::definition::{self, Flow, State, StateId, StateKind, StateMachine};
use crate::diagnostic::Diagnostic;

/// Reads a definition and judges it for this type of machine: [`definition::parse()`] and then
/// all rules. The machine is there when no diagnostic is an error.
pub fn validate(text: &str, kind: MachineType) -> Parsed {
    let parsed = definition::parse(text);
    let dangling = |diagnostic: &Diagnostic| diagnostic.code == "MISSING_TRANSITION_TARGET";
    let mut errors = parsed.diagnostics.iter().filter(|found| found.is_error());
    if !errors.all(dangling) || parsed.outline.states.is_empty() {
        // The rules would judge what was not read.
        return parsed;
    }
    let Parsed {
        machine,
        outline,
        diagnostics,
        truncated,
    } = parsed;
    let reports = Reports::with(text, diagnostics, truncated);
    let mut report = |problem: Problem<'_>| reports.add(problem);
    if terminal::check(&outline, &mut report) {
        reachable::check(&outline, &mut report);
    }
    if let Some(machine) = &machine {
        let subject = Subject {
            machine,
            outline: &outline,
        };
        error_names::check(&subject, &mut report);
        heartbeat::check(&subject, &mut report);
        let mut scopes = variables::Scopes::new(&subject);
        shadowing::check(&subject, &mut scopes, &mut report);
        variables::check(&subject, &mut scopes, &mut report);
        context_paths::check(&subject, &mut report);
        absent_paths::check(&subject, &mut report);
        if kind == MachineType::Express {
            express::check(&subject, &mut report);
        }
    }
    let Found {
        diagnostics,
        failed,
        truncated,
    } = reports.into_found();
    Parsed {
        machine: machine.filter(|_| !failed),
        outline,
        diagnostics,
        truncated,
    }
}

/// Where a rule's findings go.
type Report<'r> = dyn FnMut(Problem<'_>) + 'r;

/// What the rules judge: a machine and its outline, which has the same states.
struct Subject<'a> {
    machine: &'a StateMachine,
    outline: &'a Outline,
}

impl<'a> Subject<'a> {
    /// All states, in the order of their ids.
    fn states(&self) -> impl Iterator<Item = (&'a State, &'a StateOutline)> {
        self.machine.states.iter().zip(&self.outline.states)
    }

    /// The outline of this flow.
    fn outline_of(&self, flow: &Flow) -> Option<&'a FlowOutline> {
        let starts = |outline: &&FlowOutline| outline.start == Some(flow.start_at);
        self.outline.flows.iter().find(starts)
    }

    /// Whether the flow sees no variables of outer flows: the machine's own, and the item
    /// processor of a distributed Map.
    fn is_closed(&self, flow: &FlowOutline) -> bool {
        let Some(owner) = flow.owner else {
            return true;
        };
        matches!(&self.machine.state(owner).kind, StateKind::Map(map) if map.distributed.is_some())
    }

    /// For each state, the flow it is part of, by index.
    fn flow_by_state(&self) -> Vec<usize> {
        let mut flows = vec![0; self.outline.states.len()];
        for (index, flow) in self.outline.flows.iter().enumerate() {
            for StateId(state) in &flow.states {
                flows[*state as usize] = index;
            }
        }
        flows
    }
}

/// All states that these lead to, themselves included; by id.
fn reached(outline: &Outline, from: impl IntoIterator<Item = StateId>) -> Vec<bool> {
    let mut seen = vec![false; outline.states.len()];
    let mut todo: Vec<StateId> = from.into_iter().collect();
    while let Some(StateId(id)) = todo.pop() {
        let id = id as usize;
        if !std::mem::replace(&mut seen[id], true) {
            todo.extend(&outline.states[id].next);
        }
    }
    seen
}
