//! `stepwell machine versions`.

use serde_json::{Value, json};

use super::super::endpoint::Reach;
use super::super::output::{self, date, show, text};
use super::super::{Outcome, arns};

/// Versions that a state machine may have. Source: AWS, quotas of Step Functions.
const VERSIONS_MAX: usize = 1_000;

/// List the versions of a state machine, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  stepwell machine versions orders")]
pub(super) struct Versions {
    /// Its name or ARN.
    name: String,
    /// Print JSON: what ListStateMachineVersions answers.
    #[arg(long)]
    json: bool,
}

impl Versions {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::machine(&endpoint, &self.name);
        let wanted = json!({ "stateMachineArn": arn });
        // Of one that is not there AWS lists nothing; a person wants to know.
        endpoint
            .call("DescribeStateMachine", wanted.clone())
            .await?;
        let (operation, field) = ("ListStateMachineVersions", "stateMachineVersions");
        let listed = endpoint.list(operation, field, wanted, VERSIONS_MAX);
        let versions = listed.await?.elements;
        show(
            self.json,
            &json!({ "stateMachineVersions": versions }),
            || table(&versions),
        )?;
        Ok(Outcome::Success)
    }
}

fn table(versions: &[Value]) -> String {
    let mut table = output::table(&["VERSION", "CREATED", "ARN"]);
    for version in versions {
        let arn = text(version, "stateMachineVersionArn");
        table.add_row([
            arn.rsplit(':').next().unwrap_or_default().to_owned(),
            date(version, "creationDate"),
            arn.to_owned(),
        ]);
    }
    table.trim_fmt()
}
