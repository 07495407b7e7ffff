//! What is for operators and their machines: `/health` and `/metrics`.
//!
//! `/health` tells nothing but whether this server is of use, and is open to all. `/metrics`
//! names state machines: with keys it wants one, as HTTP's Basic user and password, since those
//! who gather metrics do not sign.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use journal::Journal;

use crate::access::Gate;
use crate::watch::{Telemetry, Told};

/// The text form that Prometheus reads. Source: OpenMetrics 1.0.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What these answers are made of.
#[derive(Clone)]
pub(super) struct Operators {
    pub(super) gate: Arc<Gate>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) telemetry: Arc<Telemetry>,
}

impl Operators {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/metrics", get(metrics))
            .with_state(self)
    }
}

/// Whether what happens can still be written down; without that nothing can be done.
async fn health(State(operators): State<Operators>) -> (StatusCode, String) {
    told(&*operators.journal)
}

fn told(journal: &dyn Journal) -> (StatusCode, String) {
    match journal.refusal() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(refusal) => (StatusCode::SERVICE_UNAVAILABLE, format!("{refusal}\n")),
    }
}

async fn metrics(State(operators): State<Operators>, head: HeaderMap) -> Response {
    if !operators.gate.knows(&head) {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"stepwell\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let Telemetry {
        metrics,
        sinks,
        spans,
        ..
    } = &*operators.telemetry;
    let told = Told {
        open_executions: operators.journal.open_count(None).unwrap_or_default(),
        lines_dropped: sinks.dropped(),
        spans_dropped: spans.as_ref().map_or(0, |spans| spans.dropped()),
    };
    match metrics.text(told) {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use journal::{Faults, FaultyJournal, MemoryJournal};

    use super::*;

    #[tokio::test]
    async fn a_journal_that_takes_no_writes_is_no_health() {
        let faults = Faults {
            poisoned_percent: 100,
            polls_max: 1,
            ..Faults::default()
        };
        let journal = FaultyJournal::with_faults(MemoryJournal::default(), 1, faults);
        assert_eq!(told(&journal), (StatusCode::OK, "ok\n".into()));
        let written = journal.put("kind", "key", 0, Some("{}".into())).await;
        written.unwrap_err();
        let (status, words) = told(&journal);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(words.contains("takes no more"), "{words}");
    }
}
