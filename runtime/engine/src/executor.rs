//! The engine, as others see it. How executions begin, are taken up and end is in `starting`
//! and `lives`, how they go on in `shared` and `acting`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use asl::Failure;
use asl::arn::ExecutionArn;
use asl::interpreter::End;
use tokio::task::JoinHandle;

use crate::activity::Queues;
use crate::attempt::Workshop;
use crate::child::Waiters;
use crate::definitions::Definitions;
use crate::express::Running;
use crate::parking::{Parking, wake_all};
use crate::parts::{Error, Parts, StartError, StartRequest, Started};
use crate::shared::{Shared, deliver};
use crate::slot::lock;
use crate::story::{Told, tell};
use crate::test_state::Crew;
use crate::timers::Timers;

/// Keeps executions going.
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    timers: JoinHandle<()>,
    waker: JoinHandle<()>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.halt();
    }
}

impl Engine {
    /// An engine with no execution yet. Must be called on a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            journal,
            host,
            modules,
            clock,
            entropy,
            observer,
            services,
            directory,
            objects,
        } = parts;
        let timers = Arc::new(Timers::default());
        let (parking, waking) = Parking::new();
        let workshop = Arc::new(Workshop {
            host,
            modules,
            clock: Arc::clone(&clock),
            services,
        });
        let shared = Arc::new(Shared {
            journal,
            workshop,
            entropy,
            observer,
            directory,
            objects,
            timers: Arc::clone(&timers),
            queues: Queues::default(),
            waiters: Waiters::default(),
            is_halted: AtomicBool::new(false),
            definitions: Definitions::default(),
            parking,
            running: Running::default(),
            attempts: Arc::default(),
            slots: Mutex::default(),
        });
        let weak = Arc::downgrade(&shared);
        let timers = tokio::spawn(timers.run(clock, move |timer, wake| {
            deliver(&weak, timer, wake);
        }));
        let waker = tokio::spawn(wake_all(Arc::downgrade(&shared), waking));
        Self {
            shared,
            timers,
            waker,
        }
    }

    /// Starts an execution; resolves when its beginning is durable.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        self.shared.start(request, None).await
    }

    /// Takes up every execution that has not ended, and answers how many.
    ///
    /// # Errors
    /// The journal's; an execution whose rows are damaged is left alone and logged.
    pub fn recover(&self) -> Result<usize, Error> {
        self.shared.recover()
    }

    /// Takes up one execution where the journal left it. One that runs or has ended is
    /// left as it is.
    ///
    /// # Errors
    /// [`Error`].
    pub fn resume(&self, arn: &ExecutionArn) -> Result<(), Error> {
        self.shared.resume(arn)
    }

    /// Stops an execution; resolves when that is durable. One that has ended is left.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stop(&self, arn: &ExecutionArn, failure: Failure) -> Result<(), Error> {
        self.shared.stop(arn, failure).await
    }

    /// Resolves when the execution has ended and that is durable.
    ///
    /// # Errors
    /// [`Error`]; [`journal::Error::NoSuchExecution`] when there is none.
    pub async fn wait(&self, arn: &ExecutionArn) -> Result<End, Error> {
        self.shared.wait(arn).await
    }

    /// How many executions are held in memory: those that do something, or wait for a short
    /// while. Others that have not ended are known by name.
    pub fn held(&self) -> usize {
        self.shared.slots().len()
    }

    /// How many Express executions run that nobody waits for.
    pub fn running_express(&self) -> usize {
        self.shared.running.count()
    }

    /// The whole story of an execution, as it is stored.
    ///
    /// # Errors
    /// [`Error`].
    pub fn tell(&self, arn: &ExecutionArn) -> Result<Told, Error> {
        tell(&*self.shared.journal, arn)
    }

    /// Whom a test of one state may need: those who work for executions.
    pub fn crew(&self) -> Crew {
        let shared = &self.shared;
        Crew {
            host: Arc::clone(&shared.workshop.host),
            modules: Arc::clone(&shared.workshop.modules),
            clock: Arc::clone(&shared.workshop.clock),
            entropy: Arc::clone(&shared.entropy),
            services: Arc::clone(&shared.workshop.services),
        }
    }

    /// Stops going on, and resolves when everything that was recorded is durable.
    ///
    /// # Errors
    /// The journal's.
    pub async fn close(&self) -> Result<(), Error> {
        self.halt();
        self.shared.journal.close().await?;
        Ok(())
    }

    /// Ends attempts and timers; what they were for is in the journal.
    fn halt(&self) {
        self.timers.abort();
        self.waker.abort();
        self.shared.is_halted.store(true, Ordering::Release);
        let slots = std::mem::take(&mut *self.shared.slots());
        for slot in slots.into_values() {
            // Whoever drives a Map Run holds its parent, and is told by this.
            lock(&slot).map_runs.clear();
        }
        self.shared.running.clear();
        self.shared.parking.clear();
    }
}
