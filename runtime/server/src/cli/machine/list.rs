//! `stepwell machine list`.

use serde_json::{Value, json};

use super::super::Outcome;
use super::super::endpoint::Reach;
use super::super::output::{self, date, show, text};

/// List state machines.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell machine list
  stepwell machine list --json | jq -r '.stateMachines[].name'")]
pub(super) struct List {
    /// At most this many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Print JSON: what ListStateMachines answers.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let (operation, field) = ("ListStateMachines", "stateMachines");
        let endpoint = reach.open()?;
        let listed = endpoint.list(operation, field, json!({}), self.limit.into());
        let listed = listed.await?;
        let machines = &listed.elements;
        show(self.json, &json!({ "stateMachines": machines }), || {
            table(machines)
        })?;
        if listed.has_more {
            output::say("note: there are more; --limit says how many");
        }
        Ok(Outcome::Success)
    }
}

fn table(machines: &[Value]) -> String {
    let mut table = output::table(&["NAME", "TYPE", "CREATED", "ARN"]);
    for machine in machines {
        table.add_row([
            text(machine, "name").to_owned(),
            text(machine, "type").to_owned(),
            date(machine, "creationDate"),
            text(machine, "stateMachineArn").to_owned(),
        ]);
    }
    table.trim_fmt()
}
