//! Spans on their way to a collector: OTLP over HTTP, in JSON.
//!
//! Best effort: what finds the queue full, or a collector that does not answer, is dropped and
//! counted. Source: OpenTelemetry Protocol 1.x, "OTLP/HTTP".

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::http::{Request, Uri, header};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::tracer::text;

/// Spans that wait. Ours: some megabytes at most.
const QUEUE_MAX: usize = 8_192;
/// Spans sent at once. Source: the batch that OpenTelemetry's SDKs send.
const BATCH_MAX: usize = 512;
/// How long a collector may take to answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// A queue of spans, and where they go.
#[derive(Debug)]
pub(crate) struct Spans {
    queue: mpsc::Sender<Value>,
    dropped: Arc<AtomicU64>,
}

impl Spans {
    /// Spans for the collector at this URL, such as `http://127.0.0.1:4318`. Must be called on
    /// a tokio runtime.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn open(endpoint: &str) -> anyhow::Result<Self> {
        let collector =
            Collector::at(endpoint).with_context(|| format!("--otlp-endpoint {endpoint}"))?;
        let (queue, spans) = mpsc::channel(QUEUE_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        tokio::spawn(send(spans, collector, Arc::clone(&dropped)));
        Ok(Self { queue, dropped })
    }

    /// Adds a span, or drops and counts it.
    pub(super) fn offer(&self, span: Value) {
        if self.queue.try_send(span).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many spans were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Sends what gathers while the batch before is on its way.
async fn send(mut spans: mpsc::Receiver<Value>, collector: Collector, dropped: Arc<AtomicU64>) {
    let mut batch = Vec::new();
    let mut failing = false;
    while spans.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let count = batch.len() as u64;
        let sent = timeout(SEND_TIMEOUT, collector.post(std::mem::take(&mut batch))).await;
        let sent = sent.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in time")));
        if let Err(error) = &sent {
            dropped.fetch_add(count, Ordering::Relaxed);
            // Once, and not for every batch: a collector may be away for hours.
            if !failing {
                tracing::warn!(%error, "traces are dropped");
            }
        }
        failing = sent.is_err();
    }
}

/// Where spans go.
struct Collector {
    address: String,
    path: String,
}

impl Collector {
    fn at(endpoint: &str) -> anyhow::Result<Self> {
        let url: Uri = endpoint.parse()?;
        ensure!(
            url.scheme_str() == Some("http"),
            "a collector is spoken to by http alone: run one beside this server"
        );
        let authority = url.authority().context("no host in it")?;
        let port = authority.port_u16().unwrap_or(4318);
        Ok(Self {
            address: format!("{}:{port}", authority.host()),
            path: format!("{}/v1/traces", url.path().trim_end_matches('/')),
        })
    }

    async fn post(&self, spans: Vec<Value>) -> anyhow::Result<()> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post(&self.path)
            .header(header::HOST, &self.address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body(spans).to_string())))?;
        let status = sender.send_request(request).await?.status();
        connection.abort();
        ensure!(status.is_success(), "the collector answered {status}");
        Ok(())
    }
}

fn body(spans: Vec<Value>) -> Value {
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", "stepwell")] },
        "scopeSpans": [{ "scope": { "name": "stepwell" }, "spans": spans }],
    }]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_by_its_url() {
        let at = |endpoint| Collector::at(endpoint).map(|it| (it.address, it.path));
        let plain = ("127.0.0.1:4318".to_owned(), "/v1/traces".to_owned());
        assert_eq!(at("http://127.0.0.1").unwrap(), plain);
        let placed = ("collector:80".to_owned(), "/otlp/v1/traces".to_owned());
        assert_eq!(at("http://collector:80/otlp/").unwrap(), placed);
        for endpoint in ["https://collector", "collector:4318", "/traces"] {
            assert!(at(endpoint).is_err(), "{endpoint}");
        }
    }
}
