//! `stepwell serve`: AWS's API over HTTP on one port, until it is told to stop.
//!
//! It knows no operation: [`api::Api`] answers, this module carries. Read [`Server`] first.

mod connections;
mod credential;
mod router;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{Api, Registry};
use asl::arn::Place;
use engine::Engine;
use engine::clock::{SystemClock, SystemEntropy};
use tokio::net::TcpListener;

use crate::wiring::Store;

/// How long a shutdown waits for answers that are under way. Longer than any operation but a
/// long poll takes; a supervisor's patience is usually 10 s and more.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);

/// How a server is run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The region and account it pretends to be.
    pub(crate) place: Place,
    /// How long an execution is kept after it ended.
    pub(crate) kept: Duration,
}

/// A server that listens, and its parts.
pub(crate) struct Server {
    listener: TcpListener,
    engine: Arc<Engine>,
    api: Arc<Api>,
    options: Options,
}

impl Server {
    /// Opens the port, then takes up what the data directory holds. Answers how many
    /// executions go on.
    pub(crate) async fn start(store: &Store, options: Options) -> anyhow::Result<(Self, usize)> {
        if !options.listen.ip().is_loopback() {
            anyhow::bail!(
                "without keys only this machine may be served: listen on 127.0.0.1 or [::1], \
                 not {}",
                options.listen
            );
        }
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let engine = Arc::new(store.engine());
        let resumed = engine.recover()?;
        let journal = Arc::clone(&store.journal);
        // It ends when the journal is closed.
        tokio::spawn(engine::retain(journal, Arc::new(SystemClock), options.kept));
        let api = Arc::new(Api::new(
            Arc::clone(&engine),
            Arc::clone(&store.journal),
            Arc::new(Registry::new(Arc::clone(&store.journal))),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        ));
        let server = Self {
            listener,
            engine,
            api,
            options,
        };
        Ok((server, resumed))
    }

    /// Where it listens; the port is there even when 0 was asked for.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `stop` resolves, then lets answers under way get out.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let router = router::router(self.api, self.options.place);
        connections::serve(self.listener, router, stop, DRAIN_TIMEOUT).await;
        self.engine.close().await?;
        Ok(())
    }
}
