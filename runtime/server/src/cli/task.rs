//! `stepwell task`: the modules that Tasks run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use asl::limits::PAYLOAD_BYTES_MAX;
use engine::{ModuleDescription, ModuleVersion, Modules};
use host::{Attempt, Context, Limits, TaskHost};
use serde_json::{Value, json};

use super::{Outcome, input, modules, output};
use crate::wiring::Store;

/// Deploy, list, describe, delete and try the modules that Tasks run.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Task {
    /// Check, compile and store a module under a name: its next version.
    #[command(after_help = "Example:
  stepwell task deploy charge target/charge.wasm --memory 64 --data-dir ./data")]
    Deploy {
        /// Its name: 1 to 64 letters, digits, - and _.
        name: String,
        /// A component, or a core module that is a WASI command.
        file: PathBuf,
        /// Linear memory, in MiB.
        #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=4096))]
        memory: u64,
        /// Fuel of one attempt: about one unit a Wasm instruction.
        #[arg(long, default_value_t = Limits::default().fuel_max)]
        fuel: u64,
        /// Longest time of one attempt, in seconds.
        #[arg(long, default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..))]
        timeout: u64,
        #[command(flatten)]
        place: Place,
    },
    /// List what is deployed.
    #[command(after_help = "Example:\n  stepwell task list --data-dir ./data")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show the versions of a module, and what each may use.
    #[command(after_help = "Example:\n  stepwell task describe charge --data-dir ./data")]
    Describe {
        /// Its name.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Delete a module with all its versions.
    #[command(after_help = "Example:\n  stepwell task delete charge --data-dir ./data")]
    Delete {
        /// Its name.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Run one attempt of a deployed module, or of a file, and print its answer.
    #[command(after_help = "Examples:
  stepwell task invoke charge --input '{\"cents\": 1200}' --data-dir ./data
  stepwell task invoke ./charge.wasm --input @input.json")]
    Invoke {
        /// Its name (NAME, NAME:VERSION), or a file that ends in .wasm.
        name: String,
        /// The input: JSON, @FILE, or - for standard input.
        #[arg(short, long, default_value = "{}")]
        input: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Where things are kept, and how they are shown.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The data directory.
    #[arg(long, env = "STEPWELL_DATA_DIR", default_value = "./stepwell-data")]
    pub(super) data_dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Task {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Deploy {
                name,
                file,
                memory,
                fuel,
                timeout,
                place,
            } => {
                let store = Store::open(&place.data_dir)?;
                let limits = Limits {
                    memory_bytes_max: memory << 20,
                    fuel_max: fuel,
                    timeout: Duration::from_secs(timeout),
                };
                let version =
                    modules::deploy(&store.host, &store.deployed, &name, &file, limits).await?;
                show(
                    &place,
                    &json!({ "name": name, "version": printable(&version) }),
                    || format!("{name}\n{}", in_words(&version)),
                )
            }
            Self::List { place } => {
                let listed = Store::open(&place.data_dir)?.deployed.list()?;
                let values: Vec<Value> = listed.iter().map(description).collect();
                show(&place, &Value::Array(values), || table(&listed))
            }
            Self::Describe { name, place } => {
                let found = Store::open(&place.data_dir)?.deployed.describe(&name)?;
                show(&place, &description(&found), || {
                    let versions: Vec<String> = found.versions.iter().rev().map(in_words).collect();
                    format!("{name}\n{}", versions.join("\n"))
                })
            }
            Self::Delete { name, place } => {
                Store::open(&place.data_dir)?.deployed.delete(&name).await?;
                output::say(format_args!("{name} is deleted"));
                Ok(Outcome::Success)
            }
            Self::Invoke { name, input, place } => invoke(&name, &input, &place).await,
        }
    }
}

async fn invoke(name: &str, input: &str, place: &Place) -> anyhow::Result<Outcome> {
    let input = input::payload(input)?;
    let is_file = std::path::Path::new(name)
        .extension()
        .is_some_and(|end| end == "wasm");
    let store = if is_file {
        Store::in_memory()?
    } else {
        Store::open(&place.data_dir)?
    };
    let (plain, qualifier) = match name.split_once(':') {
        Some((name, qualifier)) if !is_file => (name, Some(qualifier)),
        _ => (name, None),
    };
    let module = if is_file {
        let limits = Limits::default();
        modules::deploy(&store.host, &store.deployed, "file", name.as_ref(), limits)
            .await?
            .module
    } else {
        match store.deployed.find(plain, qualifier) {
            Ok((module, _)) => module,
            Err(error) => bail!("{name}: {error} in {}", place.data_dir.display()),
        }
    };
    let context = Context {
        execution_arn: String::new(),
        state_machine_arn: String::new(),
        state_name: "invoke".into(),
        retry_count: 0,
        idempotency_key: format!("invoke-{}", modules::now().0),
        started_at: modules::now(),
        deadline: None,
    };
    let attempt = Attempt {
        module,
        input,
        context,
        on_heartbeat: Arc::new(|| {}),
    };
    let outcome = store.host.run(attempt).await?;
    let usage = outcome.usage;
    output::say(format_args!(
        "fuel {}, memory {} KiB, {:.3} ms",
        usage.fuel,
        usage.memory_bytes_peak >> 10,
        usage.wall_time.as_secs_f64() * 1000.0
    ));
    match outcome.result {
        Ok(answer) => {
            output::print_json(answer.value())?;
            if answer.exceeds_limit() {
                output::say(format_args!(
                    "note: more than {PAYLOAD_BYTES_MAX} bytes; in a state machine this fails with \
                     States.DataLimitExceeded"
                ));
            }
            Ok(Outcome::Success)
        }
        Err(failure) => {
            let cause = failure.cause.as_deref().unwrap_or_default();
            output::say(format_args!("FAILED: {}: {cause}", failure.error_name()));
            Ok(Outcome::Failure)
        }
    }
}

/// Prints JSON where it is wanted, words elsewhere.
pub(super) fn show(
    place: &Place,
    value: &Value,
    words: impl FnOnce() -> String,
) -> anyhow::Result<Outcome> {
    if place.json {
        output::print_json(value)?;
    } else {
        output::print_bytes(format!("{}\n", words()).as_bytes())?;
    }
    Ok(Outcome::Success)
}

fn printable(version: &ModuleVersion) -> Value {
    serde_json::to_value(version).unwrap_or(Value::Null)
}

fn description(description: &ModuleDescription) -> Value {
    serde_json::to_value(description).unwrap_or(Value::Null)
}

fn in_words(version: &ModuleVersion) -> String {
    let ModuleVersion {
        module, deployment, ..
    } = version;
    let imports = match deployment.imports.as_slice() {
        [] => "nothing".to_owned(),
        some => some.join(", "),
    };
    format!(
        "  version   {}, deployed {}
  digest    {}
  kind      {}, {} bytes, {}
  imports   {imports}
  limits    memory {} MiB, fuel {}, {} s",
        version.version,
        version.deployed_at,
        module.digest,
        deployment.kind,
        deployment.code_bytes,
        if deployment.pure { "pure" } else { "not pure" },
        module.limits.memory_bytes_max >> 20,
        module.limits.fuel_max,
        module.limits.timeout.as_secs(),
    )
}

fn table(listed: &[ModuleDescription]) -> String {
    let mut table = super::execution::plain_table(&["NAME", "VERSION", "KIND", "BYTES", "DIGEST"]);
    for description in listed {
        if let Some(version) = description.version(None) {
            table.add_row([
                description.name.clone(),
                version.version.to_string(),
                version.deployment.kind.clone(),
                version.deployment.code_bytes.to_string(),
                version.module.digest.0.chars().take(12).collect(),
            ]);
        }
    }
    table.trim_fmt()
}
