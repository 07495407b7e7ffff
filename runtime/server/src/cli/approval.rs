//! `stepwell approval`: what people are asked, and what they answer.
//!
//! A Task that ends in `.waitForTaskToken` waits until somebody who has its token answers. Which
//! Tasks those are only the executions know: there is no table of tokens, so executions that run
//! are asked one by one where they are, the newest first.

use anyhow::bail;
use asl::interpreter::TaskToken;
use asl::limits::NAME_CHARS_MAX;
use serde_json::{Value, json};

use super::endpoint::{CallError, Endpoint, Reach};
use super::execution::{executions, say_who_goes_on};
use super::output::{self, date, show, text};
use super::{Outcome, arns, input};

/// Tasks that wait for somebody's answer: those with .waitForTaskToken.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  stepwell approval list
  stepwell approval approve order-17"
)]
pub(super) struct Approval {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the Tasks that wait for their task token, with their execution and since when.
    ///
    /// The executions that run are asked one by one, newest first. --json has the tokens.
    #[command(after_help = "Examples:
  stepwell approval list
  stepwell approval list --json | jq -r '.approvals[] | select(.state == \"Approve\").taskToken'")]
    List {
        /// Only those of this state machine.
        #[arg(short = 'm', long, value_name = "NAME|ARN")]
        state_machine: Option<String>,
        /// Look at so many running executions.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// Print JSON, with the tokens.
        #[arg(long)]
        json: bool,
    },
    /// Answer a Task that waits: it succeeds with this output.
    #[command(after_help = "Examples:
  stepwell approval approve order-17 --output '{\"approvedBy\": \"kim\"}'
  stepwell approval approve orders:order-17 --state Approve
  stepwell approval approve \"$TASK_TOKEN\"")]
    Approve {
        #[command(flatten)]
        task: Task,
        /// What the Task gives: JSON, @FILE, or - for standard input.
        #[arg(short, long, default_value = "{}", value_name = "JSON")]
        output: String,
    },
    /// Answer a Task that waits: it fails with this error, which Retry and Catch can match.
    #[command(after_help = "Example:
  stepwell approval reject order-17 --error Declined --cause 'over the limit'")]
    Reject {
        #[command(flatten)]
        task: Task,
        /// The error's name.
        #[arg(long, default_value = "Rejected")]
        error: String,
        /// Why.
        #[arg(long)]
        cause: Option<String>,
    },
}

/// Which Task is meant.
#[derive(Debug, clap::Args)]
struct Task {
    /// Its task token; or the execution, if one Task of it waits: its name, MACHINE:NAME, or ARN.
    #[arg(value_name = "TOKEN|EXECUTION")]
    task: String,
    /// The state, where several of the execution wait.
    #[arg(long)]
    state: Option<String>,
}

impl Approval {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let endpoint = self.reach.open()?;
        match self.command {
            Command::List {
                state_machine,
                limit,
                json,
            } => list(&endpoint, state_machine, limit.into(), json).await?,
            Command::Approve { task, output } => {
                let output = input::payload(&output)?;
                let token = task.token(&endpoint).await?;
                let answer = json!({ "taskToken": token, "output": output.text() });
                endpoint.call("SendTaskSuccess", answer).await?;
                say_answered(&endpoint, &token, "is approved");
            }
            Command::Reject { task, error, cause } => {
                let token = task.token(&endpoint).await?;
                let answer = json!({ "taskToken": token, "error": error, "cause": cause });
                endpoint.call("SendTaskFailure", answer).await?;
                say_answered(&endpoint, &token, "is rejected");
            }
        }
        endpoint.close().await?;
        Ok(Outcome::Success)
    }
}

/// A token of ours names its execution.
fn say_answered(endpoint: &Endpoint, token: &str, done: &str) {
    match TaskToken::parse(token) {
        Some(token) => say_who_goes_on(endpoint, token.execution.as_str(), done),
        None => output::say(format_args!("the Task {done}")),
    }
}

impl Task {
    /// Its token: as it was given, or of the one Task that waits.
    async fn token(&self, endpoint: &Endpoint) -> anyhow::Result<String> {
        // Any token is longer than any name, and has no colon.
        let is_name = self.task.contains(':') || self.task.len() <= NAME_CHARS_MAX;
        if !is_name {
            return Ok(self.task.clone());
        }
        let arn = arns::execution(endpoint, &self.task).await?;
        let mut waiting = waiting(endpoint, &arn).await?;
        waiting.retain(|one| {
            let wanted = self.state.as_deref();
            wanted.is_none_or(|state| text(one, "state") == state)
        });
        match waiting.as_slice() {
            [one] => Ok(text(one, "taskToken").to_owned()),
            [] => bail!("no Task of {} waits for its token", arns::short(&arn)),
            many => {
                let states: Vec<&str> = many.iter().map(|one| text(one, "state")).collect();
                bail!(
                    "{} Tasks of {} wait: {}; name one with --state, or give its token \
                     (stepwell approval list --json)",
                    many.len(),
                    arns::short(&arn),
                    states.join(", ")
                )
            }
        }
    }
}

async fn list(
    endpoint: &Endpoint,
    state_machine: Option<String>,
    limit: usize,
    json: bool,
) -> anyhow::Result<()> {
    let (machine, status) = (state_machine.as_deref(), Some("RUNNING"));
    let running = executions(endpoint, machine, status, limit).await?;
    let mut all = Vec::new();
    for execution in &running.elements {
        match waiting(endpoint, text(execution, "executionArn")).await {
            Ok(waiting) => all.extend(waiting),
            // It ended, and was forgotten, in the meantime.
            Err(error) if error.is(&["ExecutionDoesNotExist"]) => {}
            Err(error) => return Err(error.into()),
        }
    }
    show(json, &json!({ "approvals": all }), || table(&all))?;
    if running.has_more {
        output::say(format_args!(
            "note: only the newest {limit} executions that run were looked at; --limit says how \
             many"
        ));
    }
    Ok(())
}

/// The Tasks of an execution that wait for their token.
async fn waiting(endpoint: &Endpoint, arn: &str) -> Result<Vec<Value>, CallError> {
    let wanted = json!({
        "executionArn": arn,
        "includedData": "METADATA_ONLY",
        "stepwell": true,
    });
    let told = endpoint.call("DescribeExecution", wanted).await?;
    let states = told["stepwell"]["currentStates"].as_array();
    let states = states.into_iter().flatten();
    let waiting = states.filter(|state| !state["taskToken"].is_null());
    let described = waiting.map(|state| {
        json!({
            "state": state["name"],
            "executionArn": arn,
            "stateMachineArn": told["stateMachineArn"],
            "since": state["enteredDate"],
            "timeoutDate": state["timeoutDate"],
            "taskToken": state["taskToken"],
        })
    });
    Ok(described.collect())
}

fn table(approvals: &[Value]) -> String {
    let mut table = output::table(&["STATE", "EXECUTION", "SINCE", "TIMES OUT"]);
    for one in approvals {
        table.add_row([
            text(one, "state").to_owned(),
            arns::short(text(one, "executionArn")).to_owned(),
            date(one, "since"),
            date(one, "timeoutDate"),
        ]);
    }
    table.trim_fmt()
}
