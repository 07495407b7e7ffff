//! `stepwell machine describe`.

use anyhow::bail;
use serde_json::{Value, json};

use super::super::endpoint::Reach;
use super::super::output::{self, date, show, text};
use super::super::{Outcome, arns};

/// Show a state machine, or a version of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell machine describe orders
  stepwell machine describe orders:3 --definition > orders-3.asl.json")]
pub(super) struct Describe {
    /// Its name, NAME:VERSION, or an ARN of these.
    name: String,
    /// Print its definition alone.
    #[arg(long, conflicts_with = "json")]
    definition: bool,
    /// Print JSON: what DescribeStateMachine answers.
    #[arg(long)]
    json: bool,
}

impl Describe {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::machine(&endpoint, &self.name);
        if arns::qualified(&arn)
            .1
            .is_some_and(|name| !arns::is_version(name))
        {
            let name = &self.name;
            bail!("{name} is an alias: stepwell machine alias describe {name}");
        }
        let wanted = json!({ "stateMachineArn": arn });
        let told = endpoint.call("DescribeStateMachine", wanted).await?;
        show(self.json, &told, || match self.definition {
            true => text(&told, "definition").trim_end().to_owned(),
            false => in_words(&told),
        })?;
        Ok(Outcome::Success)
    }
}

fn in_words(told: &Value) -> String {
    let plain = |field: &'static str| (field, text(told, field).to_owned());
    let logging = &told["loggingConfiguration"];
    let level = match text(logging, "level") {
        "" | "OFF" => String::new(),
        level if logging["includeExecutionData"] == true => format!("{level}, with data"),
        level => level.to_owned(),
    };
    output::fields(&[
        plain("name"),
        plain("stateMachineArn"),
        plain("type"),
        plain("status"),
        plain("description"),
        ("creationDate", date(told, "creationDate")),
        plain("revisionId"),
        plain("roleArn"),
        ("logging", level),
        plain("definition"),
    ])
}
