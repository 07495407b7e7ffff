//! `stepwell task verify`: a new module, given what attempts of the past were given.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use asl::history::Usage;
use asl::{Failure, Payload};
use engine::{FunctionName, Modules, PastAttempt, PastAttempts};
use host::wasm::WasmHost;
use host::{Attempt, Grants, Limits, Module, TaskHost};
use serde_json::{Value, json};

use super::endpoint::Reach;
use super::source::Source;
use super::{Outcome, output};
use crate::wiring::Store;

/// Attempts that one call verifies at most: each is run anew, one after the other.
const ATTEMPTS_MAX: u64 = 10_000;

/// Attempts whose difference is kept to be shown; the others are counted.
const DIFFERENCES_SHOWN_MAX: usize = 100;

/// An answer as it is shown, in bytes: many of 256 KiB would fill the memory.
const SHOWN_BYTES_MAX: usize = 4 << 10;

/// An answer in the table, in characters.
const CELL_CHARS_MAX: usize = 48;

/// Give a new module what past attempts of a task were given, and show where it differs.
///
/// The recorded attempts of all versions are taken from the data directory, newest first. The
/// module is not deployed, and nothing is granted to it. Time and chance are as they were for
/// each attempt. Exits with 1 when an output or a failure differs, or when more fuel is taken
/// than --fuel-percent allows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell task verify charge charge-2.wasm --data-dir ./data
  stepwell task verify charge charge-2.wasm --last 1000 --fuel-percent 10 --json --data-dir ./data")]
pub(super) struct Verify {
    /// The task whose past is taken.
    name: String,
    /// The new module: a file, or oci://REGISTRY/REPOSITORY[:TAG][@DIGEST].
    #[arg(value_name = "FILE|oci://…")]
    source: Source,
    /// How many attempts, newest first.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=ATTEMPTS_MAX))]
    last: u64,
    /// Also fail when an attempt takes this much more fuel than it did; any amount is allowed
    /// without.
    #[arg(long)]
    fuel_percent: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How an attempt ended, then and now.
struct Compared {
    past: PastAttempt,
    result: Result<Payload, Failure>,
    usage: Usage,
}

/// What differs first, in the order in which it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    /// One succeeded, the other failed.
    Outcome,
    Output,
    Failure,
    /// Only the fuel, beyond what is allowed.
    Fuel,
}

/// What was seen of all attempts.
#[derive(Default)]
struct Report {
    attempts: u64,
    differ: u64,
    shown: Vec<(Difference, Compared)>,
    fuel: (u64, u64),
    time: (Duration, Duration),
}

impl Verify {
    pub(super) async fn execute(&self, reach: &Reach) -> anyhow::Result<Outcome> {
        let (store, place) = reach.open_store()?;
        let function = FunctionName::read(&self.name, &place);
        let host = WasmHost::in_memory()?;
        let module = self.module(&host, &store, &function).await?;
        let mut past = PastAttempts::of(Arc::clone(&store.journal), function);
        let mut report = Report::default();
        while report.attempts < self.last {
            let Some(attempt) = past.next_back()? else {
                break;
            };
            let compared = again(&host, &module, attempt).await?;
            report.take(compared, self.fuel_percent);
        }
        if report.attempts == 0 {
            bail!(
                "no attempt of {} that came to an end is recorded: there is nothing to verify with",
                self.name
            );
        }
        output::show(self.json, &report.as_json(), || report.in_words())?;
        Ok(match report.differ {
            0 => Outcome::Success,
            _ => Outcome::Failure,
        })
    }

    /// The new module, with the limits that the task has now.
    async fn module(
        &self,
        host: &WasmHost,
        store: &Store,
        function: &FunctionName,
    ) -> anyhow::Result<Module> {
        let file = &self.source;
        let bytes = file.read().await?.bytes;
        let prepared = host.prepare(bytes).await;
        let prepared = prepared.with_context(|| file.to_string())?;
        let newest = FunctionName {
            qualifier: None,
            ..function.clone()
        };
        // What was deleted since has attempts, but no limits of its own.
        let deployed = store.functions.find(&newest, 0).map(|(module, _)| module);
        let deployed = deployed.unwrap_or_else(|_| {
            let limits = Limits::default();
            Module::pure(prepared.digest.clone(), limits)
        });
        Ok(Module {
            digest: prepared.digest,
            limits: deployed.limits,
            // Its variables and no more: nothing outside is to be done a second time.
            grants: Arc::new(Grants {
                environment: deployed.grants.environment.clone(),
                ..Grants::default()
            }),
        })
    }
}

/// Runs an attempt again, on the new module.
async fn again(
    host: &WasmHost,
    module: &Module,
    past: PastAttempt,
) -> Result<Compared, host::Error> {
    let outcome = host
        .run(Attempt {
            module: module.clone(),
            input: past.input.clone(),
            context: past.context.clone(),
            on_heartbeat: Arc::new(|| {}),
        })
        .await?;
    Ok(Compared {
        past,
        result: outcome.result,
        usage: outcome.usage,
    })
}

