//! What a state machine has beside its definition, as flags.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::super::input;

/// Flags of `create` and `update`.
#[derive(Debug, clap::Args)]
pub(super) struct Settings {
    /// The IAM role; only shown here, but AWS wants one.
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// What is logged: a file of JSON in the form of AWS's loggingConfiguration, such as
    /// {"level": "ERROR", "includeExecutionData": true}.
    #[arg(long, value_name = "FILE")]
    logging: Option<String>,
    /// Publish what it then is as a version.
    #[arg(long)]
    publish: bool,
    /// What is new in the version.
    #[arg(long, value_name = "TEXT", requires = "publish")]
    description: Option<String>,
}

impl Settings {
    /// Puts what was given into a request.
    pub(super) fn put(
        &self,
        request: &mut Value,
        role_default: Option<String>,
    ) -> anyhow::Result<()> {
        if let Some(role) = self.role.clone().or(role_default) {
            request["roleArn"] = role.into();
        }
        if let Some(file) = &self.logging {
            request["loggingConfiguration"] = logging(file)?;
        }
        if self.publish {
            request["publish"] = true.into();
            request["versionDescription"] = json!(self.description);
        }
        Ok(())
    }
}

fn logging(file: &str) -> anyhow::Result<Value> {
    let text = input::file(file)?;
    let told: Value = serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?;
    // A whole answer of DescribeStateMachine is as good.
    match told.get("loggingConfiguration").unwrap_or(&told) {
        Value::Object(fields) => Ok(Value::Object(fields.clone())),
        _ => bail!("{file} must be an object: {{\"level\": \"ALL|ERROR|FATAL|OFF\", …}}"),
    }
}
