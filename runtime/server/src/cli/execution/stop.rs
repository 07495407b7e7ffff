//! `stepwell execution stop`.

use anyhow::bail;
use serde_json::json;

use super::super::endpoint::Reach;
use super::super::output::{self, text};
use super::super::{Outcome, arns};

/// Stop an execution: it ends as ABORTED, and a Task that it runs ends with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  stepwell execution stop order-17 --cause 'ordered twice'")]
pub(super) struct Stop {
    /// Its name, MACHINE:NAME, or its ARN.
    name: String,
    /// The error it ends with.
    #[arg(long)]
    error: Option<String>,
    /// Why.
    #[arg(long)]
    cause: Option<String>,
}

impl Stop {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::execution(&endpoint, &self.name).await?;
        let wanted = json!({ "executionArn": arn, "includedData": "METADATA_ONLY" });
        let stands = endpoint.call("DescribeExecution", wanted).await?;
        let status = text(&stands, "status");
        if status != "RUNNING" {
            // AWS answers that it is stopped, and leaves it as it is.
            bail!("{} has ended already: {status}", arns::short(&arn));
        }
        let stop = json!({ "executionArn": arn, "error": self.error, "cause": self.cause });
        endpoint.call("StopExecution", stop).await?;
        endpoint.close().await?;
        output::say(format_args!("{} is stopped", arns::short(&arn)));
        Ok(Outcome::Success)
    }
}
