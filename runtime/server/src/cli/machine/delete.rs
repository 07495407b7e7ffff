//! `stepwell machine delete`.

use anyhow::bail;
use serde_json::json;

use super::super::endpoint::Reach;
use super::super::{Outcome, arns, output};

/// Delete a state machine with its versions and aliases, or one version.
///
/// What runs goes on to its end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell machine delete orders
  stepwell machine delete orders:2")]
pub(super) struct Delete {
    /// Its name, NAME:VERSION, or an ARN of these.
    name: String,
}

impl Delete {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::machine(&endpoint, &self.name);
        let (operation, request) = match arns::qualified(&arn) {
            (_, None) => ("DeleteStateMachine", json!({ "stateMachineArn": arn })),
            (_, Some(version)) if arns::is_version(version) => (
                "DeleteStateMachineVersion",
                json!({ "stateMachineVersionArn": arn }),
            ),
            (_, Some(_)) => {
                let name = &self.name;
                bail!("{name} is an alias: stepwell machine alias delete {name}")
            }
        };
        // AWS answers alike whether there was one; a person wants to know.
        let there = json!({ "stateMachineArn": arn });
        endpoint.call("DescribeStateMachine", there).await?;
        endpoint.call(operation, request).await?;
        endpoint.close().await?;
        output::say(format_args!("{} is deleted", self.name));
        Ok(Outcome::Success)
    }
}
