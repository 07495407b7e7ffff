//! What an execution used, summed over its attempts, and as AWS would have billed it.
//!
//! Nothing here is money: a [`Cost`] is what a price list is applied to. Source: AWS, pricing of
//! Step Functions and of Lambda.

use asl::history::{Detail, Note, Record};
use asl::interpreter::Kind;
use serde::{Deserialize, Serialize};

use crate::story::Told;

/// Durations of Express executions are billed by the 100 ms begun.
const EXPRESS_MILLISECONDS: u64 = 100;
/// Their memory is billed by the 64 MB begun.
const EXPRESS_MEGABYTES: u64 = 64;
/// And is estimated as so much, the definition, and the data as often as there are branches and
/// iterations.
const EXPRESS_BASE_BYTES: u64 = 50 << 20;

/// What an execution used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// States entered, and retried: what a Standard execution is billed by.
    pub transitions: u64,
    /// Attempts of Tasks that the sandbox ran and measured.
    pub attempts: u64,
    /// Attempts whose use was not recorded: of services and activities, and those that were cut
    /// off.
    pub attempts_not_measured: u64,
    /// Fuel of all of them.
    pub fuel: u64,
    /// From instantiation to answer, each rounded up to a millisecond as Lambda does.
    pub billed_milliseconds: u64,
    /// Those, times the memory that the module might have had.
    pub gigabyte_seconds: f64,
    /// Bodies of HTTP requests and responses, in bytes.
    pub http_bytes: u64,
    /// What an Express execution is billed by, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub express: Option<ExpressCost>,
}

/// What an Express execution is billed by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpressCost {
    /// From start to end, by the 100 ms begun.
    pub billed_milliseconds: u64,
    /// By the 64 MB begun.
    pub billed_megabytes: u64,
    /// One times the other.
    pub gigabyte_seconds: f64,
}

impl Told {
    /// What it used so far.
    pub fn cost(&self) -> Cost {
        let mut sum = Sum::default();
        for record in &self.records {
            sum.add(record);
        }
        let express = (self.identity.kind == Kind::Express)
            .then(|| sum.express(self.definition.text.len() as u64));
        Cost {
            express,
            ..sum.cost()
        }
    }
}

/// A sum in the making.
#[derive(Default)]
struct Sum {
    cost: Cost,
    scheduled: u64,
    /// Exact, where seconds and gigabytes would not be.
    byte_milliseconds: u128,
    scopes: u64,
    input_bytes: u64,
    began: Option<i64>,
    /// So far.
    ended: i64,
}

impl Sum {
    fn add(&mut self, record: &Record) {
        match record {
            Record::Event(_, event) => {
                match &event.detail {
                    Detail::StateEntered { .. } => self.cost.transitions += 1,
                    Detail::Scheduled { .. } => self.scheduled += 1,
                    Detail::ExecutionStarted { input, .. } => {
                        self.input_bytes = input.text().len() as u64;
                    }
                    _ => {}
                }
                self.began.get_or_insert(event.timestamp.0);
                self.ended = event.timestamp.0;
            }
            Record::Note(Note::RetryAt { .. }) => self.cost.transitions += 1,
            Record::Note(Note::ScopeOpened { .. }) => self.scopes += 1,
            Record::Note(Note::Used { usage, .. }) => {
                let milliseconds = u64::try_from(usage.wall_time.as_nanos().div_ceil(1_000_000));
                let milliseconds = milliseconds.unwrap_or(u64::MAX);
                self.cost.attempts += 1;
                self.cost.fuel = self.cost.fuel.saturating_add(usage.fuel);
                self.cost.http_bytes = self.cost.http_bytes.saturating_add(usage.http_bytes);
                self.cost.billed_milliseconds += milliseconds;
                self.byte_milliseconds +=
                    u128::from(milliseconds) * u128::from(usage.memory_bytes_max);
            }
            Record::Note(_) => {}
        }
    }

    fn cost(self) -> Cost {
        Cost {
            attempts_not_measured: self.scheduled.saturating_sub(self.cost.attempts),
            gigabyte_seconds: gigabyte_seconds(self.byte_milliseconds),
            ..self.cost
        }
    }