impl Compared {
    fn difference(&self, fuel_percent: Option<u64>) -> Option<Difference> {
        match (&self.past.result, &self.result) {
            (Ok(was), Ok(now)) if was.value() != now.value() => Some(Difference::Output),
            (Err(was), Err(now)) if was != now => Some(Difference::Failure),
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => Some(Difference::Outcome),
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {
                let (was, now) = (self.past.usage.fuel, self.usage.fuel);
                let allowed = |percent: u64| {
                    u128::from(was) * (100 + u128::from(percent)) >= u128::from(now) * 100
                };
                let within = fuel_percent.is_none_or(allowed);
                (!within).then_some(Difference::Fuel)
            }
        }
    }

    fn as_json(&self, difference: Difference) -> Value {
        let ended = |result: &Result<Payload, Failure>, usage: &Usage| {
            let mut ended = match result {
                Ok(output) => json!({ "output": cut(output.text()) }),
                Err(failure) => json!({
                    "error": failure.error_name(),
                    "cause": cut(failure.cause.as_deref().unwrap_or_default()),
                }),
            };
            ended["fuel"] = usage.fuel.into();
            ended["milliseconds"] = milliseconds(usage.wall_time).into();
            ended
        };
        json!({
            "executionArn": self.past.execution.as_str(),
            "stateName": self.past.context.state_name,
            "eventId": self.past.scheduled.0,
            "differs": difference.word(),
            "input": cut(self.past.input.text()),
            "was": ended(&self.past.result, &self.past.usage),
            "now": ended(&self.result, &self.usage),
        })
    }
}

impl Difference {
    fn word(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Output => "output",
            Self::Failure => "failure",
            Self::Fuel => "fuel",
        }
    }
}

impl Report {
    fn take(&mut self, compared: Compared, fuel_percent: Option<u64>) {
        self.attempts += 1;
        self.fuel.0 += compared.past.usage.fuel;
        self.fuel.1 += compared.usage.fuel;
        self.time.0 += compared.past.usage.wall_time;
        self.time.1 += compared.usage.wall_time;
        if let Some(difference) = compared.difference(fuel_percent) {
            self.differ += 1;
            if self.shown.len() < DIFFERENCES_SHOWN_MAX {
                self.shown.push((difference, compared));
            }
        }
    }

    fn as_json(&self) -> Value {
        let shown = self.shown.iter();
        let differences: Vec<Value> = shown
            .map(|(difference, compared)| compared.as_json(*difference))
            .collect();
        json!({
            "attempts": self.attempts,
            "differ": self.differ,
            "was": { "fuel": self.fuel.0, "milliseconds": milliseconds(self.time.0) },
            "now": { "fuel": self.fuel.1, "milliseconds": milliseconds(self.time.1) },
            "differences": differences,
        })
    }

    fn in_words(&self) -> String {
        let summary = format!(
            "{} attempts: {} as before, {} differ
fuel  {} before, {} now ({})
time  {:.1} ms before, {:.1} ms now",
            self.attempts,
            self.attempts - self.differ,
            self.differ,
            self.fuel.0,
            self.fuel.1,
            change(self.fuel.0, self.fuel.1),
            milliseconds(self.time.0),
            milliseconds(self.time.1),
        );
        if self.shown.is_empty() {
            return summary;
        }
        let header = ["EXECUTION", "STATE", "ID", "DIFFERS", "WAS", "NOW", "FUEL"];
        let mut table = output::table(&header);
        for (difference, compared) in &self.shown {
            let past = &compared.past;
            table.add_row([
                past.execution.name().to_owned(),
                past.context.state_name.clone(),
                past.scheduled.0.to_string(),
                difference.word().to_owned(),
                cell(&past.result),
                cell(&compared.result),
                change(past.usage.fuel, compared.usage.fuel),
            ]);
        }
        let more = match self.differ - self.shown.len() as u64 {
            0 => String::new(),
            more => format!("\n… and {more} more"),
        };
        format!("{}{more}\n\n{summary}", table.trim_fmt())
    }
}

/// An end in one cell of the table.
fn cell(result: &Result<Payload, Failure>) -> String {
    let text = match result {
        Ok(output) => output.text().to_owned(),
        Err(failure) => {
            let cause = failure.cause.as_deref().unwrap_or_default();
            format!("{}: {cause}", failure.error_name())
        }
    };
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// By how much a number changed.
fn change(was: u64, now: u64) -> String {
    if was == now {
        return "same".to_owned();
    }
    let (was, now) = (was.max(1) as f64, now as f64);
    format!("{:+.1} %", (now / was - 1.0) * 100.0)
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]
}
