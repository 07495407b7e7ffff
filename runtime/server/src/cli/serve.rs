//! `stepwell serve`: the AWS API, on a data directory.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use asl::arn::Place;
use host::wasm::SecretStore;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::buckets::BucketFolders;
use super::{Outcome, output};
use crate::lines;
use crate::serve::{Options, Reloadable, Server, TlsFiles};
use crate::wiring::Store;

/// Serve the AWS Step Functions API.
///
/// What no flag says is taken from the environment, and what that does not say either from the
/// settings file: a TOML file whose keys are the names of the flags below, such as
/// `region = "eu-west-1"` or `retention-days = 30`.
///
/// Ctrl-C or SIGTERM: takes no more requests, lets those under way and running Tasks end, and
/// leaves the rest to the next start; a second one ends at once. SIGHUP: reads keys and
/// certificate anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell serve --data-dir ./data
  aws stepfunctions list-state-machines --endpoint-url http://127.0.0.1:8083
  AWS_ENDPOINT_URL_SFN=http://127.0.0.1:8083 python worker.py")]
pub(super) struct Serve {
    /// The settings file; ./stepwell.toml if there is one.
    #[arg(long, value_name = "FILE", env = "STEPWELL_CONFIG")]
    config: Option<PathBuf>,
    /// Address and port; port 0 takes any that is free.
    #[arg(long, env = "STEPWELL_LISTEN", default_value = "127.0.0.1:8083")]
    listen: SocketAddr,
    /// The data directory.
    #[arg(long, env = "STEPWELL_DATA_DIR", default_value = "./stepwell-data")]
    data_dir: PathBuf,
    /// The region that ARNs name.
    #[arg(long, env = "STEPWELL_REGION", default_value = "us-east-1", value_parser = region)]
    region: String,
    /// The account that ARNs name: twelve digits.
    #[arg(long, env = "STEPWELL_ACCOUNT_ID", default_value = "123456789012", value_parser = account_id)]
    account_id: String,
    #[command(flatten)]
    buckets: BucketFolders,
    /// How many days an execution is kept after it ended; AWS keeps 90.
    #[arg(long, env = "STEPWELL_RETENTION_DAYS", default_value = "90",
          value_parser = clap::value_parser!(u16).range(1..))]
    retention_days: u16,
    /// The keys that requests must be signed with: a file that only you may read, of entries
    /// [[keys]] with access-key-id, secret-access-key, role (read-only, operate or admin) and,
    /// if you like, user. Without it everyone is let in, and only this machine is served.
    #[arg(long, value_name = "FILE", env = "STEPWELL_KEYS")]
    keys: Option<PathBuf>,
    /// Where each change, and each request that was refused entry, is written down as a line
    /// of JSON: a file, or - for standard output. With keys, standard error unless said.
    #[arg(long, value_name = "FILE", env = "STEPWELL_AUDIT_LOG")]
    audit_log: Option<PathBuf>,
    /// Where executions are logged as their state machine's loggingConfiguration asks, in the
    /// form that AWS writes to CloudWatch Logs: a file, or - for standard output. What would
    /// hold executions up is dropped, and counted in /metrics.
    #[arg(long, value_name = "FILE", env = "STEPWELL_EXECUTION_LOG")]
    execution_log: Option<PathBuf>,
    /// Where traces go: the URL of an OpenTelemetry collector, such as http://127.0.0.1:4318. An
    /// execution is a trace, or part of its caller's; a state is a span.
    #[arg(long, value_name = "URL", env = "STEPWELL_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// Answers of Tasks for tests, in the format of AWS Step Functions Local: a start of
    /// STATE_MACHINE_ARN#TEST_CASE takes its Tasks' answers from this file, read each time.
    #[arg(long, value_name = "FILE", env = "SFN_MOCK_CONFIG")]
    mock_config: Option<PathBuf>,
    /// Where the secrets are that modules are granted by name: a file each. What is not there is
    /// looked for in variables STEPWELL_SECRET_NAME.
    #[arg(long, value_name = "DIR", env = "STEPWELL_SECRETS_DIR")]
    secrets_dir: Option<PathBuf>,
    /// A directory within which functions that are deployed through this server may be granted
    /// directories; several are separated by commas. Without it none may.
    #[arg(
        long,
        value_name = "DIR",
        env = "STEPWELL_GRANTABLE_DIR",
        value_delimiter = ','
    )]
    grantable_dir: Vec<PathBuf>,
    /// How long a shutdown waits for requests and Tasks that are under way; what has not ended
    /// then is taken up by the next start.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "STEPWELL_SHUTDOWN_SECONDS",
        default_value = "8"
    )]
    shutdown_seconds: u16,
    /// The certificate chain to speak TLS with, in PEM.
    #[arg(
        long,
        value_name = "FILE",
        env = "STEPWELL_TLS_CERT",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM: a file that only you may read.
    #[arg(
        long,
        value_name = "FILE",
        env = "STEPWELL_TLS_KEY",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        // Before anyone can know that it serves: a signal that nobody awaits ends the process.
        let (asked, hangups) = (Asked::listen()?, signal(SignalKind::hangup())?);
        let secrets = match self.secrets_dir {
            Some(directory) => SecretStore::in_directory(directory),
            None => SecretStore::default(),
        };
        let mut store = Store::for_server(&self.data_dir, secrets)?;
        store.objects = self.buckets.open(&self.region, &self.account_id)?;
        let options = Options {
            listen: self.listen,
            place: Place {
                region: self.region,
                account_id: self.account_id,
            },
            kept: Duration::from_secs(u64::from(self.retention_days) * 24 * 3600),
            audit: match &self.audit_log {
                Some(path) => Some(lines::Place::of(path)),
                None => self.keys.is_some().then_some(lines::Place::Stderr),
            },
            keys: self.keys,
            otlp_endpoint: self.otlp_endpoint,
            mock_config: self.mock_config,
            grantable: self.grantable_dir,
            execution_log: self.execution_log.as_deref().map(lines::Place::of),
            patience: Duration::from_secs(self.shutdown_seconds.into()),
            tls: tls(self.tls_cert, self.tls_key)?,
        };
        let (server, resumed) = Server::start(&store, options).await?;
        if resumed > 0 {
            output::say(format_args!("{resumed} executions go on where they were"));
        }
        output::say(format_args!(
            "listening on {}://{}; data in {}; {}",
            if server.is_encrypted() {
                "https"
            } else {
                "http"
            },
            server.address()?,
            self.data_dir.display(),
            protection(&server)
        ));
        tokio::spawn(reload(server.reloadable(), hangups));
        server.run(stopped(asked)).await?;
        output::say("stopped; everything is kept");
        Ok(Outcome::Success)
    }
}

