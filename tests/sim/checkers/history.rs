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
        let (broken, what) = match detail {
            Detail::StateEntered { name, .. } => {
                let beside = self.inside.insert(scope, name.to_string());
                (beside.is_some(), "a state is entered inside another")
            }
            Detail::StateExited { name, .. } => {
                let left = self.inside.remove(&scope);
                (
                    left.as_deref() != Some(&**name),
                    "a state is left that was not entered",
                )
            }
            Detail::Scheduled { .. } => {
                let beside = self.attempts.insert(scope, id);
                (beside.is_some(), "an attempt is scheduled beside another")
            }
            Detail::Succeeded { .. } | Detail::Failed { .. } | Detail::TimedOut { .. } => (
                self.attempts.remove(&scope).is_none(),
                "an attempt has a second outcome",
            ),
            Detail::MapIterationSucceeded { index, .. } => (
                !self.iterations.insert((scope, *index)),
                "an iteration succeeds twice",
            ),
            _ => (false, ""),
        };
        if broken {
            return wrong(what);
        }
        self.ended = detail.ends_execution();
        Ok(())
    }
}
