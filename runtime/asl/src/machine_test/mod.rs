//! Tests of a whole state machine: mocked Tasks, a clock of their own, an expected path and end.
//!
//! A [`TestFile`] has cases; [`TestFile::check`] holds it against the definition, and [`run`]
//! plays one case through: the interpreter's own code, a script that answers for Tasks, and time
//! that passes only when everything waits. What differs from what the case expects comes back
//! as [`Complaint`]s, each with its state and event; what was reached is added to a [`Coverage`].
//!
//! Nothing here knows a file, a host or the real time. The file's form is described in
//! `docs/testing.md`.

mod check;
mod compare;
mod complaint;
mod coverage;
mod file;
mod map_run;
mod path;
mod script;
mod stage;
mod verdict;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use check::Problem;
pub use complaint::Complaint;
pub use coverage::{Branch, Coverage, Covered};
pub use file::{Answer, Answers, Case, Expect, Mocks, Step, TestFile, Times};

use crate::arn::Place;
use crate::definition::StateMachine;
use crate::interpreter::{End, Execution, Identity, Kind};
use crate::{Payload, Timestamp};
use script::Script;
use stage::Stage;

/// When executions of cases begin that say nothing else.
pub const START: &str = "2026-01-01T00:00:00Z";

/// What came of a case.
#[derive(Debug)]
pub struct Report {
    /// What is not as expected; nothing when the case passed.
    pub complaints: Vec<Complaint>,
    /// How the execution ended, if it did.
    pub end: Option<End>,
    /// How many states were entered, nested ones too.
    pub states: usize,
    /// How long it took, in milliseconds of its own clock.
    pub milliseconds: i64,
}

/// Plays a case of a file that was checked. `input` is its input, wherever it is written.
pub fn run(
    machine: &Arc<StateMachine>,
    file: &TestFile,
    case: &Case,
    input: Payload,
    coverage: &mut Coverage,
) -> Report {
    let start = case.start.as_deref().unwrap_or(START);
    let start = Timestamp::parse(start).unwrap_or(Timestamp(0));
    let script = Script::new(&file.mocks, &case.mocks);
    let mut stage = Stage::new(machine, script, start, case.seed, coverage);
    stage.begin(identity(file.kind), input);
    let played = stage.play();
    let end = stage.first().and_then(Execution::end).cloned();
    Report {
        complaints: verdict::complaints(&stage, case, start, played),
        end,
        states: stage.path.len(),
        milliseconds: stage.now.0.saturating_sub(start.0),
    }
}

/// Who the execution of a case is: always the same, so that what it makes of it is too.
fn identity(kind: Kind) -> Identity {
    let place = Place::default();
    let (machine, name) = ("state-machine", "test");
    Identity {
        execution_arn: match kind {
            Kind::Standard => place.execution(machine, name),
            Kind::Express => place.express(machine, name, name),
        },
        name: name.to_owned(),
        state_machine_arn: place.state_machine(machine),
        state_machine_name: machine.to_owned(),
        role_arn: format!("arn:aws:iam::{}:role/stepwell", place.account_id).into(),
        region: place.region.as_str().into(),
        kind,
        map_state: None,
    }
}