    fn express(&self, definition_bytes: u64) -> ExpressCost {
        let lasted = self.ended - self.began.unwrap_or(self.ended);
        let lasted = u64::try_from(lasted).unwrap_or(0).max(1);
        let billed_milliseconds = lasted.next_multiple_of(EXPRESS_MILLISECONDS);
        let data = self.input_bytes.saturating_mul(self.scopes.max(1));
        let bytes = EXPRESS_BASE_BYTES + definition_bytes + data;
        let billed_megabytes = bytes.div_ceil(1 << 20).next_multiple_of(EXPRESS_MEGABYTES);
        let byte_milliseconds =
            u128::from(billed_milliseconds) * u128::from(billed_megabytes << 20);
        ExpressCost {
            billed_milliseconds,
            billed_megabytes,
            gigabyte_seconds: gigabyte_seconds(byte_milliseconds),
        }
    }
}

fn gigabyte_seconds(byte_milliseconds: u128) -> f64 {
    byte_milliseconds as f64 / 1000.0 / f64::from(1 << 30)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asl::history::{EventId, HistoryEvent, ScopeId, StateType, Usage, Via};
    use asl::{Payload, Timestamp};
    use serde_json::json;

    use super::*;

    fn event(at: i64, detail: Detail) -> Record {
        let event = HistoryEvent {
            id: EventId(1),
            previous: EventId(0),
            timestamp: Timestamp(at),
            detail,
        };
        Record::Event(ScopeId::ROOT, event)
    }

    fn payload() -> Payload {
        json!({}).into()
    }

    fn entered() -> Record {
        event(
            0,
            Detail::StateEntered {
                state: StateType::Task,
                name: "Work".into(),
                input: payload(),
            },
        )
    }

    fn scheduled() -> Record {
        event(
            0,
            Detail::Scheduled {
                via: Via::Lambda,
                resource: "wasm:work".into(),
                input: payload(),
                region: "us-east-1".into(),
                timeout_seconds: None,
                heartbeat_seconds: None,
                deadline: None,
                credentials: None,
                secret: None,
            },
        )
    }

    fn used(microseconds: u64) -> Record {
        Record::Note(Note::Used {
            scheduled: EventId(1),
            usage: Usage {
                fuel: 5,
                wall_time: Duration::from_micros(microseconds),
                memory_bytes_max: 512 << 20,
                http_bytes: 7,
                ..Usage::default()
            },
        })
    }

    fn sum(records: &[Record]) -> Sum {
        let mut sum = Sum::default();
        records.iter().for_each(|record| sum.add(record));
        sum
    }

    #[test]
    fn attempts_are_summed_as_lambda_rounds_them() {
        let retry = Record::Note(Note::RetryAt {
            scope: ScopeId::ROOT,
            retrier: 0,
            after: EventId(1),
            at: Timestamp(0),
        });
        let story = [
            entered(),
            scheduled(),
            used(1_001),
            retry,
            scheduled(),
            used(2_000),
            scheduled(),
        ];
        let cost = sum(&story).cost();
        assert_eq!(cost.transitions, 2);
        assert_eq!((cost.attempts, cost.attempts_not_measured), (2, 1));
        assert_eq!((cost.fuel, cost.http_bytes), (10, 14));
        assert_eq!(cost.billed_milliseconds, 4);
        assert_eq!(cost.gigabyte_seconds, 0.002);
    }

    #[test]
    fn express_is_billed_in_steps() {
        let started = Detail::ExecutionStarted {
            input: payload(),
            role_arn: "role".into(),
        };
        let story = |lasted: i64| {
            let output = payload();
            let ended = Detail::ExecutionSucceeded { output };
            [event(5, started.clone()), event(5 + lasted, ended)]
        };
        let billed = |lasted: i64, definition: u64| {
            let cost = sum(&story(lasted)).express(definition);
            (cost.billed_milliseconds, cost.billed_megabytes)
        };
        assert_eq!(billed(0, 1 << 10), (100, 64));
        assert_eq!(billed(100, 1 << 10), (100, 64));
        assert_eq!(billed(101, 15 << 20), (200, 128));
    }
}
