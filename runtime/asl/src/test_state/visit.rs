//! One state that is visited, and how far the visit got.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::inspection::Inspection;
use super::reader;
use crate::definition::{State, StateId, StateMachine};
use crate::history::{Detail, Note, Record};
use crate::interpreter::{
    Act, Command, Execution, Identity, Kind, StandIns, Step, Survey, TaskCommand,
};
use crate::{Failure, Payload, Timestamp};

/// A visited state.
pub(super) struct Visit {
    execution: Execution,
    state: StateId,
    stand_ins: StandIns,
    pub(super) inspection: Inspection,
}

/// How far a visit got.
pub(super) enum Stage {
    /// The state's attempt is to be run.
    Scheduled(Box<TaskCommand>),
    /// It waits until then.
    Waiting(Timestamp),
    /// It was left.
    Left {
        output: Payload,
        next: Option<Arc<str>>,
        assigned: Vec<(Arc<str>, Payload)>,
    },
    /// A Retrier takes its failure.
    Retrying,
    /// It failed.
    Failed(Failure),
    /// It is entered, and its own fields are evaluated.
    Ready,
}

/// What a visit begins with.
pub(super) struct Beginning<'b> {
    pub(super) machine: &'b Arc<StateMachine>,
    pub(super) state: StateId,
    pub(super) input: &'b Payload,
    pub(super) variables: &'b Map<String, Value>,
    pub(super) context: Value,
    pub(super) retried: u64,
    pub(super) region: &'b str,
}

impl Visit {
    /// Enters the state.
    pub(super) fn begin(beginning: Beginning<'_>, now: Timestamp) -> Self {
        let variables = beginning.variables.iter();
        let variables =
            variables.map(|(name, value)| (name.as_str().into(), Arc::new(value.clone())));
        let execution = Execution::before(
            Arc::clone(beginning.machine),
            Arc::new(identity(&beginning.context, beginning.region)),
            beginning.state,
            beginning.input.clone(),
            variables.collect(),
        );
        let mut visit = Self {
            execution,
            state: beginning.state,
            stand_ins: StandIns {
                context: beginning.context,
                retried: beginning.retried,
            },
            inspection: Inspection::default(),
        };
        visit.act(Act::Enter, now, 0);
        visit
    }

    pub(super) fn state(&self) -> &State {
        self.execution.machine().state(self.state)
    }

    /// Who the made-up execution is.
    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(self.execution.identity())
    }

    /// `$$`, or `$states.context`.
    pub(super) fn context(&self) -> &Value {
        &self.stand_ins.context
    }

    pub(super) fn act(&mut self, act: Act, now: Timestamp, entropy: u64) -> Stage {
        let (stand_ins, inspection) = (&self.stand_ins, &self.inspection);
        let step = self
            .execution
            .visit(act, now, entropy, stand_ins, inspection);
        stage(step)
    }

    /// Looks at what the Map would run over; `data` is what its ItemReader would have read.
    pub(super) fn survey(
        &mut self,
        data: Option<&str>,
        now: Timestamp,
        entropy: u64,
    ) -> Result<Survey, Stage> {
        let (stand_ins, inspection) = (&self.stand_ins, &self.inspection);
        let read = |reader: &Value, items_max: usize| {
            data.map(|data| reader::items(reader, items_max, data, inspection))
        };
        let execution = &mut self.execution;
        let (survey, step) = execution.survey(&read, now, entropy, stand_ins, inspection);
        let survey = survey.ok_or_else(|| stage(step))?;
        self.inspection.surveyed(&survey, self.state());
        Ok(survey)
    }
}

/// Who the execution would be; what a Task's attempt is told of it.
fn identity(context: &Value, region: &str) -> Identity {
    let text = |part: &str, field: &str| {
        let text = context[part][field].as_str();
        text.unwrap_or_default().to_owned()
    };
    Identity {
        execution_arn: text("Execution", "Id").into(),
        name: text("Execution", "Name"),
        state_machine_arn: text("StateMachine", "Id").into(),
        state_machine_name: text("StateMachine", "Name"),
        role_arn: text("Execution", "RoleArn").into(),
        region: region.into(),
        kind: Kind::Express,
        map_state: None,
    }
}

/// What a step came to: its last word.
fn stage(step: Step) -> Stage {
    let mut stage = Stage::Ready;
    for command in step.commands {
        stage = match command {
            Command::ScheduleTask(command) => Stage::Scheduled(command),
            Command::StartTimer(timer) => Stage::Waiting(timer.at),
            _ => stage,
        };
    }
    for record in step.records {
        stage = match record {
            Record::Note(Note::RetryAt { .. }) => Stage::Retrying,
            Record::Event(_, event) => match event.detail {
                Detail::StateExited {
                    output,
                    assigned,
                    next,
                    ..
                } => Stage::Left {
                    output,
                    next,
                    assigned,
                },
                Detail::ExecutionFailed(failure) => Stage::Failed(failure),
                _ => stage,
            },
            Record::Note(_) => stage,
        };
    }
    stage
}
