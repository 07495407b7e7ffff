//! `stepwell execution`: what was run, how it stands, how it went.

use std::collections::BTreeMap;

use anyhow::bail;
use asl::Failure;
use asl::arn::ExecutionArn;
use asl::history::{EventId, Note, Record, Usage};
use asl::interpreter::{End, Execution as State};
use comfy_table::Table;
use engine::Told;
use journal::{Listing, Status, Summary, Under};
use serde_json::{Value, json};

use super::task::{Place, show};
use super::{Outcome, live, output};
use crate::wiring::Store;

/// Executions looked through for one of a name. Ours: a name may be used by many state
/// machines, and a list is walked for it; an ARN is found at once.
const SEARCH_MAX: usize = 100_000;

/// List, describe and stop executions, and read their histories.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Execution {
    /// List executions, newest first.
    #[command(after_help = "Example:
  stepwell execution list --status failed --limit 20 --data-dir ./data")]
    List {
        /// Only those that stand so: running, succeeded, failed, timed_out, aborted.
        #[arg(long, value_parser = parse_status)]
        status: Option<Status>,
        /// Only those of this state machine.
        #[arg(long)]
        state_machine: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        #[command(flatten)]
        place: Place,
    },
    /// Show how an execution stands: its input, its output, or where it is.
    #[command(after_help = "Example:
  stepwell execution describe order-17 --data-dir ./data")]
    Describe {
        /// Its name, or its ARN.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show the events of an execution, and what its attempts used.
    #[command(after_help = "Examples:
  stepwell execution history order-17 --data-dir ./data
  stepwell execution history order-17 --json --data-dir ./data | jq '.events[].type'")]
    History {
        /// Its name, or its ARN.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Stop an execution.
    #[command(after_help = "Example:
  stepwell execution stop order-17 --cause 'ordered twice' --data-dir ./data")]
    Stop {
        /// Its name, or its ARN.
        name: String,
        /// The error it ends with.
        #[arg(long)]
        error: Option<String>,
        /// Why.
        #[arg(long)]
        cause: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

impl Execution {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        match self {
            Self::List {
                status,
                state_machine,
                limit,
                place,
            } => {
                let store = Store::open(&place.data_dir)?;
                let under = state_machine.map(|name| {
                    Under::StateMachine(match name.starts_with("arn:") {
                        true => name.as_str().into(),
                        false => asl::arn::Place::default().state_machine(&name),
                    })
                });
                let limit = usize::try_from(limit)?;
                let listing = Listing {
                    under,
                    status,
                    limit,
                    ..Listing::default()
                };
                let listed = store.journal.list(&listing)?.summaries;
                let values: Vec<Value> = listed.iter().map(summary).collect();
                show(&place, &json!({ "executions": values }), || table(&listed))
            }
            Self::Describe { name, place } => {
                let store = Store::open(&place.data_dir)?;
                let found = find(&store, &name)?;
                let told = store.engine(None).tell(&found.execution)?;
                let described = describe(&found, &told.replay());
                show(&place, &described, || in_words(&described))
            }
            Self::History { name, place } => {
                let store = Store::open(&place.data_dir)?;
                let told = store.engine(None).tell(&find(&store, &name)?.execution)?;
                show(&place, &history(&told), || history_in_words(&told))
            }
            Self::Stop {
                name,
                error,
                cause,
                place,
            } => {
                let store = Store::open(&place.data_dir)?;
                let found = find(&store, &name)?;
                if found.status != Status::Running {
                    bail!(
                        "{} has ended already: {}",
                        found.opened.name,
                        found.status.as_str()
                    );
                }
                let failure = Failure {
                    error: error.as_deref().map(Into::into),
                    cause,
                };
                store.engine(None).stop(&found.execution, failure).await?;
                output::say(format_args!("{} is stopped", found.opened.name));
                Ok(Outcome::Success)
            }
        }
    }
}

fn parse_status(text: &str) -> Result<Status, String> {
    Status::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "one of running, succeeded, failed, timed_out, aborted".to_owned())
}

/// The execution of a name (the newest, if several state machines have one) or an ARN.
fn find(store: &Store, name: &str) -> anyhow::Result<Summary> {
    if name.starts_with("arn:") {
        return Ok(store.journal.summary(&ExecutionArn::from(name))?);
    }
    let mut listing = Listing {
        limit: 1000,
        ..Listing::default()
    };
    let mut looked = 0;
    loop {
        let page = store.journal.list(&listing)?;
        looked += page.summaries.len();
        if let Some(found) = page
            .summaries
            .into_iter()
            .find(|one| one.opened.name == name)
        {
            return Ok(found);
        }
        match page.next {
            Some(next) if looked < SEARCH_MAX => listing.after = Some(next),
            Some(_) => bail!("{name} is not among the newest {looked} executions; give its ARN"),
            None => bail!("no execution is named {name}; see: stepwell execution list"),
        }
    }
}

fn summary(found: &Summary) -> Value {
    json!({
        "executionArn": found.execution.as_str(),
        "stateMachineArn": found.opened.state_machine.as_str(),
        "name": found.opened.name,
        "status": found.status.as_str(),
        "startDate": found.opened.started_at.to_string(),
        "stopDate": found.stopped_at.map(|at| at.to_string()),
    })
}

fn describe(found: &Summary, state: &State) -> Value {
    let mut described = summary(found);
    described["input"] = state.input().text().into();
    match state.end() {
        None => {
            let states: Vec<&str> = state.current_states().collect();
            described["currentStates"] = json!(states);
        }
        Some(End::Succeeded(output)) => described["output"] = output.text().into(),
        Some(End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure)) => {
            described["error"] = json!(failure.error);
            described["cause"] = json!(failure.cause);
        }
    }
    described
}

