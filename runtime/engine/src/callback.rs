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
        let now = self.shared.workshop.clock.now();
        let proof = self.with_holder(&token, |_, locked| {
            let proof = proof(locked, &token);
            if let (Ok(Proof::Holds), Some(vigil)) = (&proof, locked.vigils.get_mut(&token.task)) {
                vigil.beat(now);
            }
            proof
        })?;
        match proof? {
            Proof::Holds => Ok(()),
            Proof::Closed(commit) => Err(refused_once_durable(commit).await),
        }
    }

    async fn call_back(&self, token: &str, report: Report) -> Result<(), CallbackError> {
        let token = TaskToken::parse(token).ok_or(CallbackError::Invalid)?;
        let taken = self.with_holder(&token, |slot, locked| {
            let proof = proof(locked, &token)?;
            Ok::<_, CallbackError>(match proof {
                Proof::Holds => {
                    let event = Event::Task {
                        task: token.task,
                        report,
                        usage: None,
                    };
                    Ok(self.shared.step(slot, locked, event, None))
                }
                Proof::Closed(commit) => Err(commit),
            })
        })?;
        match taken? {
            Ok(mut commit) => Ok(commit.durable().await.map_err(Error::Interrupted)?),
            Err(closed) => Err(refused_once_durable(closed).await),
        }
    }

    /// Does something with the live execution that a token names, and lets it go: no caller
    /// keeps one in memory, with whatever token.
    fn with_holder<T>(
        &self,
        token: &TaskToken,
        with: impl FnOnce(&Arc<Mutex<Slot>>, &mut Slot) -> T,
    ) -> Result<T, CallbackError> {
        let slot = match self.shared.enter(&token.execution) {
            Ok(slot) => slot.ok_or(CallbackError::TimedOut)?,
            Err(Error::Journal(journal::Error::NoSuchExecution(_))) => {
                return Err(CallbackError::DoesNotExist);
            }
            Err(error) => return Err(error.into()),
        };
        let answer = with(&slot, &mut lock(&slot));
        self.shared.park(&slot);
        Ok(answer)
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
