//! `stepwell machine publish`.

use serde_json::json;

use super::super::endpoint::Reach;
use super::super::output::{show, text};
use super::super::{Outcome, arns};

/// Publish a state machine as it is now as its next version, and print the version's ARN.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  stepwell machine publish orders --description 'gift wrapping'")]
pub(super) struct Publish {
    /// Its name or ARN.
    name: String,
    /// What is new in it.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Print JSON: what PublishStateMachineVersion answers.
    #[arg(long)]
    json: bool,
}

impl Publish {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let request = json!({
            "stateMachineArn": arns::machine(&endpoint, &self.name),
            "description": self.description,
        });
        let published = endpoint.call("PublishStateMachineVersion", request).await?;
        endpoint.close().await?;
        show(self.json, &published, || {
            text(&published, "stateMachineVersionArn").to_owned()
        })?;
        Ok(Outcome::Success)
    }
}