fn in_words(described: &Value) -> String {
    let fields = described.as_object().into_iter().flatten();
    let lines = fields
        .filter(|(_, value)| !value.is_null())
        .map(|(field, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{field:16} {text}")
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// GetExecutionHistory's answer, and beside it what each attempt used.
fn history(told: &Told) -> Value {
    let events = told.records.iter().filter_map(|record| match record {
        Record::Event(_, event) => Some(event.to_aws()),
        Record::Note(_) => None,
    });
    let events: Vec<Value> = events.collect();
    let used: serde_json::Map<String, Value> = used(told)
        .into_iter()
        .map(|(event, usage)| (event.0.to_string(), json!(usage)))
        .collect();
    json!({ "events": events, "attemptsUsed": used })
}

fn used(told: &Told) -> BTreeMap<EventId, Usage> {
    let notes = told.records.iter().filter_map(|record| match record {
        Record::Note(Note::Used { scheduled, usage }) => Some((*scheduled, *usage)),
        _ => None,
    });
    notes.collect()
}

fn history_in_words(told: &Told) -> String {
    let used = used(told);
    let mut table = plain_table(&["ID", "PREV", "TIME (UTC)", "EVENT", "", "USED"]);
    for record in &told.records {
        let Record::Event(_, event) = record else {
            continue;
        };
        let usage = used.get(&event.id).map(|usage| {
            format!(
                "fuel {}, {} KiB, {:.2} ms",
                usage.fuel,
                usage.memory_bytes_peak >> 10,
                usage.wall_time.as_secs_f64() * 1000.0
            )
        });
        table.add_row([
            event.id.0.to_string(),
            event.previous.0.to_string(),
            live::time_of_day(event.timestamp),
            event.detail.event_type(),
            live::about(&event.detail),
            usage.unwrap_or_default(),
        ]);
    }
    table.trim_fmt()
}

fn table(listed: &[Summary]) -> String {
    let mut table = plain_table(&["NAME", "STATUS", "STATE MACHINE", "STARTED", "STOPPED"]);
    for one in listed {
        table.add_row([
            one.opened.name.clone(),
            one.status.as_str().to_owned(),
            one.opened.state_machine.name().to_owned(),
            one.opened.started_at.to_string(),
            one.stopped_at.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    table.trim_fmt()
}

/// A table with no lines: what `column -t` would make. An empty header is none.
pub(super) fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    table
}