/// A certificate and its key, or neither.
fn tls(cert: Option<PathBuf>, key: Option<PathBuf>) -> anyhow::Result<Option<TlsFiles>> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => anyhow::bail!("--tls-cert wants the certificate's key: --tls-key FILE"),
        (None, Some(_)) => anyhow::bail!("--tls-key wants its certificate: --tls-cert FILE"),
    }
}

/// Who may use the server, in the words of its first line.
fn protection(server: &Server) -> String {
    match server.keys() {
        None => "no keys, so only this machine is served".to_owned(),
        Some(1) => "requests must be signed with the one key".to_owned(),
        Some(count) => format!("requests must be signed with one of {count} keys"),
    }
}

/// Reads keys and certificates anew at each SIGHUP.
async fn reload(files: Reloadable, mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        match files.reload() {
            Ok(()) => output::say("keys and certificate were read anew"),
            Err(error) => output::complain(format_args!("all stays as it was: {error:#}")),
        }
    }
}

/// Resolves at Ctrl-C, or when a supervisor asks; at the second time all is over.
async fn stopped(mut asked: Asked) {
    asked.once().await;
    output::say("stopping; ask once more to stop at once");
    tokio::spawn(async move {
        asked.once().await;
        // As after kill -9: what was acknowledged is kept.
        std::process::exit(130);
    });
}

/// Ctrl-C and SIGTERM.
struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn once(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Reads a region.
pub(super) fn region(text: &str) -> Result<String, String> {
    let is_sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.bytes().all(is_sound) {
        true => Ok(text.to_owned()),
        false => Err("a region is lower-case letters, digits and '-', such as us-east-1".into()),
    }
}

/// Reads an account id.
pub(super) fn account_id(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id is twelve digits".into()),
    }
}
