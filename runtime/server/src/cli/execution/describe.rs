//! `stepwell execution describe`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::cost::{self, Prices};
use super::super::endpoint::Reach;
use super::super::output::{self, date, moment, show, text};
use super::super::{Outcome, arns};

/// Show how an execution stands: its input, its output, or where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution describe order-17
  stepwell execution describe order-17 --cost
  stepwell execution describe orders:order-17 --json | jq -r .output")]
pub(super) struct Describe {
    /// Its name, MACHINE:NAME, or its ARN.
    name: String,
    /// Print JSON: what DescribeExecution answers.
    #[arg(long)]
    json: bool,
    /// Show what it used (transitions, fuel, GB-seconds) and what that costs.
    #[arg(long)]
    cost: bool,
    /// The price list: a TOML file, AWS's list unless named.
    #[arg(long, value_name = "FILE", env = "STEPWELL_PRICES")]
    prices: Option<PathBuf>,
}

impl Describe {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::execution(&endpoint, &self.name).await?;
        let wanted = json!({ "executionArn": arn, "stepwell": true });
        let told = endpoint.call("DescribeExecution", wanted).await?;
        if self.cost {
            let prices = Prices::read(self.prices.as_deref())?;
            let described = cost::described(&told, &prices)?;
            show(self.json, &described, || cost::in_words(&described))?;
            return Ok(Outcome::Success);
        }
        show(self.json, &told, || in_words(&told))?;
        Ok(Outcome::Success)
    }
}

fn in_words(told: &Value) -> String {
    let plain = |field: &'static str| (field, text(told, field).to_owned());
    let redriven = told["redriveCount"].as_u64().filter(|count| *count > 0);
    let states = told["stepwell"]["currentStates"].as_array();
    let states = states.into_iter().flatten().map(state);
    let mut fields = vec![
        plain("executionArn"),
        plain("stateMachineArn"),
        plain("stateMachineVersionArn"),
        plain("stateMachineAliasArn"),
        plain("mapRunArn"),
        plain("status"),
        ("startDate", date(told, "startDate")),
        ("stopDate", date(told, "stopDate")),
        (
            "redriveCount",
            redriven.map_or(String::new(), |count| count.to_string()),
        ),
        ("redriveDate", date(told, "redriveDate")),
    ];
    fields.extend(states.map(|state| ("in state", state)));
    fields.extend(["input", "output", "error", "cause"].map(plain));
    output::fields(&fields)
}

/// `Approve (Task) since 2026-11-28T12:00:01.123Z, waits for its task token`
fn state(state: &Value) -> String {
    let (name, kind) = (text(state, "name"), text(state, "type"));
    let mut told = format!("{name} ({kind}) since {}", date(state, "enteredDate"));
    if !state["taskToken"].is_null() {
        told.push_str(", waits for its task token");
    }
    if let Some(at) = moment(&state["untilDate"]) {
        told.push_str(&format!(", until {at}"));
    }
    if let Some(at) = moment(&state["timeoutDate"]) {
        told.push_str(&format!(", times out at {at}"));
    }
    if let Some(count) = state["retryCount"].as_u64().filter(|count| *count > 0) {
        told.push_str(&format!(", retry {count}"));
    }
    told
}
