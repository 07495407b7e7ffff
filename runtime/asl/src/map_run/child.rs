//! The children of a Map Run: who each is, and the record that is written of it.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{ChildEnd, ChildOutcome};
use crate::Payload;
use crate::arn::{ExecutionArn, MapRunArn, StateMachineArn};
use crate::interpreter::Kind;

/// Who the child of a number is: the same each time it is asked, so that one which was started
/// before a crash is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildName {
    /// Its ARN.
    pub arn: ExecutionArn,
    /// Its name, in the form of a UUID.
    pub name: String,
    /// `…:stateMachine:STATE_MACHINE/LABEL`
    pub state_machine: StateMachineArn,
}

impl ChildName {
    /// The child of this number.
    pub fn of(run: &MapRunArn, children: Kind, number: u64) -> Self {
        let [a, b, c, d] = draws(run, number);
        let name = uuid(a, b);
        let state_machine = run.state_machine();
        let (kind, unique) = match children {
            Kind::Standard => ("execution", String::new()),
            Kind::Express => ("express", format!(":{}", uuid(c, d))),
        };
        let place = state_machine
            .0
            .replacen(":stateMachine:", &format!(":{kind}:"), 1);
        Self {
            arn: format!("{place}:{name}{unique}").into(),
            name,
            state_machine,
        }
    }

    /// The record of a child as `Transformation` `NONE` gives it, as JSON text.
    ///
    /// Source: Step Functions developer guide, "ResultWriter".
    pub fn record(&self, end: &ChildEnd) -> String {
        let mut record = Map::new();
        let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
        let data = |payload: &Payload| (json!(payload.text()), json!({ "Included": true }));
        let (output, failure) = match &end.outcome {
            ChildOutcome::Succeeded(output) => (Some(output), None),
            ChildOutcome::Failed(failure)
            | ChildOutcome::TimedOut(failure)
            | ChildOutcome::Aborted(failure) => (None, Some(failure)),
        };
        if let Some(cause) = failure.and_then(|failure| failure.cause.as_deref()) {
            put("Cause", cause.into());
        }
        if let Some(error) = failure.and_then(|failure| failure.error.as_ref()) {
            put("Error", error.0.as_str().into());
        }
        put("ExecutionArn", self.arn.as_str().into());
        if let Some(input) = &end.input {
            let (input, details) = data(input);
            put("Input", input);
            put("InputDetails", details);
        }
        put("Name", self.name.as_str().into());
        if let Some(output) = output {
            let (output, details) = data(output);
            put("Output", output);
            put("OutputDetails", details);
        }
        put("RedriveCount", end.redrives.into());
        match failure {
            None => {
                put("RedriveStatus", "NOT_REDRIVABLE".into());
                let reason = "Execution is SUCCEEDED and cannot be redriven";
                put("RedriveStatusReason", reason.into());
            }
            Some(_) => {
                put("RedriveStatus", "REDRIVABLE_BY_MAP_RUN".into());
            }
        }
        put("StartDate", end.started_at.to_string().into());
        put("StateMachineArn", self.state_machine.as_str().into());
        put("Status", end.outcome.status().into());
        put("StopDate", end.stopped_at.to_string().into());
        Value::from(record).to_string()
    }
}

/// Four numbers that belong to a run and one of its items or children.
pub fn draws(run: &MapRunArn, number: u64) -> [u64; 4] {
    let hash = Sha256::digest(format!("{}#{number}", run.0).as_bytes());
    let part = |place: usize| {
        let bytes = hash[place * 8..place * 8 + 8].iter();
        bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    [part(0), part(1), part(2), part(3)]
}

fn uuid(high: u64, low: u64) -> String {
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20]);
    format!("{a}-{b}-4{c}-a{d}-{}", &hex[20..])
}
