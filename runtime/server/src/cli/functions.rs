//! Functions, through Lambda's API: deployed, looked for, listed.

use anyhow::{Context, bail};
use asl::arn::Place;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::FunctionName;
use serde_json::{Value, json};

use super::endpoint::{Answered, CallError, Endpoint};
use super::sandbox::Sandbox;
use super::source::Source;
use crate::wiring::Store;

/// Functions of one place.
pub(super) struct Functions(pub(super) Endpoint);

impl Functions {
    /// The functions of a store, where ARNs name nothing else.
    pub(super) fn of(store: &Store, place: Place) -> Self {
        Self(Endpoint::on(store, place))
    }

    /// One operation with these fields.
    pub(super) async fn call(&self, operation: &str, fields: Value) -> Result<Answered, CallError> {
        self.0.lambda(operation, fields, Bytes::new()).await
    }

    /// Deploys a module under a name, and publishes it: its next version, unless the newest is
    /// the same. Answers the version's configuration.
    pub(super) async fn deploy(
        &self,
        name: &str,
        source: &Source,
        sandbox: &Sandbox,
    ) -> anyhow::Result<Value> {
        let found = source.read().await?;
        let zip_file = STANDARD.encode(found.bytes);
        let settings = |mut fields: Value| {
            sandbox.add_to(&mut fields);
            fields["Stepwell"]["Source"] = found.pinned.as_deref().unwrap_or_default().into();
            fields
        };
        let named = json!({ "FunctionName": name });
        let deployed = match self.call("GetFunctionConfiguration", named.clone()).await {
            Ok(_) => {
                let update = settings(named);
                self.call("UpdateFunctionConfiguration", update).await?;
                let code = json!({ "FunctionName": name, "ZipFile": zip_file, "Publish": true });
                self.call("UpdateFunctionCode", code).await
            }
            Err(refused) if refused.is(&["ResourceNotFoundException"]) => {
                let code = json!({ "ZipFile": zip_file });
                let create = settings(json!({
                    "FunctionName": name, "Role": self.0.role(), "Code": code, "Publish": true,
                }));
                self.call("CreateFunction", create).await
            }
            Err(refused) => bail!(refused),
        };
        let deployed = deployed.with_context(|| format!("{source} as {name}"))?;
        Ok(deployed.body)
    }

    /// Whether a function is there.
    pub(super) async fn has(&self, name: &FunctionName) -> bool {
        let named = json!({ "FunctionName": name.qualified_arn() });
        self.call("GetFunctionConfiguration", named).await.is_ok()
    }
}
