//! The states an execution went through, as a tree: branches and iterations inside of states.

use std::collections::HashMap;
use std::sync::Arc;

use super::file::Step;
use super::stage::ActorId;
use crate::history::{Detail, EventId, Note, Record, ScopeId};

/// What was gone through: a row of states for each flow that was opened.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// All flows; the first is the execution's own.
    flows: Vec<Vec<Visited>>,
    open: HashMap<(ActorId, ScopeId), usize>,
}

/// A state that was entered.
#[derive(Debug)]
struct Visited {
    name: Arc<str>,
    event: EventId,
    /// Flows inside, with their number among their siblings.
    inside: Vec<(u32, usize)>,
}

/// The first place where a path is another than expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parting {
    /// In words: `at state 3`, `in branch 1 of Notify, at state 2`.
    pub(super) place: String,
    pub(super) expected: Option<String>,
    pub(super) actual: Option<(Arc<str>, EventId)>,
}

impl Path {
    /// Folds a record of one of the case's executions in.
    pub(super) fn record(&mut self, actor: ActorId, record: &Record) {
        match record {
            Record::Event(scope, event) => {
                if let Detail::StateEntered { name, .. } = &event.detail {
                    let flow = self.flow(actor, *scope);
                    self.flows[flow].push(Visited {
                        name: Arc::clone(name),
                        event: event.id,
                        inside: Vec::new(),
                    });
                }
            }
            Record::Note(Note::ScopeOpened {
                scope,
                parent,
                index,
                ..
            }) => self.opened((actor, *scope), (actor, *parent), *index),
            Record::Note(_) => {}
        }
    }

    /// A flow begins inside the state that the other one is in.
    pub(super) fn opened(
        &mut self,
        flow: (ActorId, ScopeId),
        inside: (ActorId, ScopeId),
        index: u32,
    ) {
        let outer = self.flow(inside.0, inside.1);
        let inner = self.flow(flow.0, flow.1);
        if let Some(state) = self.flows[outer].last_mut() {
            state.inside.push((index, inner));
        }
    }

    fn flow(&mut self, actor: ActorId, scope: ScopeId) -> usize {
        let flows = &mut self.flows;
        *self.open.entry((actor, scope)).or_insert_with(|| {
            flows.push(Vec::new());
            flows.len() - 1
        })
    }

    /// The state that a flow entered last.
    pub(super) fn last(&self, actor: ActorId, scope: ScopeId) -> Option<(Arc<str>, EventId)> {
        let flow = self.open.get(&(actor, scope))?;
        let last = self.flows[*flow].last()?;
        Some((Arc::clone(&last.name), last.event))
    }

    /// How many states were entered in all.
    pub(super) fn len(&self) -> usize {
        self.flows.iter().map(Vec::len).sum()
    }

    /// Where it parts from what is expected.
    pub(super) fn parting(&self, expected: &[Step]) -> Option<Parting> {
        let own = self.flows.first().map_or(&[][..], Vec::as_slice);
        self.part(expected, own, "")
    }

    /// The depth is bounded by how deep the file's JSON nests.
    fn part(&self, expected: &[Step], actual: &[Visited], within: &str) -> Option<Parting> {
        for place in 0..expected.len().max(actual.len()) {
            let (wanted, got) = (expected.get(place), actual.get(place));
            if let (Some(wanted), Some(got)) = (wanted, got)
                && *wanted.state == *got.name
            {
                let inside = wanted.inside.as_ref();
                let parting = inside.and_then(|flows| self.inside(flows, got, within));
                if parting.is_some() {
                    return parting;
                }
                continue;
            }
            return Some(Parting {
                place: format!("{within}at state {}", place + 1),
                expected: wanted.map(|step| step.state.clone()),
                actual: got.map(|state| (Arc::clone(&state.name), state.event)),
            });
        }
        None
    }

    fn inside(&self, expected: &[Vec<Step>], state: &Visited, within: &str) -> Option<Parting> {
        let mut flows = state.inside.clone();
        // Branches and iterations are counted as the definition and the items list them; tries
        // of the same one stay in their order.
        flows.sort_by_key(|(index, _)| *index);
        if flows.len() != expected.len() {
            let counted = |count: usize| Some(format!("{count} flows inside of {}", state.name));
            return Some(Parting {
                place: format!("{within}in {}", state.name),
                expected: counted(expected.len()),
                actual: counted(flows.len()).map(|text| (text.into(), state.event)),
            });
        }
        let both = expected.iter().zip(flows).enumerate();
        both.map(|(number, (wanted, (_, flow)))| {
            let within = format!("{within}in flow {} of {}, ", number + 1, state.name);
            self.part(wanted, &self.flows[flow], &within)
        })
        .find_map(|parting| parting)
    }
}
