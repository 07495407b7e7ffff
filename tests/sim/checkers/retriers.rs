//! No state is retried more often than its Retrier allows, or sooner or later than it says.

use std::collections::HashMap;

use asl::definition::{State, StateMachine};
use asl::history::{Detail, Note, Record, ScopeId};
use asl::{Timestamp, limits};

pub(in crate::sim) fn check(machine: &StateMachine, records: &[Record]) -> Result<(), String> {
    let mut visits: HashMap<ScopeId, Visit<'_>> = HashMap::new();
    let mut now = Timestamp(0);
    for record in records {
        match record {
            Record::Event(scope, event) => {
                now = event.timestamp;
                if let Detail::StateEntered { name, .. } = &event.detail {
                    let state = machine.state(machine.ids[name]);
                    visits.insert(
                        *scope,
                        Visit {
                            state,
                            retries: HashMap::new(),
                        },
                    );
                }
            }
            Record::Note(Note::RetryAt {
                scope, retrier, at, ..
            }) => {
                let visit = visits.get_mut(scope).ok_or("a retry of no state")?;
                visit.retry(*retrier, *at, now)?;
            }
            Record::Note(_) => {}
        }
    }
    Ok(())
}

struct Visit<'m> {
    state: &'m State,
    retries: HashMap<u32, u64>,
}

impl Visit<'_> {
    fn retry(&mut self, place: u32, at: Timestamp, now: Timestamp) -> Result<(), String> {
        let name = &self.state.name;
        let retrier = self.state.kind.retriers().get(place as usize);
        let retrier = retrier.ok_or_else(|| format!("{name} has no Retrier {place}"))?;
        let count = self.retries.entry(place).or_default();
        *count += 1;
        if *count > retrier.max_attempts {
            return Err(format!(
                "{name} is retried {count} times by Retrier {place}"
            ));
        }
        let most = retrier.max_delay_seconds.unwrap_or(limits::SECONDS_MAX);
        let latest = now.plus_seconds(i64::try_from(most).unwrap_or(i64::MAX));
        if at < now || at > latest {
            return Err(format!(
                "{name} is retried at {at}, not between {now} and {latest}"
            ));
        }
        Ok(())
    }
}
