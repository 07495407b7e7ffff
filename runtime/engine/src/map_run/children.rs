//! The children of a Map Run: what each is given, who it is, and how it is run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use asl::arn::ExecutionArn;
use asl::interpreter::{End, Identity, Kind, MapItem, MapRunCommand};
use asl::map_run::{Batch, ChildEnd, ChildName, ChildOutcome, Passed, ResultWriter, draws};
use asl::{Failure, Payload, Timestamp};
use objects::Items;

use crate::definition::Definition;
use crate::express::{self, Seen};
use crate::parts::{Error, StartError, StartRequest, StartedAs};
use crate::redrive::RedriveError;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::tell;
use crate::watch::Beginning;

/// A child that is to be run.
#[derive(Clone)]
pub(super) struct Child {
    pub(super) number: u64,
    pub(super) items: u64,
    pub(super) input: Payload,
    /// Which redrive of the run does it again; 0: none.
    pub(super) redrive: u32,
}

/// Cuts the source into children.
pub(super) struct Cutter {
    items: Box<dyn Items>,
    /// The batch that is being filled.
    batch: Option<Batch>,
    /// The item that did not fit into the last one.
    kept: Option<Payload>,
    item: u64,
    child: u64,
}

impl Cutter {
    pub(super) fn new(items: Box<dyn Items>) -> Self {
        Self {
            items,
            batch: None,
            kept: None,
            item: 0,
            child: 0,
        }
    }

    /// Passes over children that have ended, `first_to_do` of them, without making them. Where
    /// children are batches it is only known by filling them where each begins.
    ///
    /// # Errors
    /// The Map Run's failure.
    pub(super) async fn skip(
        &mut self,
        first_to_do: u64,
        command: &MapRunCommand,
    ) -> Result<(), Failure> {
        if command.plan.batching.is_none() && first_to_do > 0 {
            let skipped = self.items.skip(first_to_do).await?;
            self.item += skipped;
            self.child += skipped;
        }
        Ok(())
    }

    /// How far the source was read, where it is pinned to nothing.
    pub(super) fn passed(&self) -> Option<Passed> {
        self.items.passed()
    }

    /// Children and items so far.
    pub(super) fn count(&self) -> (u64, u64) {
        (self.child, self.item)
    }

    /// The next child; none at the end of the source. The future may be dropped and asked
    /// for anew: what it has read is kept.
    ///
    /// # Errors
    /// The Map Run's failure.
    pub(super) async fn next(
        &mut self,
        parent: &Mutex<Slot>,
        command: &MapRunCommand,
    ) -> Result<Option<Child>, Failure> {
        let Some(batching) = &command.plan.batching else {
            let input = self.input(parent, command).await?;
            return Ok(input.map(|input| self.child(1, input)));
        };
        let batch = self.batch.get_or_insert_with(|| Batch::new(batching));
        if let Some(kept) = self.kept.take() {
            // It is the first one, and taken whatever its size.
            let _ = batch.add(kept);
        }
        while self.batch.as_ref().is_some_and(Batch::has_room) {
            let Some(input) = self.input(parent, command).await? else {
                break;
            };
            let added = self.batch.as_mut().map_or(Ok(()), |batch| batch.add(input));
            if let Err(unfit) = added {
                self.kept = Some(unfit);
                break;
            }
        }
        let batch = self.batch.take().and_then(Batch::input);
        Ok(batch.map(|(items, input)| self.child(items, input)))
    }

    fn child(&mut self, items: u64, input: Payload) -> Child {
        self.child += 1;
        Child {
            number: self.child - 1,
            items,
            input,
            redrive: 0,
        }
    }

    /// The next item, after ItemSelector.
    async fn input(
        &mut self,
        parent: &Mutex<Slot>,
        command: &MapRunCommand,
    ) -> Result<Option<Payload>, Failure> {
        let Some(item) = self.items.next().await? else {
            return Ok(None);
        };
        let item = MapItem {
            index: self.item,
            value: item.value,
            key: item.key,
            source: item.source,
        };
        self.item += 1;
        // Time and chance are the run's and the item's own, so that a restart makes the very
        // same input of it.
        let chance = draws(&command.plan.arn, item.index)[0];
        let selected =
            lock(parent)
                .execution
                .select_item(command.run, item, command.started_at, chance);
        selected.map(Some)
    }
}

/// Everything that the children of one run have in common.
pub(super) struct Nursery {
    pub(super) shared: Arc<Shared>,
    pub(super) parent: Arc<Identity>,
    pub(super) definition: Definition,
    pub(super) command: Arc<MapRunCommand>,
    pub(super) writer: ResultWriter,
    /// Set when the run ends before its children: those that begin meanwhile are stopped.
    pub(super) is_ending: AtomicBool,
}

