//! A visit: one state of a machine alone, without what comes before or after it.
//!
//! The driver's own code does the state's work; only the flow is cut short. What the state
//! would know of its execution stands in [`StandIns`]. For [`crate::test_state`].

use std::sync::Arc;

use serde_json::Value;

use super::driver::Driver;
use super::fault::Fault;
use super::observe::Observer;
use super::scope::{Phase, Scope};
use super::survey::{ReadItems, Survey};
use super::{Execution, Identity, Report, Step, Timer};
use crate::definition::{Map, State, StateId, StateMachine};
use crate::history::{EventId, ScopeId};
use crate::query::Variables;
use crate::{Failure, Payload, Timestamp};

/// What a visited state is told of an execution that does not exist.
pub(crate) struct StandIns {
    /// `$$`, or `$states.context`.
    pub(crate) context: Value,
    /// How often each Retrier has retried.
    pub(crate) retried: u64,
}

/// One thing that is done with a visited state.
pub(crate) enum Act {
    /// It is entered.
    Enter,
    /// It does what it is for. A Parallel opens its branches: see [`Act::Prepare`].
    CarryOut,
    /// A Parallel evaluates what its branches would be given.
    Prepare,
    /// Something was heard of its attempt.
    Hear(Report),
    /// Its wait is over.
    Wake(Timestamp),
    /// Its work is done, with this result.
    Complete(Payload),
    /// Its work failed.
    Fail(Failure),
}

impl Execution {
    /// An execution that has just begun and goes into this state next.
    pub(crate) fn before(
        machine: Arc<StateMachine>,
        identity: Arc<Identity>,
        state: StateId,
        input: Payload,
        variables: Variables,
    ) -> Self {
        let root = Scope {
            parent: None,
            previous: EventId(0),
            current: None,
            variables: Arc::new(variables),
            item: None,
            phase: Phase::Entering(state, input.clone()),
        };
        let mut execution = Self::new(machine, identity);
        execution.input = input;
        execution.scopes.insert(ScopeId::ROOT, root);
        execution.scopes_opened = 1;
        // As if ExecutionStarted had been recorded: the state's entry is event 2.
        execution.last_event = EventId(1);
        execution
    }

    /// Does one thing with the visited state, and stops there.
    pub(crate) fn visit(
        &mut self,
        act: Act,
        now: Timestamp,
        entropy: u64,
        stand_ins: &StandIns,
        observer: &dyn Observer,
    ) -> Step {
        let mut driver = Driver::new(self, now, entropy);
        driver.stand_ins = Some(stand_ins);
        driver.observer = Some(observer);
        driver.act(act);
        driver.step
    }

    /// Looks at what the visited Map would run over. `read` stands in for its ItemReader.
    ///
    /// There is no survey when the Map's fields do not fit its data: the step then says so.
    pub(crate) fn survey(
        &mut self,
        read: &ReadItems<'_>,
        now: Timestamp,
        entropy: u64,
        stand_ins: &StandIns,
        observer: &dyn Observer,
    ) -> (Option<Survey>, Step) {
        let mut driver = Driver::new(self, now, entropy);
        driver.stand_ins = Some(stand_ins);
        driver.observer = Some(observer);
        let survey = driver.with_map(|driver, state, map| driver.look(state, map, read));
        (survey, driver.step)
    }
}

impl Driver<'_> {
    fn act(&mut self, act: Act) {
        let id = ScopeId::ROOT;
        match act {
            Act::Enter => self.enter(id),
            Act::CarryOut => self.carry_out(id),
            Act::Prepare => self.with_state(|driver, state| {
                let effective = driver.effective_input(id, state)?;
                driver.arguments(id, state, effective).map(drop)
            }),
            Act::Hear(report) => self.attempt_ended(id, report),
            Act::Wake(at) => self.wake(Timer { scope: id, at }),
            Act::Complete(result) => {
                self.with_state(|driver, state| driver.complete(id, state, result));
            }
            Act::Fail(failure) => self.fail_state(id, failure, true),
        }
    }

    fn with_state(&mut self, work: impl FnOnce(&mut Self, &State) -> Result<(), Fault>) {
        let machine = self.execution.machine().clone();
        if let Some(state) = self.current_state(ScopeId::ROOT, &machine)
            && let Err(fault) = work(self, state)
        {
            self.fault(ScopeId::ROOT, state, fault);
        }
    }

    fn with_map(
        &mut self,
        look: impl FnOnce(&Self, &State, &Map) -> Result<Survey, Fault>,
    ) -> Option<Survey> {
        let mut survey = None;
        self.with_state(|driver, state| {
            if let crate::definition::StateKind::Map(map) = &state.kind {
                survey = Some(look(driver, state, map)?);
            }
            Ok(())
        });
        survey
    }
}
