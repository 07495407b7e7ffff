//! How far an execution's rows are durable: what everyone who must not run ahead of the
//! journal waits for. One channel an execution, whatever many wait.

use asl::interpreter::End;
use tokio::sync::watch;

/// How far the journal is with an execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// How many of its rows are durable.
    pub(crate) rows: u64,
    /// How it ended, once that is durable.
    pub(crate) end: Option<End>,
    /// Why it goes no further in this process: the journal refused a row. What is in memory
    /// is then ahead of what is stored, and must not go on.
    pub(crate) refused: Option<String>,
}

/// A row that was submitted, and all before it.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    rows: u64,
    progress: watch::Receiver<Progress>,
}

impl Commit {
    /// The first `rows` rows of an execution.
    pub(crate) fn of(rows: u64, progress: &watch::Sender<Progress>) -> Self {
        Self {
            rows,
            progress: progress.subscribe(),
        }
    }

    /// Resolves when the row is durable.
    ///
    /// # Errors
    /// Why it will not be.
    pub(crate) async fn durable(&mut self) -> Result<(), String> {
        let rows = self.rows;
        let decided = |progress: &Progress| progress.rows >= rows || progress.refused.is_some();
        match self.progress.wait_for(decided).await {
            Ok(progress) if progress.rows >= rows => Ok(()),
            Ok(progress) => Err(progress.refused.clone().unwrap_or_default()),
            Err(_) => Err("the engine was shut down".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_waits_for_its_own_row_and_no_other() {
        let progress = watch::Sender::new(Progress::default());
        let (mut first, mut second) = (Commit::of(1, &progress), Commit::of(2, &progress));
        progress.send_modify(|progress| progress.rows = 1);
        assert_eq!(first.durable().await, Ok(()));
        progress.send_modify(|progress| progress.refused = Some("full".into()));
        assert_eq!(first.durable().await, Ok(()), "it was durable before");
        assert_eq!(second.durable().await, Err("full".into()));
        drop(progress);
        assert_eq!(second.durable().await, Err("full".into()));
    }

    #[tokio::test]
    async fn an_engine_that_is_gone_commits_nothing() {
        let progress = watch::Sender::new(Progress::default());
        let mut commit = Commit::of(1, &progress);
        drop(progress);
        assert!(commit.durable().await.is_err());
    }
}
