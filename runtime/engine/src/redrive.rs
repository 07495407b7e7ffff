//! Redrive: whether an execution that ended may go on where it failed, and that it does.
//!
//! Source: AWS, RedriveExecution; the reasons as DescribeExecution words them.

use std::sync::{Arc, Mutex};

use asl::arn::ExecutionArn;
use asl::interpreter::{Event, Execution, Kind};
use asl::{Timestamp, limits};
use journal::Status;

use crate::executor::Engine;
use crate::parts::Error;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::tell;

/// Why an execution cannot be redriven, as AWS's `redriveStatusReason` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedrivable {
    /// It has not ended.
    #[error("Execution is RUNNING and cannot be redriven")]
    Running,
    /// It succeeded.
    #[error("Execution is SUCCEEDED and cannot be redriven")]
    Succeeded,
    /// An Express execution has no history to go on from.
    #[error("Execution is EXPRESS and cannot be redriven")]
    Express,
    /// Its history has no room.
    #[error("Execution history event limit exceeded")]
    History,
    /// It was open for too long in all.
    #[error("Execution has exceeded the max execution time")]
    OpenTooLong,
    /// It ended too long ago.
    #[error("Execution redrivable period exceeded")]
    EndedTooLongAgo,
}

/// Why an execution was not redriven.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// AWS's `ExecutionNotRedrivable`.
    #[error(transparent)]
    Not(#[from] NotRedrivable),
    /// Anything else; [`journal::Error::NoSuchExecution`] when there is none.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// How an execution stands, as far as a redrive asks.
#[derive(Clone, Copy, Debug)]
pub struct Redrivable {
    /// How it ended, if it has.
    pub status: Status,
    /// How many events its history has.
    pub events: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; now, if it has not.
    pub stopped_at: Timestamp,
}

impl Redrivable {
    /// Whether a Standard execution that stands so could be redriven `now`.
    ///
    /// # Errors
    /// [`NotRedrivable`].
    pub fn check(&self, now: Timestamp) -> Result<(), NotRedrivable> {
        let past = |from: Timestamp, seconds: u64| {
            now >= from.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
        };
        match self.status {
            Status::Running => return Err(NotRedrivable::Running),
            Status::Succeeded => return Err(NotRedrivable::Succeeded),
            Status::Failed | Status::TimedOut | Status::Aborted => {}
        }
        if self.events > limits::REDRIVABLE_EVENTS_MAX {
            return Err(NotRedrivable::History);
        }
        if past(self.started_at, limits::OPEN_SECONDS_MAX) {
            return Err(NotRedrivable::OpenTooLong);
        }
        if past(self.stopped_at, limits::REDRIVABLE_SECONDS_MAX) {
            return Err(NotRedrivable::EndedTooLongAgo);
        }
        Ok(())
    }
}

impl Engine {
    /// Lets an execution that did not succeed go on where it failed; resolves when that is
    /// durable, with its moment. A call that is repeated with its token while the execution
    /// runs is answered as the first was.
    ///
    /// # Errors
    /// [`RedriveError`].
    pub async fn redrive(
        &self,
        arn: &ExecutionArn,
        client_token: Option<&str>,
    ) -> Result<Timestamp, RedriveError> {
        self.shared.redrive(arn, client_token).await
    }
}

impl Shared {
    /// See [`Engine::redrive`].
    pub(crate) async fn redrive(
        self: &Arc<Self>,
        arn: &ExecutionArn,
        client_token: Option<&str>,
    ) -> Result<Timestamp, RedriveError> {
        if let Some(slot) = self.live(arn) {
            return repeated(&lock(&slot).execution, client_token);
        }
        let told = tell(&*self.journal, arn)?;
        let execution = told.replay();
        if execution.end().is_none() {
            return repeated(&execution, client_token);
        }
        if execution.identity().kind == Kind::Express {
            return Err(NotRedrivable::Express.into());
        }
        let summary = self.journal.summary(arn).map_err(Error::from)?;
        let now = self.workshop.clock.now();
        let standing = Redrivable {
            status: summary.status,
            events: execution.last_event().0,
            started_at: execution.started_at(),
            stopped_at: summary.stopped_at.unwrap_or(now),
        };
        standing.check(now)?;
        let mut slot = Slot::resumed(execution, told.rows);
        slot.mocks = told.started_as.mocks.clone();
        self.equip(&mut slot)?;
        slot.parent = told.parent;
        let slot = Arc::new(Mutex::new(slot));
        if !self.claim(arn, &slot) {
            // Another redrive won meanwhile.
            return Err(NotRedrivable::Running.into());
        }
        let event = Event::Redrive {
            client_token: client_token.map(Into::into),
        };
        let mut commit = self.advance(&slot, event, None);
        let redriven = lock(&slot).execution.redriven().map(|last| last.at);
        drop(slot);
        commit.durable().await.map_err(Error::Interrupted)?;
        Ok(redriven.unwrap_or(now))
    }
}

/// What a redrive of an execution that runs is answered.
fn repeated(execution: &Execution, client_token: Option<&str>) -> Result<Timestamp, RedriveError> {
    let last = execution.redriven();
    let same =
        last.filter(|last| client_token.is_some() && last.client_token.as_deref() == client_token);
    same.map(|last| last.at)
        .ok_or_else(|| NotRedrivable::Running.into())
}
