//! Servers that run as processes of their own, and a client that loads them. Stepwell's is the
//! binary beside the bench: `cargo build --release -p server` makes it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub(crate) const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:";

/// A server; killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// How long it took from its start to its saying that it serves.
    #[allow(dead_code, reason = "not all benches ask")]
    pub(crate) took: Duration,
}

impl Served {
    /// Starts a server, and waits for the line that tells where it serves.
    pub(crate) fn start(command: &mut Command) -> Self {
        let began = Instant::now();
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split([';', ' ', '/']).next()?.to_owned())
        });
        let took = began.elapsed();
        // What else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("it says where it serves");
        Self {
            child,
            address,
            took,
        }
    }

    /// `stepwell serve` on a data directory.
    pub(crate) fn stepwell(data: &std::path::Path) -> Self {
        let bench = std::env::current_exe().unwrap();
        let binary = bench.ancestors().nth(2).unwrap().join("stepwell");
        let path = binary.display();
        let why = "cargo build --release -p server makes it";
        assert!(binary.exists(), "no {path}: {why}");
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STEPWELL_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        Self::start(command.arg(data))
    }

    /// The memory that it holds, in bytes; 0 where Linux does not tell.
    #[allow(dead_code, reason = "not all benches ask")]
    pub(crate) fn memory_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kibibytes.unwrap_or(0) * 1024
    }

    /// How long it has worked, on all cores, in seconds; 0 where Linux does not tell. A busy
    /// machine changes it little.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).unwrap_or_default();
        // The name may hold spaces: what comes after it is counted, in hundredths.
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let times = after_name.split_whitespace().skip(11).take(2);
        times
            .filter_map(|ticks| ticks.parse::<f64>().ok())
            .sum::<f64>()
            / 100.0
    }

    /// Waits until it has done what it puts off, half a minute at most: ended executions are
    /// moved to the archive beside what is asked for.
    #[allow(dead_code, reason = "not all benches ask")]
    pub(crate) async fn at_rest(&self) {
        for _ in 0..60 {
            let before = self.processor_seconds();
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.processor_seconds() - before < 0.02 {
                return;
            }
        }
    }

    /// Makes a state machine; where it is there already, that is as good.
    pub(crate) async fn create(&self, name: &str, kind: &str, definition: &str) {
        let body = json!({ "name": name, "type": kind, "definition": definition,
                           "roleArn": "arn:aws:iam::123456789012:role/r" });
        Client::new(&self.address)
            .call("CreateStateMachine", body.to_string())
            .await;
    }
}

impl Drop for Served {
    /// SIGKILL: what is measured after a restart is recovery from that.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection, opened anew when the server has closed it.
pub(crate) struct Client {
    address: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            connection: None,
        }
    }

    /// Calls an operation, which must be granted; answers what it answers.
    pub(crate) async fn call(&mut self, operation: &str, body: String) -> Bytes {
        let request = Request::post("/")
            .header("host", &self.address)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            // Unsigned requests name no account, and moto takes them for another's.
            .header("authorization", AUTHORIZATION)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let connection = self.connection().await;
        let answer = connection.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(head.status, StatusCode::OK, "{operation}: {body:?}");
        body
    }

    async fn connection(&mut self) -> &mut SendRequest<Full<Bytes>> {
        let is_kept = match &mut self.connection {
            Some(connection) => connection.ready().await.is_ok(),
            None => false,
        };
        if !is_kept {
            let stream = TcpStream::connect(&self.address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        self.connection.as_mut().expect("opened above")
    }
}

/// A signature that nobody looks at.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=123456789012/20261128/us-east-1/states/\
                             aws4_request, SignedHeaders=host, Signature=0";

/// How many there were, and how long each took.
pub(crate) struct Load {
    /// In the order of their length.
    took: Vec<Duration>,
    pub(crate) seconds: f64,
}

impl Load {
    #[allow(dead_code, reason = "not all benches ask")]
    pub(crate) fn calls(&self) -> f64 {
        self.took.len() as f64
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.seconds
    }

    /// What a share of the calls took no longer than, in milliseconds.
    #[allow(dead_code, reason = "not all benches ask")]
    pub(crate) fn milliseconds(&self, share: f64) -> f64 {
        let place = (self.took.len() as f64 * share) as usize;
        let took = self.took[place.min(self.took.len() - 1)];
        took.as_secs_f64() * 1e3
    }
}

/// When a load has been enough.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "not all benches have both")]
pub(crate) enum Enough {
    After(Duration),
    Calls(u64),
}

/// Calls an operation over and over on so many connections, each waiting for its answer. The
/// input is told of each call's number.
pub(crate) async fn load(
    address: &str,
    connections: usize,
    enough: Enough,
    operation: &'static str,
    body: fn(u64) -> Value,
) -> Load {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let callers: Vec<_> = (0..connections)
        .map(|_| {
            let (next, mut client) = (Arc::clone(&next), Client::new(address));
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let is_enough = match enough {
                        Enough::After(time) => began.elapsed() >= time,
                        Enough::Calls(calls) => number >= calls,
                    };
                    if is_enough {
                        return took;
                    }
                    let body = body(number).to_string();
                    let began = Instant::now();
                    client.call(operation, body).await;
                    took.push(began.elapsed());
                }
            })
        })
        .collect();
    let mut took = Vec::new();
    for caller in callers {
        took.extend(caller.await.unwrap());
    }
    let seconds = began.elapsed().as_secs_f64();
    took.sort_unstable();
    Load { took, seconds }
}
