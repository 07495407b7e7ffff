//! Whether an execution does nothing but wait for a moment or for somebody's answer: then
//! nothing of it need be kept at hand.

use super::Execution;
use super::scope::{Attempting, Phase, Scope, Stage};
use crate::Timestamp;
use crate::definition::{Pattern, StateKind};
use crate::history::Via;

/// The most scopes of an execution that is looked at: the look must not cost a step more with
/// each branch. One with more passes for awake.
const SCOPES_MAX: usize = 64;

/// An execution that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asleep {
    /// When it goes on by itself, if it does.
    pub until: Option<Timestamp>,
}

impl Execution {
    /// Whether all it waits for are moments, and answers to tokens that it gave out. It is awake
    /// while work of it is done or offered here, while a heartbeat is due, while it waits for
    /// another execution, and when it can go on.
    pub fn asleep(&self) -> Option<Asleep> {
        if self.scopes.is_empty() || self.scopes.len() > SCOPES_MAX {
            return None;
        }
        let mut until = self.deadline();
        for scope in self.scopes.values() {
            let moment = self.sleeps(scope)?.until;
            until = earliest(until, moment);
        }
        Some(Asleep { until })
    }

    fn sleeps(&self, scope: &Scope) -> Option<Asleep> {
        match &scope.phase {
            Phase::Waiting(at) | Phase::BackingOff(at) => Some(Asleep { until: Some(*at) }),
            Phase::Attempting(attempting) => {
                self.is_elsewhere(scope, attempting).then_some(Asleep {
                    until: attempting.deadline,
                })
            }
            Phase::Nesting(_) if !scope.phase.is_transient() => Some(Asleep { until: None }),
            _ => None,
        }
    }

    /// Whether somebody outside has the work, and nothing is to be heard of it but its end.
    fn is_elsewhere(&self, scope: &Scope, attempting: &Attempting) -> bool {
        let is_here = matches!(attempting.stage, Stage::Scheduled | Stage::Begun);
        if attempting.heartbeat_seconds.is_some() || is_here {
            return false;
        }
        let state = scope
            .current
            .as_ref()
            .map(|current| self.machine.0.state(current.id));
        let Some(StateKind::Task(task)) = state.map(|state| &state.kind) else {
            return false;
        };
        attempting.via == Via::Activity || task.resource.pattern() == Pattern::WaitForTaskToken
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
