//! The lives of executions: how they are resumed, are stopped, and are waited for. How they
//! begin is in `starting`, how they go on in `shared` and `acting`, how all are taken up after
//! a restart in `recovery`.

use std::sync::Arc;

use asl::Failure;
use asl::arn::ExecutionArn;
use asl::interpreter::{End, Event};
use tokio::sync::watch;

use crate::parts::Error;
use crate::progress::Progress;
use crate::shared::Shared;
use crate::slot::lock;
use crate::story::tell;

impl Shared {
    /// Takes up one execution where the journal left it. One that runs or has ended is
    /// left as it is.
    pub(crate) fn resume(self: &Arc<Self>, arn: &ExecutionArn) -> Result<(), Error> {
        self.enter(arn).map(|_| ())
    }

    /// Stops an execution; resolves when that is durable. One that has ended is left.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        arn: &ExecutionArn,
        failure: Failure,
    ) -> Result<(), Error> {
        let slot = loop {
            // Not entered: nothing of it should begin that is to be stopped.
            match (self.live(arn), self.take_up(arn)?) {
                (Some(slot), _) | (None, Some(slot)) => break slot,
                (None, None) if self.parking.holds(arn) => {}
                (None, None) => return Ok(()),
            }
        };
        let mut commit = self.advance(&slot, Event::Stop(failure), None);
        commit.durable().await.map_err(Error::Interrupted)
    }

    /// Resolves when the execution has ended and that is durable.
    pub(crate) async fn wait(self: &Arc<Self>, arn: &ExecutionArn) -> Result<End, Error> {
        while let Some((mut progress, _watched)) = self.watch(arn)? {
            let decided =
                |progress: &Progress| progress.end.is_some() || progress.refused.is_some();
            if let Ok(progress) = progress.wait_for(decided).await {
                let why = || Error::Interrupted(progress.refused.clone().unwrap_or_default());
                return progress.end.clone().ok_or_else(why);
            }
            // It was parked in that moment, or the engine goes.
        }
        let end = tell(&*self.journal, arn)?.replay().end().cloned();
        end.ok_or_else(|| Error::Interrupted("it is not going on here".into()))
    }
    /// How far an execution is that goes on here, and what keeps it from being parked.
    #[allow(clippy::type_complexity)] // Told in the sentence above.
    fn watch(
        self: &Arc<Self>,
        arn: &ExecutionArn,
    ) -> Result<Option<(watch::Receiver<Progress>, Arc<()>)>, Error> {
        let slot = match self.live(arn) {
            None if self.parking.holds(arn) => self.enter(arn)?,
            live => live,
        };
        Ok(slot.map(|slot| {
            let locked = lock(&slot);
            (locked.progress.subscribe(), Arc::clone(&locked.watched))
        }))
    }
}
