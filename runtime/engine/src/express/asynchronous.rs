//! An asynchronous start of an Express execution: durable until it ends, at least once.
//!
//! One that ends before it has to wait for anything leaves nothing behind: its end is there
//! before its start is answered. Any other is an entry of the journal's catalogue while it
//! runs, in memory like a synchronous one; after a crash it starts again from its input. The
//! entry is deleted at the end, and nobody waits for that: a deletion that a crash undoes is one
//! more start. No history is kept, as on AWS.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::Identity;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{Run, Seen};
use crate::parts::{Error, StartError, StartRequest, Started, StartedAs};
use crate::shared::Shared;
use crate::slot::ByArn;
use crate::watch::Beginning;

/// The catalogue's kind of entry; its key is the execution's ARN.
const KIND: &str = "express-execution";
/// How many may run at once. Ours: each takes some KiB, for five minutes at the longest.
const RUNNING_MAX: usize = 200_000;
/// Entries that are read from the catalogue at once.
const ENTRIES_READ: usize = 1_000;

/// What a restart needs of an execution, as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    identity: Identity,
    /// The digest of its definition.
    definition: String,
    #[serde(default)]
    started_as: StartedAs,
    input: Payload,
}

/// The executions that run, by ARN: until the engine goes, or they end.
#[derive(Default)]
pub(crate) struct Running(Mutex<ByArn<Option<AbortHandle>>>);

impl Running {
    fn all(&self) -> MutexGuard<'_, ByArn<Option<AbortHandle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all; those that have an entry start again with the next process.
    pub(crate) fn clear(&self) {
        for run in std::mem::take(&mut *self.all()).into_values().flatten() {
            run.abort();
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }
}

impl Shared {
    /// Starts an Express execution; resolves when it has ended, or will even after a crash.
    pub(crate) async fn start_express(
        self: &Arc<Self>,
        request: StartRequest,
    ) -> Result<Started, StartError> {
        let arn = request.identity.execution_arn.clone();
        let started = |is_new, started_at| Started { is_new, started_at };
        if !self.take_place(&arn)? {
            return Ok(started(false, self.workshop.clock.now()));
        }
        let mut run = self.run_of(&request);
        let ended = run.begin(&*self.entropy, request.input.clone());
        let started = started(true, run.execution.started_at());
        if ended.is_some() {
            run.seen.durable();
            self.running.all().remove(&arn);
            return Ok(started);
        }
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(self);
        // A task of its own: whoever asked may be gone before the entry is there.
        self.leave(arn.clone(), async move {
            let kept = shared.keep(request).await;
            let is_kept = kept.is_ok();
            // Nobody listens to a start that was given up.
            let _ = tell.send(kept);
            match is_kept {
                true => shared.go_on_express(run, &arn).await,
                false => drop(shared.running.all().remove(&arn)),
            }
        });
        let why = |_| Error::Interrupted("the engine was shut down".into());
        told.await.map_err(why)??;
        Ok(started)
    }

    /// Takes up those that a process before this one left, and answers how many.
    pub(crate) fn recover_express(self: &Arc<Self>) -> Result<usize, Error> {
        let (mut count, mut last) = (0, None::<String>);
        loop {
            let entries = self
                .journal
                .entries(KIND, "", last.as_deref(), ENTRIES_READ)?;
            for entry in &entries {
                match self.restart(&entry.document) {
                    Ok(()) => count += 1,
                    Err(error @ Error::Damaged(_)) => {
                        tracing::error!(arn = entry.key, %error, "left alone");
                    }
                    Err(error) => return Err(error),
                }
            }
            if entries.len() < ENTRIES_READ {
                return Ok(count);
            }
            last = entries.into_iter().next_back().map(|entry| entry.key);
        }
    }

    /// Starts one again, from its input.
    fn restart(self: &Arc<Self>, document: &str) -> Result<(), Error> {
        let kept: Kept = serde_json::from_str(document)
            .map_err(|error| Error::Damaged(format!("an Express execution: {error}")))?;
        let definition = self.definitions.find(&*self.journal, &kept.definition)?;
        let request = StartRequest {
            identity: kept.identity,
            definition,
            input: kept.input,
            started_as: kept.started_as,
        };
        let arn = request.identity.execution_arn.clone();
        // More than may be started are taken up: they were promised an end.
        if self.running.all().insert(arn.clone(), None).is_some() {
            return Ok(());
        }
        let shared = Arc::clone(self);
        self.leave(arn.clone(), async move {
            let mut run = shared.run_of(&request);
            match run.begin(&*shared.entropy, request.input) {
                Some(_) => {
                    run.seen.durable();
                    shared.forget(&arn);
                }
                None => shared.go_on_express(run, &arn).await,
            }
        });
        Ok(())
    }

    /// Takes the place of an execution, which another start of the same ARN may have: that of
    /// a Task whose attempt is repeated.
    fn take_place(&self, arn: &ExecutionArn) -> Result<bool, StartError> {
        let mut all = self.running.all();
        if self.is_halted.load(Ordering::Acquire) {
            let why = "the engine was shut down";
            return Err(Error::Interrupted(why.into()).into());
        }
        if all.contains_key(arn) {
            return Ok(false);
        }
        if all.len() >= RUNNING_MAX {
            return Err(StartError::TooMany);
        }
        all.insert(arn.clone(), None);
        Ok(true)
    }

    fn run_of(self: &Arc<Self>, request: &StartRequest) -> Run<'static> {
        let seen = Seen {
            observer: None,
            watcher: self.watcher(&Beginning {
                identity: &request.identity,
                started_as: &request.started_as,
                past: &[],
            }),
        };
        let machine = Arc::clone(&request.definition.machine);
        let workshop = Arc::clone(&self.workshop);
        Run::new(workshop, seen, request.identity.clone(), machine)
            .within(self, request.started_as.mocks.clone())
    }

    /// Sees to it that a restart finds the execution.
    async fn keep(&self, request: StartRequest) -> Result<(), Error> {
        self.definitions
            .keep(&*self.journal, &request.definition)
            .await?;
        let arn = request.identity.execution_arn.clone();
        let kept = Kept {
            identity: request.identity,
            definition: request.definition.digest.to_string(),
            started_as: request.started_as,
            input: request.input,
        };
        let document = serde_json::to_string(&kept).expect("plain data");
        let put = self.journal.put(KIND, arn.as_str(), 0, Some(document));
        put.await?;
        Ok(())
    }

    /// Runs an execution beside everything else, until the engine goes.
    fn leave(&self, arn: ExecutionArn, run: impl Future<Output = ()> + Send + 'static) {
        let mut all = self.running.all();
        if self.is_halted.load(Ordering::Acquire) {
            return;
        }
        // It ends only after its handle is in its place: it needs the lock for that.
        let task = tokio::spawn(run);
        all.insert(arn, Some(task.abort_handle()));
    }

    /// Goes on to the end. A process that is to end does not begin: the next one does.
    async fn go_on_express(&self, run: Run<'static>, arn: &ExecutionArn) {
        match self.attempts.begin() {
            Some(_working) => {
                run.go_on(&*self.entropy).await;
                self.forget(arn);
            }
            None => drop(self.running.all().remove(arn)),
        }
    }

    /// It has ended.
    fn forget(&self, arn: &ExecutionArn) {
        // Submitted now, carried out whether or not anyone waits.
        drop(self.journal.put(KIND, arn.as_str(), 1, None));
        self.running.all().remove(arn);
    }
}
