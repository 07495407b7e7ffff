//! The lives of executions: how they are taken up after a restart, are stopped, and are waited
//! for. How they begin is in `starting`, how they go on in `shared` and `acting`.

use std::sync::{Arc, Mutex};

use asl::Failure;
use asl::arn::{ExecutionArn, MapRunArn};
use asl::interpreter::{End, Event};

use crate::parts::Error;
use crate::progress::Progress;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::tell;

impl Shared {
    /// Takes up every execution that has not ended, and answers how many.
    pub(crate) fn recover(self: &Arc<Self>) -> Result<usize, Error> {
        let mut open = Vec::new();
        self.journal.open_rows(&mut |row| {
            if row.is_last {
                open.push(row.execution.clone());
            }
            true
        })?;
        let (runs, open): (Vec<_>, Vec<_>) = open.into_iter().partition(is_map_run);
        let mut resumed = 0;
        for arn in open {
            match self.resume(&arn) {
                Ok(()) => resumed += 1,
                Err(error @ Error::Damaged(_)) => tracing::error!(%arn, %error, "left alone"),
                Err(error) => return Err(error),
            }
        }
        self.stop_orphans();
        for arn in runs {
            self.end_orphan(MapRunArn(arn.0));
        }
        Ok(resumed)
    }

    /// Takes up one execution where the journal left it. One that runs or has ended is
    /// left as it is.
    pub(crate) fn resume(self: &Arc<Self>, arn: &ExecutionArn) -> Result<(), Error> {
        if let Some(slot) = self.take_up(arn)? {
            self.act_pending(&slot);
        }
        Ok(())
    }

    /// Loads an execution that has not ended into a slot, unless it has one.
    fn take_up(self: &Arc<Self>, arn: &ExecutionArn) -> Result<Option<Arc<Mutex<Slot>>>, Error> {
        if self.live(arn).is_some() {
            return Ok(None);
        }
        let told = tell(&*self.journal, arn)?;
        let execution = told.replay();
        if execution.end().is_some() {
            return Ok(None);
        }
        let mut slot = Slot::resumed(execution, told.rows);
        slot.parent = told.parent;
        let slot = Arc::new(Mutex::new(slot));
        Ok(self.claim(arn, &slot).then_some(slot))
    }

    /// Stops an execution; resolves when that is durable. One that has ended is left.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        arn: &ExecutionArn,
        failure: Failure,
    ) -> Result<(), Error> {
        self.take_up(arn)?;
        let Some(slot) = self.live(arn) else {
            return Ok(());
        };
        let mut commit = self.advance(&slot, Event::Stop(failure), None);
        commit.durable().await.map_err(Error::Interrupted)
    }

    /// Resolves when the execution has ended and that is durable.
    pub(crate) async fn wait(self: &Arc<Self>, arn: &ExecutionArn) -> Result<End, Error> {
        let progress = self.live(arn);
        let progress = progress.map(|slot| lock(&slot).progress.subscribe());
        if let Some(mut progress) = progress {
            let decided =
                |progress: &Progress| progress.end.is_some() || progress.refused.is_some();
            if let Ok(progress) = progress.wait_for(decided).await {
                let why = || Error::Interrupted(progress.refused.clone().unwrap_or_default());
                return progress.end.clone().ok_or_else(why);
            }
        }
        let end = tell(&*self.journal, arn)?.replay().end().cloned();
        end.ok_or_else(|| Error::Interrupted("it is not going on here".into()))
    }
}

/// The rows of a Map Run are its own: its parent goes on with it, nobody else.
fn is_map_run(arn: &ExecutionArn) -> bool {
    arn.as_str().split(':').nth(5) == Some("mapRun")
}
