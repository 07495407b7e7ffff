//! `stepwell execution list`.

use serde_json::{Value, json};

use super::super::endpoint::{CallError, Endpoint, Listed, Reach};
use super::super::output::{self, date, show, text};
use super::super::{Outcome, arns};

/// List executions, newest first.
///
/// Those of Express state machines are not kept, so not listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution list --status failed --limit 20
  stepwell execution list --state-machine orders --json | jq -r '.executions[].executionArn'")]
pub(super) struct List {
    /// Only those that stand so: running, succeeded, failed, timed_out, aborted.
    #[arg(long, value_parser = status)]
    status: Option<String>,
    /// Only those of this state machine, version or alias; or of this Map Run, by its ARN.
    #[arg(short = 'm', long, value_name = "NAME|ARN")]
    state_machine: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Print JSON: what ListExecutions answers.
    #[arg(long)]
    json: bool,
}

fn status(word: &str) -> Result<String, String> {
    let word = word.to_ascii_uppercase().replace('-', "_");
    let known = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];
    match known.contains(&&*word) {
        true => Ok(word),
        false => Err("one of running, succeeded, failed, timed_out, aborted".to_owned()),
    }
}

impl List {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let (machine, status) = (self.state_machine.as_deref(), self.status.as_deref());
        let listed = executions(&endpoint, machine, status, self.limit.into()).await?;
        let found = &listed.elements;
        show(self.json, &json!({ "executions": found }), || table(found))?;
        if listed.has_more {
            output::say("note: there are more; --limit says how many");
        }
        Ok(Outcome::Success)
    }
}

/// Executions of one state machine, or of all; the newest.
pub(in crate::cli) async fn executions(
    endpoint: &Endpoint,
    state_machine: Option<&str>,
    status: Option<&str>,
    limit: usize,
) -> anyhow::Result<Listed> {
    if let Some(name) = state_machine {
        return Ok(of_one(endpoint, name, status, limit).await?);
    }
    let (mut elements, mut has_more) = (Vec::new(), false);
    for machine in arns::machines(endpoint).await? {
        let arn = text(&machine, "stateMachineArn");
        let listed = of_one(endpoint, arn, status, limit).await?;
        elements.extend(listed.elements);
        newest_first(&mut elements);
        has_more |= listed.has_more || elements.len() > limit;
        elements.truncate(limit);
    }
    Ok(Listed { elements, has_more })
}

async fn of_one(
    endpoint: &Endpoint,
    name: &str,
    status: Option<&str>,
    limit: usize,
) -> Result<Listed, CallError> {
    let request = match name.contains(":mapRun:") {
        true => json!({ "mapRunArn": name, "statusFilter": status }),
        false => json!({
            "stateMachineArn": arns::machine(endpoint, name),
            "statusFilter": status,
        }),
    };
    let listed = endpoint.list("ListExecutions", "executions", request, limit);
    listed.await
}

fn newest_first(executions: &mut [Value]) {
    let started = |execution: &Value| execution["startDate"].as_f64().unwrap_or_default();
    executions.sort_by(|one, other| started(other).total_cmp(&started(one)));
}

fn table(listed: &[Value]) -> String {
    let mut table = output::table(&["NAME", "STATUS", "STATE MACHINE", "STARTED", "STOPPED"]);
    for one in listed {
        let machine = text(one, "stateMachineArn");
        table.add_row([
            text(one, "name").to_owned(),
            text(one, "status").to_owned(),
            machine.rsplit(':').next().unwrap_or_default().to_owned(),
            date(one, "startDate"),
            date(one, "stopDate"),
        ]);
    }
    table.trim_fmt()
}
