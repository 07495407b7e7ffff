//! Which state is tested: from the text that was sent to a machine and a place in it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::refusal::{Refusal, request};
use crate::definition::parse::Parsed;
use crate::definition::{self, Flow, StateId, StateKind, StateMachine};
use crate::validate::{MachineType, validate};

/// The name that AWS gives a state that is tested alone.
pub(super) const STATE_NAME: &str = "StateName";

/// A state under test.
pub(super) struct Subject {
    pub(super) machine: Arc<StateMachine>,
    pub(super) state: StateId,
    /// The Map and Parallel states around it, innermost first.
    pub(super) parents: Vec<StateId>,
}

impl Subject {
    /// Reads the definition, and finds the state.
    pub(super) fn find(text: &str, state_name: Option<&str>) -> Result<Self, Refusal> {
        let machine = match state_name {
            Some(_) => sound(validate(text, MachineType::Standard), 0)?,
            None => alone(text)?,
        };
        let name = state_name.unwrap_or(STATE_NAME);
        let Some(&state) = machine.ids.get(name) else {
            return Err(request("State not found in definition"));
        };
        let mut parents = Vec::new();
        enclose(&machine, &machine.flow, state, &mut parents);
        Ok(Self {
            machine: Arc::new(machine),
            state,
            parents,
        })
    }

    pub(super) fn kind(&self) -> &StateKind {
        &self.machine.state(self.state).kind
    }

    /// Whether one of the states around it is a Map.
    pub(super) fn is_in_a_map(&self) -> bool {
        let mut around = self.parents.iter().map(|id| &self.machine.state(*id).kind);
        around.any(|kind| matches!(kind, StateKind::Map(_)))
    }

    /// Whether a state of this name stands inside the one under test.
    pub(super) fn holds(&self, name: &str) -> bool {
        let inside = self.machine.ids.get(name).copied();
        inside.is_some_and(|inside| {
            flows(self.kind()).any(|flow| enclose(&self.machine, flow, inside, &mut Vec::new()))
        })
    }
}

fn sound(parsed: Parsed, before: usize) -> Result<StateMachine, Refusal> {
    let mut diagnostics = parsed.diagnostics;
    for diagnostic in &mut diagnostics {
        let span = diagnostic.span.take();
        diagnostic.span = span.and_then(|span| {
            let start = span.start.checked_sub(before)?;
            Some(start..span.end.saturating_sub(before))
        });
    }
    parsed.machine.ok_or(Refusal::Definition(diagnostics))
}

/// A machine of this one state. What it leads to is there too, as states that do nothing: a
/// state tested alone may name any.
fn alone(text: &str) -> Result<StateMachine, Refusal> {
    let head = format!(r#"{{"StartAt":"{STATE_NAME}","States":{{"{STATE_NAME}":"#);
    let targets = match serde_json::from_str(text) {
        Ok(state) => targets(&state),
        // Wrapped, text that is no JSON would be reported where the wrapping goes wrong.
        Err(_) => return sound(definition::parse(text), 0),
    };
    let mut whole = format!("{head}{text}");
    for (name, stub) in &targets {
        whole.push_str(&format!(",{}:{stub}", Value::from(name.as_str())));
    }
    whole.push_str("}}");
    sound(definition::parse(&whole), head.len())
}

/// The states that this one leads to, itself left out.
fn targets(state: &Value) -> Map<String, Value> {
    let rules = ["Choices", "Catch"].into_iter();
    let rules = rules.filter_map(|field| state[field].as_array()).flatten();
    let mut names = vec![&state["Next"], &state["Default"]];
    names.extend(rules.map(|rule| &rule["Next"]));
    let names = names.into_iter().filter_map(Value::as_str);
    let names = names.filter(|name| *name != STATE_NAME);
    names
        .map(|name| (name.to_owned(), json!({ "Type": "Succeed" })))
        .collect()
}

/// Finds the way to a state, innermost first; says whether it is in this flow at any depth.
fn enclose(
    machine: &StateMachine,
    flow: &Flow,
    wanted: StateId,
    parents: &mut Vec<StateId>,
) -> bool {
    flow.states.iter().any(|&id| {
        if id == wanted {
            return true;
        }
        let found =
            flows(&machine.state(id).kind).any(|inner| enclose(machine, inner, wanted, parents));
        if found {
            parents.push(id);
        }
        found
    })
}

/// The flows inside a state.
fn flows(kind: &StateKind) -> impl Iterator<Item = &Flow> {
    let (branches, processor) = match kind {
        StateKind::Parallel(parallel) => (parallel.branches.as_slice(), None),
        StateKind::Map(map) => (&[][..], Some(&map.processor)),
        _ => (&[][..], None),
    };
    branches.iter().chain(processor)
}
