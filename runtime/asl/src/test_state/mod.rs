//! TestState: one state alone, with its data flow laid open.
//!
//! A [`TestState`] is made from a [`Request`], which it checks as AWS does, and then driven
//! like an execution: it runs nothing itself. [`TestState::start`] answers what comes
//! [`Next`]: an attempt to be run, a moment to wait for, or the [`Answer`]; the first two are
//! followed by [`TestState::resume`]. With a mock there is nothing to run: `start` answers.
//!
//! ```
//! use asl::Timestamp;
//! use asl::arn::Place;
//! use asl::test_state::{Next, Request, TestState};
//!
//! let request = Request {
//!     definition: r#"{"Type": "Pass", "Parameters": {"a": 1}, "Next": "B"}"#.into(),
//!     ..Request::default()
//! };
//! let mut test = TestState::new(&request, &Place::default()).expect("a sound request");
//! let Ok(Next::Done(answer)) = test.start(Timestamp(0), 7) else { panic!("a Pass ends at once") };
//! assert_eq!(answer.output.as_deref(), Some(r#"{"a":1}"#));
//! assert_eq!(answer.next_state.as_deref(), Some("B"));
//! ```
//!
//! The data flow is the interpreter's own: see `interpreter/visit.rs`. Nothing here evaluates
//! anything.
//!
//! Source: AWS API reference, "TestState"; developer guide, "Testing state machines with
//! TestState API"; recordings, where they say more.

mod answer;
mod api_model;
mod configuration;
mod context;
mod inspection;
mod map;
mod mock;
mod reader;
mod refusal;
mod request;
mod subject;
mod verdict;
mod visit;

#[cfg(test)]
mod causes;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use answer::{
    Answer, ErrorDetails, Exchange, HttpRequest, HttpResponse, InspectionData, Status,
};
pub use refusal::Refusal;
pub use request::{FieldValidationMode, Level, Mock, MockErrorOutput, Request, StateConfiguration};

use crate::arn::Place;
use crate::definition::{State, StateId, StateKind};
use crate::interpreter::{Act, Identity, Report, TaskCommand};
use crate::query::Draws;
use crate::{ErrorName, Failure, Payload, Timestamp, json_complaint};
use mock::Mocked;
pub(crate) use mock::check_result;
use subject::Subject;
use visit::{Beginning, Stage, Visit};

/// The longest test, in seconds (AWS): a state that takes longer fails with `States.Timeout`.
const TEST_SECONDS_MAX: i64 = 300;

/// A state under test.
pub struct TestState {
    subject: Subject,
    level: Level,
    input: Payload,
    variables: Map<String, Value>,
    context: Option<Value>,
    role_arn: Option<String>,
    place: Place,
    mocked: Option<Mocked>,
    configuration: StateConfiguration,
    running: Option<Running>,
}

/// A test that waits for something.
struct Running {
    visit: Visit,
    started: Timestamp,
    /// When the state itself would go on.
    until: Timestamp,
}

/// What comes next in a test.
#[derive(Debug)]
pub enum Next {
    /// Run this attempt, and resume with what comes of it. Its `deadline` is always set.
    Run {
        /// Who the made-up execution is.
        identity: Arc<Identity>,
        /// The attempt.
        command: Box<TaskCommand>,
    },
    /// Resume at this moment.
    Wait(Timestamp),
    /// That was all.
    Done(Box<Answer>),
}

/// What a test was waiting for.
#[derive(Debug)]
pub enum Outcome {
    /// The attempt ended.
    Ended {
        /// How.
        report: Report,
        /// What an HTTP Task sent and got.
        exchange: Option<Box<Exchange>>,
    },
    /// The moment has come.
    Elapsed,
}

