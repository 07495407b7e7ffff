//! Callbacks: what the holder of a task token says of its Task.
//!
//! Source: AWS, SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

use std::sync::{Arc, Mutex};

use asl::interpreter::{Event, Report, TaskToken};
use asl::{Failure, Payload};

use crate::executor::Engine;
use crate::parts::Error;
use crate::progress::Commit;
use crate::slot::{Slot, lock};

/// Why a callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// Not a token that was given out here: AWS's `InvalidToken`.
    #[error("not a task token of this place")]
    Invalid,
    /// The token's execution does not exist, or no longer: AWS's `TaskDoesNotExist`.
    #[error("the task does not exist")]
    DoesNotExist,
    /// The Task is closed: it ended, timed out or was cancelled: AWS's `TaskTimedOut`.
    #[error("the task is closed")]
    TimedOut,
    /// Anything else: whether the callback was taken is unknown.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// The Task of this token succeeded; resolves when that is durable. One callback a token
    /// is taken: all later ones find the Task closed.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub async fn task_succeeded(&self, token: &str, output: Payload) -> Result<(), CallbackError> {
        self.call_back(token, Report::Succeeded(output)).await
    }

    /// The Task of this token failed; resolves when that is durable.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub async fn task_failed(&self, token: &str, failure: Failure) -> Result<(), CallbackError> {
        self.call_back(token, Report::Failed(failure)).await
    }

    /// The Task of this token is still worked on: HeartbeatSeconds count anew.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub async fn task_heartbeat(&self, token: &str) -> Result<(), CallbackError> {
        let token = TaskToken::parse(token).ok_or(CallbackError::Invalid)?;
        let slot = self.holder(&token)?;
        let closed = {
            let mut locked = lock(&slot);
            match proof(&locked, &token)? {
                Proof::Holds => {
                    let now = self.shared.workshop.clock.now();
                    if let Some(vigil) = locked.vigils.get_mut(&token.task) {
                        vigil.beat(now);
                    }
                    return Ok(());
                }
                Proof::Closed(commit) => commit,
            }
        };
        Err(refused_once_durable(closed).await)
    }

    async fn call_back(&self, token: &str, report: Report) -> Result<(), CallbackError> {
        let token = TaskToken::parse(token).ok_or(CallbackError::Invalid)?;
        let slot = self.holder(&token)?;
        let mut commit = {
            let mut locked = lock(&slot);
            match proof(&locked, &token)? {
                Proof::Holds => {
                    let event = Event::Task {
                        task: token.task,
                        report,
                        usage: None,
                    };
                    Ok(self.shared.step(&slot, &mut locked, event, None))
                }
                Proof::Closed(commit) => Err(commit),
            }
        };
        match &mut commit {
            Ok(commit) => Ok(commit.durable().await.map_err(Error::Interrupted)?),
            Err(commit) => Err(refused_once_durable(commit.clone()).await),
        }
    }

    /// The live execution that a token names.
    fn holder(&self, token: &TaskToken) -> Result<Arc<Mutex<Slot>>, CallbackError> {
        let arn = &token.execution;
        if let Some(slot) = self.shared.live(arn) {
            return Ok(slot);
        }
        match self.resume(arn) {
            Ok(()) => self.shared.live(arn).ok_or(CallbackError::TimedOut),
            Err(Error::Journal(journal::Error::NoSuchExecution(_))) => {
                Err(CallbackError::DoesNotExist)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a token is worth to an execution.
enum Proof {
    /// Its Task is open.
    Holds,
    /// Its Task is closed, as far as these rows say.
    Closed(Commit),
}

fn proof(locked: &Slot, token: &TaskToken) -> Result<Proof, CallbackError> {
    match locked.execution.secret(token.task) {
        Some(secret) if secret == token.secret => Ok(Proof::Holds),
        Some(_) => Err(CallbackError::Invalid),
        None => Ok(Proof::Closed(locked.commit())),
    }
}

/// A Task is only said to be closed when a crash cannot open it again.
async fn refused_once_durable(mut closed: Commit) -> CallbackError {
    match closed.durable().await {
        Ok(()) => CallbackError::TimedOut,
        Err(why) => Error::Interrupted(why).into(),
    }
}
