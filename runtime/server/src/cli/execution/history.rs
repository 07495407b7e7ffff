//! `stepwell execution history`.

use anyhow::bail;
use serde_json::{Map, Value, json};

use super::super::endpoint::{Endpoint, Reach};
use super::super::event::{Event, time_of_day};
use super::super::output::{self, show};
use super::super::{Outcome, arns};

/// Events of a page. Ours: each may have a long payload, and a page is held whole.
const PAGE: usize = 200;

/// The longest history that is held, in bytes of JSON. Ours: it is printed as one table, or one
/// value.
const HISTORY_BYTES_MAX: usize = 512 << 20;

/// Show the events of an execution, and what its attempts used.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution history order-17
  stepwell execution history order-17 --reverse --limit 10
  stepwell execution history orders:order-17 --json | jq '.events[].type'")]
pub(super) struct History {
    /// Its name, MACHINE:NAME, or its ARN.
    name: String,
    /// Newest first.
    #[arg(long)]
    reverse: bool,
    /// At most this many events; no history has more than 25,000.
    #[arg(long, default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(1..=25_000))]
    limit: u32,
    /// Print JSON: what GetExecutionHistory answers, and beside it what attempts used.
    #[arg(long)]
    json: bool,
}

impl History {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        let arn = arns::execution(&endpoint, &self.name).await?;
        let told = self.read(&endpoint, &arn).await?;
        let whole = json!({ "events": told.events, "attemptsUsed": told.used });
        show(self.json, &whole, || table(&told))?;
        if told.has_more {
            output::say("note: there are more events; --limit says how many");
        }
        Ok(Outcome::Success)
    }

    async fn read(&self, endpoint: &Endpoint, arn: &str) -> anyhow::Result<Told> {
        let limit = usize::try_from(self.limit)?;
        let mut told = Told::default();
        let mut bytes = 0;
        let mut wanted = json!({
            "executionArn": arn,
            "reverseOrder": self.reverse,
            "maxResults": PAGE.min(limit),
            "stepwell": true,
        });
        loop {
            let mut page = endpoint.call("GetExecutionHistory", wanted.clone()).await?;
            bytes += page["events"].to_string().len();
            if bytes > HISTORY_BYTES_MAX {
                bail!(
                    "the history has more than {HISTORY_BYTES_MAX} bytes; read less with --limit"
                );
            }
            if let Value::Array(events) = page["events"].take() {
                told.events.extend(events);
            }
            if let Value::Object(used) = page["stepwell"]["attemptsUsed"].take() {
                told.used.extend(used);
            }
            let next = page["nextToken"].take();
            if next.is_null() || told.events.len() >= limit {
                told.has_more = !next.is_null() || told.events.len() > limit;
                told.events.truncate(limit);
                return Ok(told);
            }
            wanted["nextToken"] = next;
        }
    }
}

#[derive(Default)]
struct Told {
    events: Vec<Value>,
    /// By the id of the event that scheduled the attempt.
    used: Map<String, Value>,
    has_more: bool,
}

fn table(told: &Told) -> String {
    let mut table = output::table(&["ID", "PREV", "TIME (UTC)", "EVENT", "", "USED"]);
    for event in &told.events {
        let event = Event::read(event);
        let used = told.used.get(&event.id.to_string());
        table.add_row([
            event.id.to_string(),
            event.previous.to_string(),
            time_of_day(event.at),
            event.kind,
            event.about,
            used.map(in_words).unwrap_or_default(),
        ]);
    }
    table.trim_fmt()
}

/// `fuel 6749, 192 KiB, 0.73 ms`
fn in_words(used: &Value) -> String {
    let Ok(used) = serde_json::from_value::<asl::history::Usage>(used.clone()) else {
        return String::new();
    };
    format!(
        "fuel {}, {} KiB, {:.2} ms",
        used.fuel,
        used.memory_bytes_peak >> 10,
        used.wall_time.as_secs_f64() * 1000.0
    )
}
