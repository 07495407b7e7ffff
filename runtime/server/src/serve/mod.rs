//! `stepwell serve`: AWS's API over HTTP on one port, until it is told to stop.
//!
//! It knows no operation: [`api::Api`] answers, this module carries. Read [`Server`] first.

mod answer;
mod body;
mod connections;
mod guard;
mod lambda;
mod operation;
mod operators;
mod router;
mod tls;

pub(crate) use tls::Files as TlsFiles;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::lambda::Lambda;
use asl::arn::Place;
use engine::clock::{SystemClock, SystemEntropy};
use engine::{Clock, Engine, Entropy, Observer};
use tokio::net::TcpListener;
use tokio::time::timeout;

use self::body::Bodies;
use self::guard::Guard;
use self::operators::Operators;
use self::tls::Tls;
use crate::access::{Gate, Keys};
use crate::aws::CloudWatchLogs;
use crate::lines::{self, Lines};
use crate::watch::{Sinks, Spans, Telemetry};
use crate::wiring::Store;

/// How a server is run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The region and account it pretends to be.
    pub(crate) place: Place,
    /// How long an execution is kept after it ended.
    pub(crate) kept: Duration,
    /// The file of keys that requests must be signed with; without it all are let in.
    pub(crate) keys: Option<PathBuf>,
    /// Where changes are written down, if anywhere.
    pub(crate) audit: Option<lines::Place>,
    /// What to speak TLS with; without it answers are not encrypted.
    pub(crate) tls: Option<TlsFiles>,
    /// The test cases that starts may name, if any.
    pub(crate) mock_config: Option<PathBuf>,
    /// Where executions are logged, if anywhere.
    pub(crate) execution_log: Option<lines::Place>,
    /// Where traces go, if anywhere: the URL of a collector.
    pub(crate) otlp_endpoint: Option<String>,
    /// Where directories may be granted to functions.
    pub(crate) grantable: Vec<PathBuf>,
    /// How long a shutdown waits for answers and Tasks that are under way.
    pub(crate) patience: Duration,
}

/// A server that listens, and its parts.
pub(crate) struct Server {
    listener: TcpListener,
    engine: Arc<Engine>,
    guard: Guard,
    lambda: Arc<Lambda>,
    operators: Operators,
    tls: Option<Arc<Tls>>,
    keys: Option<PathBuf>,
    patience: Duration,
    sinks: Arc<Sinks>,
}

/// The files that a server reads anew when it is told to: keys and certificates change.
pub(crate) struct Reloadable {
    gate: Arc<Gate>,
    keys: Option<PathBuf>,
    tls: Option<Arc<Tls>>,
}

impl Reloadable {
    /// Reads them; one that is wrong leaves all as it was.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let keys = self.keys.as_deref().map(Keys::load).transpose()?;
        if let Some(tls) = &self.tls {
            tls.reload()?;
        }
        if let Some(keys) = keys {
            self.gate.replace(keys);
        }
        Ok(())
    }
}

impl Server {
    /// Opens the port, then takes up what the data directory holds. Answers how many
    /// executions go on.
    pub(crate) async fn start(store: &Store, options: Options) -> anyhow::Result<(Self, usize)> {
        if options.keys.is_none() && !options.listen.ip().is_loopback() {
            anyhow::bail!(
                "without keys only this machine may be served: give --keys FILE, or listen on \
                 127.0.0.1 or [::1], not {}",
                options.listen
            );
        }
        let keys = options.keys.as_deref().map(Keys::load).transpose()?;
        let tls = options
            .tls
            .clone()
            .map(Tls::load)
            .transpose()?
            .map(Arc::new);
        let audit = options.audit.as_ref().map(Lines::open).transpose()?;
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let telemetry = telemetry(store, &options)?;
        let engine = Arc::new(store.engine(Some(Arc::clone(&telemetry) as Arc<dyn Observer>)));
        let api = store.api(&engine);
        let api = Arc::new(match options.mock_config {
            Some(config) => api.with_mocks(config),
            None => api,
        });
        // Before executions go on: their Tasks may call the API.
        store.services.serve(&api);
        let resumed = engine.recover()?;
        let journal = Arc::clone(&store.journal);
        // It ends when the journal is closed.
        tokio::spawn(engine::retain(journal, Arc::new(SystemClock), options.kept));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let gate = Gate::new(keys, options.place.clone(), Arc::clone(&clock));
        let guard = Guard {
            gate: Arc::new(gate),
            bodies: Bodies::new(),
            api,
            home: Arc::new(options.place),
            clock,
            audit: audit.map(Arc::new),
            metrics: Arc::clone(&telemetry.metrics),
        };
        let sinks = Arc::clone(&telemetry.sinks);
        let operators = Operators {
            gate: Arc::clone(&guard.gate),
            journal: Arc::clone(&store.journal),
            telemetry,
        };
        let server = Self {
            listener,
            engine,
            guard,
            lambda: Arc::new(store.lambda().with_grantable(options.grantable)),
            operators,
            tls,
            keys: options.keys,
            sinks,
            patience: options.patience,
        };
        Ok((server, resumed))
    }

    /// Where it listens; the port is there even when 0 was asked for.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// How many keys there are; none when everyone is let in.
    pub(crate) fn keys(&self) -> Option<usize> {
        self.guard.gate.keys()
    }

    /// Whether answers are encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// What can be read anew while it serves.
    pub(crate) fn reloadable(&self) -> Reloadable {
        Reloadable {
            gate: Arc::clone(&self.guard.gate),
            keys: self.keys.clone(),
            tls: self.tls.clone(),
        }
    }

    /// Serves until `stop` resolves. Then takes no more, lets answers and Tasks under way come
    /// to their end for as long as its patience goes, and leaves the rest to the next start.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let router = router::router(self.guard, self.lambda, self.operators);
        let open = connections::serve(self.listener, self.tls, router, stop).await;
        self.engine.retire();
        let ended = async { tokio::join!(open.shutdown(), self.engine.idle()) };
        if timeout(self.patience, ended).await.is_err() {
            tracing::warn!("some requests or Tasks did not end in time: they were cut off");
        }
        self.engine.close().await?;
        self.sinks.flush(self.patience).await;
        Ok(())
    }
}

/// The log stream that this process writes, in every log group: named as AWS names its own, by
/// when it began and by something that no other has.
fn log_stream() -> String {
    let now = SystemClock.now().to_string();
    let minute = now.get(..16).unwrap_or(&now).replace([':', 'T'], "-");
    format!("states/stepwell/{minute}/{:016x}", SystemEntropy.draw())
}

/// Those who watch executions.
fn telemetry(store: &Store, options: &Options) -> anyhow::Result<Arc<Telemetry>> {
    let lines = options.execution_log.as_ref().map(Lines::open);
    let lines = lines.transpose()?.map(Arc::new);
    let aws = store.aws.as_ref();
    let cloud_watch = aws.and_then(|aws| CloudWatchLogs::open(aws, log_stream()));
    let spans = options.otlp_endpoint.as_deref().map(Spans::open);
    Ok(Arc::new(Telemetry {
        registry: Arc::clone(&store.registry),
        metrics: Arc::default(),
        sinks: Arc::new(Sinks { lines, cloud_watch }),
        spans: spans.transpose()?.map(Arc::new),
    }))
}