impl Nursery {
    /// Who the child of this number is: the same each time it is asked.
    fn identity(&self, number: u64) -> Identity {
        let plan = &self.command.plan;
        let child = ChildName::of(&plan.arn, plan.children, number);
        Identity {
            execution_arn: child.arn,
            name: child.name,
            state_machine_name: child.state_machine.name().to_owned(),
            state_machine_arn: child.state_machine,
            role_arn: Arc::clone(&self.parent.role_arn),
            region: Arc::clone(&self.parent.region),
            kind: plan.children,
            map_state: Some(Arc::clone(&plan.state_name)),
        }
    }

    /// Runs a child to its end.
    pub(super) async fn run(self: Arc<Self>, child: Child) -> ChildEnd {
        let identity = self.identity(child.number);
        let started_at = self.shared.workshop.clock.now();
        let end = match self.command.plan.children {
            Kind::Standard => self.standard(identity, &child).await,
            Kind::Express => {
                let machine = Arc::clone(&self.definition.machine);
                let workshop = Arc::clone(&self.shared.workshop);
                let entropy = &*self.shared.entropy;
                let seen = Seen {
                    observer: None,
                    watcher: self.shared.watcher(&Beginning {
                        identity: &identity,
                        started_as: &StartedAs::default(),
                        past: &[],
                    }),
                };
                let input = child.input.clone();
                express::run(workshop, entropy, seen, identity, machine, input).await
            }
        };
        self.end_of(&child, outcome(end), started_at)
    }

    /// How a child ended, as it is recorded.
    pub(super) fn end_of(
        &self,
        child: &Child,
        outcome: ChildOutcome,
        started_at: Timestamp,
    ) -> ChildEnd {
        ChildEnd {
            number: child.number,
            items: child.items,
            input: self
                .writer
                .needs_input(&outcome)
                .then(|| child.input.clone()),
            redrives: child.redrive,
            passed: None,
            outcome,
            started_at,
            stopped_at: self.shared.workshop.clock.now(),
        }
    }

    /// A child with a history. One that was started before a crash is found again by its name.
    async fn standard(&self, identity: Identity, child: &Child) -> End {
        let arn = identity.execution_arn.clone();
        if self.is_ending.load(Ordering::SeqCst) {
            return End::Aborted(Failure::default());
        }
        let request = StartRequest {
            identity,
            definition: self.definition.clone(),
            input: child.input.clone(),
            started_as: StartedAs {
                map_run_arn: Some(self.command.plan.arn.to_string()),
                item_count: Some(child.items),
                ..StartedAs::default()
            },
        };
        let started = self.shared.start(request, None).await;
        let ended = match started {
            Err(StartError::Exists { .. }) if child.redrive > 0 => {
                match self.redriven(&arn, child.redrive).await {
                    Ok(()) => self.wait(&arn).await,
                    Err(error) => Err(error),
                }
            }
            // After a restart it may not have been taken up yet.
            Ok(_) | Err(StartError::Exists { .. }) => match self.shared.resume(&arn) {
                Ok(()) => self.wait(&arn).await,
                Err(error) => Err(error),
            },
            Err(StartError::Engine(error)) => Err(error),
            // Said of Express executions alone.
            Err(error @ StartError::TooMany) => Err(Error::Interrupted(error.to_string())),
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(%arn, %error, "a child execution could not be run");
            End::Failed(Failure::new(asl::ErrorName::RUNTIME, error.to_string()))
        })
    }

    /// Waits for a child's end. One that began while the run ended is in no list of those to
    /// be stopped, and is stopped here.
    async fn wait(&self, arn: &ExecutionArn) -> Result<End, Error> {
        if self.is_ending.load(Ordering::SeqCst) {
            self.shared.stop(arn, Failure::default()).await?;
        }
        self.shared.wait(arn).await
    }

    /// Redrives a child, once for each redrive of the run: it is told apart by its token. One
    /// that cannot be redriven stays as it ended.
    async fn redriven(&self, arn: &ExecutionArn, redrive: u32) -> Result<(), Error> {
        let token = format!("{}#{redrive}", self.command.plan.arn);
        let execution = tell(&*self.shared.journal, arn)?.replay();
        let last = execution
            .redriven()
            .and_then(|last| last.client_token.clone());
        if last.as_deref() == Some(&*token) {
            return self.shared.resume(arn);
        }
        match self.shared.redrive(arn, Some(&token)).await {
            Ok(_) => Ok(()),
            Err(RedriveError::Not(why)) => {
                tracing::warn!(%arn, %why, "a child execution is not redriven");
                Ok(())
            }
            Err(RedriveError::Engine(error)) => Err(error),
        }
    }
}

fn outcome(end: End) -> ChildOutcome {
    match end {
        End::Succeeded(output) => ChildOutcome::Succeeded(output),
        End::Failed(failure) => ChildOutcome::Failed(failure),
        End::TimedOut(failure) => ChildOutcome::TimedOut(failure),
        End::Aborted(failure) => ChildOutcome::Aborted(failure),
    }
}
