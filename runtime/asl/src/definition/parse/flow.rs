//! Flows: the machine itself, a branch, an item processor.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::fields::Fields;
use super::outline::{FlowOutline, Outline, StateOutline};
use super::place::{Location, Place};
use super::report::{Problem, Reports, Spot};
use crate::definition::{Flow, QueryLanguage, State, StateId};
use crate::diagnostic::Severity;
use crate::limits;

/// The machine as it is being read.
pub(super) struct Machine<'a> {
    pub(super) reports: &'a Reports<'a>,
    /// The machine's language, which every state inherits, however deep it stands.
    pub(super) language: QueryLanguage,
    draft: RefCell<Draft>,
}

#[derive(Default)]
struct Draft {
    /// By id; `None` for a state with errors, or not read yet.
    states: Vec<Option<State>>,
    ids: HashMap<Arc<str>, StateId>,
    outline: Outline,
}

type Parts = (Option<Vec<State>>, HashMap<Arc<str>, StateId>, Outline);

/// A state on its way through the parser: who it is, and which names it may lead to.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) machine: &'a Machine<'a>,
    pub(super) id: StateId,
    names: &'a HashMap<&'a str, StateId>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(reports: &'a Reports<'a>, language: QueryLanguage) -> Self {
        Self {
            reports,
            language,
            draft: RefCell::default(),
        }
    }

    /// Its states (`None` if one had an error), their names, its outline.
    pub(super) fn into_parts(self) -> Parts {
        let Draft {
            states,
            ids,
            outline,
        } = self.draft.into_inner();
        (states.into_iter().collect(), ids, outline)
    }

    /// Reads the `StartAt` and `States` of a machine, a branch or an item processor.
    /// Recursion (a state may hold flows) is bounded by the depth of the JSON.
    pub(super) fn flow(&self, fields: &Fields<'_>, owner: Option<StateId>) -> Option<Flow> {
        let index = self.add_flow(fields, owner);
        let place = fields.place.key("States");
        let states = match fields.value("States")? {
            Value::Object(states) => states,
            _ => {
                fields.wrong_type("States", "[OBJECT]");
                return None;
            }
        };
        if states.is_empty() {
            fields.report(Problem::schema(&place, "Value cannot be empty"));
        }
        let location = self.draft.borrow().outline.flows[index]
            .location
            .key("States");
        let names: HashMap<&str, StateId> = states
            .keys()
            .map(|name| {
                (
                    name.as_str(),
                    self.add_state(&place.key(name), &location, name),
                )
            })
            .collect();
        let mut ids: Vec<StateId> = names.values().copied().collect();
        ids.sort_unstable();
        self.draft.borrow_mut().outline.flows[index]
            .states
            .clone_from(&ids);
        let start_at = self.start(fields, &names);
        self.draft.borrow_mut().outline.flows[index].start = start_at;
        for (name, value) in states {
            let site = Site {
                machine: self,
                id: names[name.as_str()],
                names: &names,
            };
            let state = site.state(place.key(name), name, value);
            self.draft.borrow_mut().states[site.id.0 as usize] = state;
        }
        Some(Flow {
            start_at: start_at?,
            states: ids,
        })
    }

    fn start(&self, fields: &Fields<'_>, names: &HashMap<&str, StateId>) -> Option<StateId> {
        let name = fields.string("StartAt")?;
        let start = names.get(name).copied();
        if start.is_none() {
            report_dangling(fields, "StartAt", name, names);
        }
        start
    }

    fn add_flow(&self, fields: &Fields<'_>, owner: Option<StateId>) -> usize {
        let outline = &mut self.draft.borrow_mut().outline;
        let steps = fields.place.steps();
        let location = owner.map_or_else(Location::default, |owner| {
            let state = &outline.states[owner.0 as usize];
            state.location.below(&steps[fields.state_depth..])
        });
        outline.flows.push(FlowOutline {
            location,
            owner,
            start: None,
            states: Vec::new(),
        });
        outline.flows.len() - 1
    }

    /// Gives a state its id, and checks its name.
    fn add_state(&self, place: &Place<'_>, states: &Location, name: &str) -> StateId {
        let mut draft = self.draft.borrow_mut();
        let id =
            StateId(u32::try_from(draft.states.len()).expect("a definition has under 2^20 bytes"));
        let shared: Arc<str> = name.into();
        draft.states.push(None);
        draft.outline.states.push(StateOutline {
            name: Arc::clone(&shared),
            location: states.key(name),
            next: Vec::new(),
            ends: false,
        });
        let problem = if draft.ids.contains_key(name) {
            let message = format!("Duplicate State name: {name}");
            Problem::error("DUPLICATE_STATE_NAME", place.steps(), message)
                .hint("names are unique in the whole state machine, nested states included")
        } else {
            draft.ids.insert(shared, id);
            let max = limits::NAME_CHARS_MAX;
            if !name.is_empty() && name.chars().count() <= max {
                return id;
            }
            let message = format!("State name '{name}' must have between 1 and {max} characters");
            Problem::error("INVALID_STATE_NAME", place.steps(), message)
        };
        self.reports.add(problem.spot(Spot::Name));
        id
    }
}

impl Site<'_> {
    /// The state that a field names, of the same flow.
    pub(super) fn target(&self, fields: &Fields<'_>, field: &str) -> Option<StateId> {
        let name = fields.string(field)?;
        let Some(&target) = self.names.get(name) else {
            report_dangling(fields, field, name, self.names);
            return None;
        };
        self.outline(|state| state.next.push(target));
        Some(target)
    }

    /// Notes that the flow may end here.
    pub(super) fn ends(&self) {
        self.outline(|state| state.ends = true);
    }

    fn outline(&self, change: impl FnOnce(&mut StateOutline)) {
        let mut draft = self.machine.draft.borrow_mut();
        change(&mut draft.outline.states[self.id.0 as usize]);
    }
}

/// AWS says `Next` of every field that names a state.
fn report_dangling(fields: &Fields<'_>, field: &str, name: &str, names: &HashMap<&str, StateId>) {
    // Looking for what was meant goes through all names: not once more for each of thousands.
    if !fields.reports.has_room(Severity::Error) {
        return;
    }
    let place = fields.place.key(field);
    let message = format!("Missing 'Next' target: {name}");
    let mut problem = Problem::error("MISSING_TRANSITION_TARGET", place.steps(), message);
    if let Some(meant) = names
        .keys()
        .find(|known| known.trim().eq_ignore_ascii_case(name.trim()))
    {
        problem = problem.hint(format!("did you mean '{meant}'?"));
    } else {
        problem = problem.hint("a transition stays within its own States");
    }
    fields.report(problem);
}