impl TestState {
    /// Reads a request; `place` is where the made-up execution pretends to be.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing wrong with it, in AWS's order.
    pub fn new(request: &Request, place: &Place) -> Result<Self, Refusal> {
        let subject = Subject::find(&request.definition, request.state_name.as_deref())?;
        let configuration = request.state_configuration.clone().unwrap_or_default();
        configuration::check(&configuration, request, &subject)?;
        let mocked = mock::read(request, subject.kind())?;
        let context = match &request.context {
            Some(text) => Some(context::given(text, subject.kind())?),
            None => None,
        };
        if let Some(role) = &request.role_arn
            && !is_role(role)
        {
            return Err(Refusal::RoleArn(role.clone()));
        }
        let text = request.input.as_deref().unwrap_or("{}");
        let input = Payload::from_text(text).map_err(|error| {
            let why = json_complaint::words(text, &error);
            Refusal::Input(format!("Invalid State Machine Execution Input: '{why}'"))
        })?;
        Ok(Self {
            subject,
            level: request.inspection_level.unwrap_or_default(),
            input,
            variables: context::variables(request.variables.as_deref())?,
            context,
            role_arn: request.role_arn.clone(),
            place: place.clone(),
            mocked,
            configuration,
            running: None,
        })
    }

    /// The state under test. With a mock its work is not done.
    pub fn state(&self) -> &State {
        self.subject.machine.state(self.subject.state)
    }

    /// Enters the state. `entropy` is any number, never the same on purpose.
    ///
    /// # Errors
    /// [`Refusal`], when the mock does not fit what the state makes of its input.
    pub fn start(&mut self, now: Timestamp, entropy: u64) -> Result<Next, Refusal> {
        let draws = Draws::new(entropy);
        let context = self.context.take().unwrap_or_else(|| {
            let (input, role) = (self.input.value(), self.role_arn.as_deref());
            context::made_up(&self.subject, input, role, &self.place, now, &draws)
        });
        let mut visit = self.visit(self.subject.state, context, now);
        let entropy = draws.next_u64();
        let stage = match (self.subject.kind(), self.mocked.take()) {
            (StateKind::Map(map), Some(mocked)) => {
                map::run(&mut visit, map, mocked, &self.configuration, now, entropy)?
            }
            (StateKind::Parallel(_), Some(mocked)) => match visit.act(Act::Prepare, now, entropy) {
                Stage::Ready => visit.act(mocked.into_end(), now, draws.next_u64()),
                unfit => unfit,
            },
            (_, mocked) => match (visit.act(Act::CarryOut, now, entropy), mocked) {
                (Stage::Scheduled(_), Some(mocked)) => {
                    visit.act(Act::Hear(mocked.into_report()), now, draws.next_u64())
                }
                (stage, _) => stage,
            },
        };
        Ok(self.next(visit, stage, now, now))
    }

    /// Goes on with what was waited for. Only after [`Next::Run`] and [`Next::Wait`]: at any
    /// other time it answers that the test waits for nothing.
    pub fn resume(&mut self, outcome: Outcome, now: Timestamp, entropy: u64) -> Next {
        let Some(mut running) = self.running.take() else {
            return Next::Done(Box::new(Answer::idle()));
        };
        let act = match outcome {
            Outcome::Ended { report, exchange } => {
                running.visit.inspection.exchanged(exchange);
                Act::Hear(report)
            }
            Outcome::Elapsed if running.until > limit(running.started) => {
                Act::Fail(Failure::named(ErrorName::TIMEOUT))
            }
            Outcome::Elapsed => Act::Wake(running.until),
        };
        let stage = running.visit.act(act, now, entropy);
        self.next(running.visit, stage, running.started, now)
    }

    fn visit(&self, state: StateId, context: Value, now: Timestamp) -> Visit {
        let beginning = Beginning {
            machine: &self.subject.machine,
            state,
            input: &self.input,
            variables: &self.variables,
            context,
            retried: self.configuration.retrier_retry_count.unwrap_or(0),
            region: &self.place.region,
        };
        Visit::begin(beginning, now)
    }

    fn next(&mut self, visit: Visit, stage: Stage, started: Timestamp, now: Timestamp) -> Next {
        let limit = limit(started);
        let (next, until) = match stage {
            Stage::Scheduled(mut command) => {
                let until = command.deadline.map_or(limit, |at| at.min(limit));
                command.deadline = Some(until);
                let identity = visit.identity();
                (Next::Run { identity, command }, until)
            }
            Stage::Waiting(until) => (Next::Wait(until.min(limit)), until),
            stage => return Next::Done(Box::new(self.answer(&visit, stage, now))),
        };
        self.running = Some(Running {
            visit,
            started,
            until,
        });
        next
    }
}

/// When a test that began then is over.
fn limit(started: Timestamp) -> Timestamp {
    started.plus_seconds(TEST_SECONDS_MAX)
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, "iam", "", _, role]
        if !partition.is_empty() && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
}
