//! `stepwell execution redrive`.

use serde_json::json;

use super::super::buckets::BucketFolders;
use super::super::endpoint::Reach;
use super::super::{Outcome, arns, output};
use super::start::say_who_goes_on;
use super::watch::{self, Looks};

/// Let an execution that failed, timed out or was stopped go on where it ended.
///
/// What succeeded in it is not done again. AWS allows it within 14 days.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution redrive order-17
  stepwell execution redrive orders:order-17 --wait")]
pub(super) struct Redrive {
    /// Its name, MACHINE:NAME, or its ARN.
    name: String,
    /// Follow it to its end, and leave with its exit code.
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    looks: Looks,
    #[command(flatten)]
    buckets: BucketFolders,
}

impl Redrive {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = match self.wait {
            true => reach.open_and_run(&self.buckets)?,
            false => reach.open()?,
        };
        let arn = arns::execution(&endpoint, &self.name).await?;
        let wanted = json!({ "executionArn": arn });
        let redriven = endpoint.call("RedriveExecution", wanted).await?;
        let outcome = match self.wait {
            true => watch::follow(&endpoint, &arn, &self.looks).await?,
            false => {
                if self.looks.json {
                    output::print_json(&redriven)?;
                }
                say_who_goes_on(&endpoint, &arn, "is redriven");
                Outcome::Success
            }
        };
        endpoint.close().await?;
        Ok(outcome)
    }
}
