//! In process, on a data directory: the same operations without a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use api::lambda::{Lambda, LambdaCall};
use api::{Api, Caller};
use asl::arn::Place;
use axum::body::Bytes;
use engine::Engine;
use objects::Objects;
use serde_json::{Map, Value};

use super::Reply;
use crate::wiring::Store;

/// How long the end of a command waits for Tasks of other executions of the directory: as long as
/// `serve` does unless it is told otherwise. What has not ended then is done again, or fails.
const PATIENCE: Duration = Duration::from_secs(8);

/// A data directory that is ours for as long as this lives.
pub(super) struct Local {
    engine: Arc<Engine>,
    api: Arc<Api>,
    lambda: Arc<Lambda>,
    caller: Caller,
    /// Where executions are left as they are, if they are.
    left_in: Option<PathBuf>,
}

/// What becomes of executions that have not ended.
pub(super) enum Conduct {
    /// They are left as they are, and what is asked of them is written down: no Task begins that
    /// the end of a short command would cut off.
    Record,
    /// They go on, as in a server, for as long as this process lives; Map Runs read and write
    /// these buckets.
    Run(Arc<dyn Objects>),
}

impl Local {
    /// Opens a data directory.
    pub(super) fn open(dir: &Path, place: Place, conduct: Conduct) -> anyhow::Result<Self> {
        let mut store = Store::open(dir).map_err(|error| match error.downcast_ref() {
            Some(journal::Error::InUse { .. }) => anyhow!(
                "{error}\nhint: if that is a server, speak to it: --endpoint \
                 http://127.0.0.1:8083 instead of --data-dir"
            ),
            _ => error,
        })?;
        let is_left = match conduct {
            Conduct::Record => true,
            Conduct::Run(objects) => {
                store.objects = objects;
                false
            }
        };
        let mut local = Self::on(&store, place);
        // Before executions go on: their Tasks may call the API.
        store.services.serve(&local.api);
        match is_left {
            true => {
                local.engine.retire();
                local.left_in = Some(dir.to_owned());
            }
            false => {
                local.engine.recover()?;
            }
        }
        Ok(local)
    }

    /// What somebody else opened.
    pub(super) fn on(store: &Store, place: Place) -> Self {
        let engine = Arc::new(store.engine(None));
        let api = Arc::new(store.api(&engine));
        Self {
            engine,
            api,
            // Who opens a data directory is master of this machine, as far as they are.
            lambda: Arc::new(store.lambda().with_grantable(vec!["/".into()])),
            caller: Caller::from(place),
            left_in: None,
        }
    }

    /// The data directory, if executions are left as they are in it.
    pub(super) fn left_in(&self) -> Option<&Path> {
        self.left_in.as_deref()
    }

    pub(super) async fn call(&self, operation: &str, request: &Value) -> Reply {
        let body = request.to_string();
        let answer = self.api.call(operation, &self.caller, body.as_bytes());
        let answer = answer.await;
        Reply {
            status: answer.status,
            headers: Vec::new(),
            body: answer.body.to_string().into(),
        }
    }

    pub(super) async fn lambda(
        &self,
        operation: &str,
        parameters: Map<String, Value>,
        body: Bytes,
    ) -> Reply {
        let call = LambdaCall { parameters, body };
        let answer = self.lambda.call(operation, &self.caller, call).await;
        let headers = answer.headers.into_iter();
        Reply {
            status: answer.status,
            headers: headers.map(|(name, value)| (name.into(), value)).collect(),
            body: answer.body,
        }
    }

    /// Lets Tasks that run come to their end, for a while, or until Ctrl-C; resolves when all that
    /// was recorded is durable.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.engine.retire();
        let idle = tokio::time::timeout(PATIENCE, self.engine.idle());
        tokio::select! {
            _ = idle => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(self.engine.close().await?)
    }
}
