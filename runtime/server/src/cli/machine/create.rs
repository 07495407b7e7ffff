//! `stepwell machine create`.

use std::path::PathBuf;

use serde_json::json;

use super::super::endpoint::Reach;
use super::super::output::{show, text};
use super::super::run::Kind;
use super::super::{Outcome, definition_file};
use super::settings::Settings;

/// Create a state machine from a definition, and print its ARN.
///
/// The definition is checked first; all that is wrong with it is told with its place. The same
/// command again is no error: what is there already, and the same, is left.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell machine create orders definition.asl.json
  stepwell machine create quick definition.asl.json --type express --logging logging.json")]
pub(super) struct Create {
    /// Its name: 1 to 80 characters.
    name: String,
    /// The definition.
    file: PathBuf,
    /// Standard keeps a history; Express is quick and keeps nothing.
    #[arg(long = "type", default_value = "standard")]
    kind: Kind,
    #[command(flatten)]
    settings: Settings,
    /// A tag.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Print JSON: what CreateStateMachine answers.
    #[arg(long)]
    json: bool,
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

impl Create {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let definition = match definition_file::text(&self.file, self.kind.into())? {
            Ok(definition) => definition,
            Err(outcome) => return Ok(outcome),
        };
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| json!({ "key": key, "value": value }));
        let mut request = json!({
            "name": self.name,
            "definition": definition,
            "type": match self.kind {
                Kind::Standard => "STANDARD",
                Kind::Express => "EXPRESS",
            },
            "tags": tags.collect::<Vec<_>>(),
        });
        let endpoint = reach.open_or_make()?;
        self.settings.put(&mut request, Some(endpoint.role()))?;
        let created = endpoint.call("CreateStateMachine", request).await?;
        endpoint.close().await?;
        show(self.json, &created, || {
            let version = text(&created, "stateMachineVersionArn");
            match version {
                "" => text(&created, "stateMachineArn").to_owned(),
                version => version.to_owned(),
            }
        })?;
        Ok(Outcome::Success)
    }
}
