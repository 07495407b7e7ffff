//! The functions of a data directory, through Lambda's API in process.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use api::Caller;
use api::lambda::{Lambda, LambdaCall};
use asl::arn::Place;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::FunctionName;
use host::Limits;
use serde_json::{Map, Value, json};

use crate::wiring::Store;

/// The role that functions get which nobody gave one; nothing here assumes it.
const ROLE: &str = "arn:aws:iam::123456789012:role/stepwell";

/// Functions of one place.
pub(super) struct Functions {
    lambda: Arc<Lambda>,
    caller: Caller,
}

/// What an operation was answered.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) body: Value,
    headers: Vec<(&'static str, String)>,
}

impl Answered {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What an operation refused with.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) name: String,
    message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

impl Functions {
    /// The functions of a store, where ARNs name nothing else.
    pub(super) fn of(store: &Store, place: Place) -> Self {
        Self {
            lambda: store.lambda(),
            caller: Caller::from(place),
        }
    }

    /// One operation with these fields.
    pub(super) async fn call(&self, operation: &str, fields: Value) -> Result<Answered, Refused> {
        self.call_with(operation, fields, Bytes::new()).await
    }

    /// One operation with these parameters and this body.
    pub(super) async fn call_with(
        &self,
        operation: &str,
        fields: Value,
        body: Bytes,
    ) -> Result<Answered, Refused> {
        let parameters = match fields {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        let call = LambdaCall { parameters, body };
        let answer = self.lambda.call(operation, &self.caller, call).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let answered = Answered {
            body,
            headers: answer.headers,
        };
        if answer.status < 300 {
            return Ok(answered);
        }
        let message = answered
            .body
            .get("message")
            .or(answered.body.get("Message"));
        Err(Refused {
            name: answered
                .header("x-amzn-ErrorType")
                .unwrap_or_default()
                .into(),
            message: message.and_then(Value::as_str).unwrap_or_default().into(),
        })
    }

    /// All elements of a list.
    pub(super) async fn list(
        &self,
        operation: &str,
        field: &str,
        mut fields: Value,
    ) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        loop {
            let mut page = self.call(operation, fields.clone()).await?.body;
            if let Value::Array(elements) = page[field].take() {
                all.extend(elements);
            }
            match page.get_mut("NextMarker") {
                Some(marker) => fields["Marker"] = marker.take(),
                None => return Ok(all),
            }
        }
    }

    /// Deploys a file under a name, and publishes it: its next version, unless the newest is
    /// the same. Answers the version's configuration.
    pub(super) async fn deploy(
        &self,
        name: &str,
        file: &Path,
        limits: Limits,
    ) -> anyhow::Result<Value> {
        let bytes =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let zip_file = STANDARD.encode(bytes);
        let settings = |mut fields: Value| {
            fields["Timeout"] = limits.timeout.as_secs().into();
            fields["Stepwell"] = json!({
                "Fuel": limits.fuel_max,
                "Memory": limits.memory_bytes_max >> 20,
            });
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
            Err(refused) if refused.name == "ResourceNotFoundException" => {
                let code = json!({ "ZipFile": zip_file });
                let create = settings(json!({
                    "FunctionName": name, "Role": ROLE, "Code": code, "Publish": true,
                }));
                self.call("CreateFunction", create).await
            }
            Err(refused) => bail!(refused),
        };
        let deployed = deployed.with_context(|| format!("{} as {name}", file.display()))?;
        Ok(deployed.body)
    }

    /// Whether a function is there.
    pub(super) async fn has(&self, name: &FunctionName) -> bool {
        let named = json!({ "FunctionName": name.qualified_arn() });
        self.call("GetFunctionConfiguration", named).await.is_ok()
    }
}
