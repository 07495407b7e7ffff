//! The children of a Map Run: what each is given, who it is, and how it is run.

use std::sync::{Arc, Mutex};

use asl::interpreter::{End, Identity, Kind, MapItem, MapRunCommand};
use asl::map_run::{Batch, ChildEnd, ChildOutcome};
use asl::{Failure, Payload};
use sha2::{Digest, Sha256};

use super::source::Items;
use crate::definition::Definition;
use crate::express::{self, Seen};
use crate::parts::{Error, StartError, StartRequest, StartedAs};
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::watch::Beginning;

/// A child that is to be run.
pub(super) struct Child {
    pub(super) number: u64,
    pub(super) items: u64,
    pub(super) input: Payload,
}

/// Cuts the source into children.
pub(super) struct Cutter {
    pub(super) items: Box<dyn Items>,
    /// The item that did not fit into the last batch.
    kept: Option<Payload>,
    item: u64,
    child: u64,
}

impl Cutter {
    pub(super) fn new(items: Box<dyn Items>) -> Self {
        Self {
            items,
            kept: None,
            item: 0,
            child: 0,
        }
    }

    /// Children and items so far.
    pub(super) fn count(&self) -> (u64, u64) {
        (self.child, self.item)
    }

    /// The next child; none at the end of the source.
    ///
    /// # Errors
    /// The Map Run's failure.
    pub(super) async fn next(
        &mut self,
        parent: &Mutex<Slot>,
        command: &MapRunCommand,
    ) -> Result<Option<Child>, Failure> {
        let Some(batching) = &command.plan.batching else {
            let Some(input) = self.input(parent, command).await? else {
                return Ok(None);
            };
            return Ok(Some(self.child(1, input)));
        };
        let mut batch = Batch::new(batching);
        while batch.has_room() {
            let Some(input) = self.input(parent, command).await? else {
                break;
            };
            if let Err(unfit) = batch.add(input) {
                self.kept = Some(unfit);
                break;
            }
        }
        let batch = batch.input();
        Ok(batch.map(|(items, input)| self.child(items, input)))
    }

    fn child(&mut self, items: u64, input: Payload) -> Child {
        self.child += 1;
        Child {
            number: self.child - 1,
            items,
            input,
        }
    }

    /// The next item, after ItemSelector.
    async fn input(
        &mut self,
        parent: &Mutex<Slot>,
        command: &MapRunCommand,
    ) -> Result<Option<Payload>, Failure> {
        if let Some(kept) = self.kept.take() {
            return Ok(Some(kept));
        }
        let Some((value, source)) = self.items.next().await? else {
            return Ok(None);
        };
        let item = MapItem {
            index: self.item,
            value,
            source,
        };
        self.item += 1;
        // Time and chance are the run's and the item's own, so that a restart makes the very
        // same input of it.
        let chance = hash(&command.plan.arn.0, item.index)[0];
        let selected =
            lock(parent)
                .execution
                .select_item(command.run, item, command.started_at, chance);
        selected.map(Some)
    }
}

/// Four numbers that belong to a run and one of its items or children.
fn hash(run: &str, number: u64) -> [u64; 4] {
    let hash = Sha256::digest(format!("{run}#{number}").as_bytes());
    let part = |place: usize| {
        let bytes = hash[place * 8..place * 8 + 8].iter();
        bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    [part(0), part(1), part(2), part(3)]
}

/// A name in the form of a UUID.
fn name(high: u64, low: u64) -> String {
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20]);
    format!("{a}-{b}-4{c}-a{d}-{}", &hex[20..])
}

/// Everything that the children of one run have in common.
pub(super) struct Nursery {
    pub(super) shared: Arc<Shared>,
    pub(super) parent: Arc<Identity>,
    pub(super) definition: Definition,
    pub(super) command: Arc<MapRunCommand>,
}

impl Nursery {
    /// Who the child of this number is: the same each time it is asked.
    fn identity(&self, number: u64) -> Identity {
        let plan = &self.command.plan;
        let [a, b, c, d] = hash(&plan.arn.0, number);
        let name = name(a, b);
        let machine = plan.arn.state_machine();
        let kind = match self.command.plan.children {
            Kind::Standard => "execution",
            Kind::Express => "express",
        };
        let place = machine
            .0
            .replacen(":stateMachine:", &format!(":{kind}:"), 1);
        let unique = match self.command.plan.children {
            Kind::Standard => String::new(),
            Kind::Express => format!(":{}", self::name(c, d)),
        };
        Identity {
            execution_arn: format!("{place}:{name}{unique}").into(),
            name,
            state_machine_name: machine.name().to_owned(),
            state_machine_arn: machine,
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
                express::run(workshop, entropy, seen, identity, machine, child.input).await
            }
        };
        ChildEnd {
            number: child.number,
            items: child.items,
            outcome: outcome(end),
            started_at,
            stopped_at: self.shared.workshop.clock.now(),
        }
    }

    /// A child with a history. One that was started before a crash is found again by its name.
    async fn standard(&self, identity: Identity, child: &Child) -> End {
        let arn = identity.execution_arn.clone();
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
            // After a restart it may not have been taken up yet.
            Ok(_) | Err(StartError::Exists { .. }) => match self.shared.resume(&arn) {
                Ok(()) => self.shared.wait(&arn).await,
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
}

fn outcome(end: End) -> ChildOutcome {
    match end {
        End::Succeeded(output) => ChildOutcome::Succeeded(output),
        End::Failed(failure) => ChildOutcome::Failed(failure),
        End::TimedOut(failure) => ChildOutcome::TimedOut(failure),
        End::Aborted(failure) => ChildOutcome::Aborted(failure),
    }
}
