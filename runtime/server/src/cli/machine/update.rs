//! `stepwell machine update`.

use std::path::PathBuf;

use asl::validate::MachineType;
use serde_json::json;

use super::super::endpoint::Reach;
use super::super::output::{self, show, text};
use super::super::{Outcome, arns, definition_file};
use super::settings::Settings;

/// Change a state machine: its definition, its role, what is logged.
///
/// What runs already goes on with the definition it was started with.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell machine update orders definition.asl.json --publish
  stepwell machine update orders --logging logging.json")]
pub(super) struct Update {
    /// Its name or ARN.
    name: String,
    /// The new definition.
    file: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    /// Print JSON: what UpdateStateMachine answers.
    #[arg(long)]
    json: bool,
}

impl Update {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::machine(&endpoint, &self.name);
        let mut request = json!({ "stateMachineArn": arn });
        self.settings.put(&mut request, None)?;
        if let Some(file) = &self.file {
            let wanted = json!({ "stateMachineArn": arn });
            let stands = endpoint.call("DescribeStateMachine", wanted).await?;
            let kind = match text(&stands, "type") {
                "EXPRESS" => MachineType::Express,
                _ => MachineType::Standard,
            };
            match definition_file::text(file, kind)? {
                Ok(definition) => request["definition"] = definition.into(),
                Err(outcome) => return Ok(outcome),
            }
        }
        let updated = endpoint.call("UpdateStateMachine", request).await?;
        endpoint.close().await?;
        match (self.json, text(&updated, "stateMachineVersionArn")) {
            (false, "") => output::say(format_args!("{} is updated", self.name)),
            (json, version) => show(json, &updated, || version.to_owned())?,
        }
        Ok(Outcome::Success)
    }
}
