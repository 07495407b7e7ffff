//! A legal history: dense ids, causes before effects, states entered before they are left,
//! every attempt with at most one outcome, one end and nothing after it.

use std::collections::{HashMap, HashSet};

use asl::history::{Detail, EventId, Record, ScopeId};

pub(in crate::sim) fn check(records: &[Record]) -> Result<(), String> {
    let mut legal = Legal::default();
    for record in records {
        if let Record::Event(scope, event) = record {
            legal.event(*scope, event.id, event.previous, &event.detail)?;
        }
    }
    if legal.ended {
        Ok(())
    } else {
        Err("the execution has no end".into())
    }
}

#[derive(Default)]
struct Legal {
    last: u64,
    ended: bool,
    /// The state each scope is in.
    inside: HashMap<ScopeId, String>,
    /// The attempt each scope waits for.
    attempts: HashMap<ScopeId, EventId>,
    iterations: HashSet<(ScopeId, u32)>,
}

impl Legal {
    fn event(
        &mut self,
        scope: ScopeId,
        id: EventId,
        previous: EventId,
        detail: &Detail,
    ) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("event {}: {what}", id.0));
        if id.0 != self.last + 1 {
            return wrong("its id does not follow");
        }
        self.last = id.0;
        if previous >= id {
            return wrong("it was caused by a later event");
        }
        if self.ended {
            return wrong("it comes after the end");
        }
        if (id.0 == 1) != matches!(detail, Detail::ExecutionStarted { .. }) {
            return wrong("the beginning is not the beginning");
        }
        match detail {
            Detail::StateEntered { name, .. } => {
                if self.inside.insert(scope, name.to_string()).is_some() {
                    return wrong("a state is entered inside another");
                }
            }
            Detail::StateExited { name, .. } => {
                if self.inside.remove(&scope).as_deref() != Some(&**name) {
                    return wrong("a state is left that was not entered");
                }
            }
            Detail::Scheduled { .. } => {
                if self.attempts.insert(scope, id).is_some() {
                    return wrong("an attempt is scheduled beside another");
                }
            }
            Detail::Succeeded { .. } | Detail::Failed { .. } | Detail::TimedOut { .. } => {
                if self.attempts.remove(&scope).is_none() {
                    return wrong("an attempt has a second outcome");
                }
            }
            Detail::MapIterationSucceeded { index, .. } => {
                if !self.iterations.insert((scope, *index)) {
                    return wrong("an iteration succeeds twice");
                }
            }
            _ => {}
        }
        self.ended = detail.ends_execution();
        Ok(())
    }
}
