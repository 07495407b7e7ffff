//! `stepwell task`: the modules that Tasks run.

use std::path::PathBuf;
use std::time::Duration;

use asl::limits::PAYLOAD_BYTES_MAX;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::FunctionName;
use host::Limits;
use serde_json::{Value, json};

use super::functions::{Answered, Functions};
use super::{Outcome, input, output};
use crate::wiring::Store;

/// Deploy, list, describe, delete and try the modules that Tasks run.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Task {
    /// Check, compile and store a module under a name: its next version.
    #[command(after_help = "Example:
  stepwell task deploy charge target/charge.wasm --memory 64 --data-dir ./data")]
    Deploy {
        /// Its name: 1 to 64 letters, digits, - and _; or its ARN.
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
        #[arg(long, default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=5400))]
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
                let limits = Limits {
                    memory_bytes_max: memory << 20,
                    fuel_max: fuel,
                    timeout: Duration::from_secs(timeout),
                };
                let deployed = place.functions(&name)?.deploy(&name, &file, limits).await?;
                show(&place, &deployed, || {
                    format!(
                        "{}\n{}",
                        text(&deployed, "FunctionName"),
                        in_words(&deployed)
                    )
                })
            }
            Self::List { place } => {
                let functions = place.functions("")?;
                let listed = functions
                    .list("ListFunctions", "Functions", json!({}))
                    .await?;
                show(&place, &Value::Array(listed.clone()), || table(&listed))
            }
            Self::Describe { name, place } => {
                let named = json!({ "FunctionName": name });
                let functions = place.functions(&name)?;
                let (operation, field) = ("ListVersionsByFunction", "Versions");
                let versions = functions.list(operation, field, named).await?;
                show(&place, &Value::Array(versions.clone()), || {
                    let all: Vec<String> = versions.iter().rev().map(in_words).collect();
                    format!("{name}\n{}", all.join("\n"))
                })
            }
            Self::Delete { name, place } => {
                let named = json!({ "FunctionName": name });
                place
                    .functions(&name)?
                    .call("DeleteFunction", named)
                    .await?;
                output::say(format_args!("{name} is deleted"));
                Ok(Outcome::Success)
            }
            Self::Invoke { name, input, place } => invoke(&name, &input, &place).await,
        }
    }
}

impl Place {
    /// The functions of the place that a name is of: its own, if it is an ARN.
    fn functions(&self, name: &str) -> anyhow::Result<Functions> {
        let store = Store::open(&self.data_dir)?;
        let home = asl::arn::Place::default();
        Ok(Functions::of(&store, FunctionName::read(name, &home).place))
    }
}

async fn invoke(name: &str, input: &str, place: &Place) -> anyhow::Result<Outcome> {
    let input = input::payload(input)?;
    let file = std::path::Path::new(name);
    let is_file = file.extension().is_some_and(|end| end == "wasm");
    let (functions, name) = if is_file {
        let functions = Functions::of(&Store::in_memory()?, asl::arn::Place::default());
        functions.deploy("file", file, Limits::default()).await?;
        (functions, "file")
    } else {
        (place.functions(name)?, name)
    };
    let named = json!({ "FunctionName": name, "LogType": "Tail" });
    let payload = Bytes::from(input.text().to_owned());
    let answered = functions.call_with("Invoke", named, payload).await?;
    show_log(&answered);
    show_answer(&answered)
}

/// What the attempt logged and used.
fn show_log(answered: &Answered) {
    let log = answered.header("X-Amz-Log-Result").unwrap_or_default();
    let log = STANDARD.decode(log).unwrap_or_default();
    output::say(String::from_utf8_lossy(&log).trim_end());
}

fn show_answer(answered: &Answered) -> anyhow::Result<Outcome> {
    let body = &answered.body;
    if answered.header("X-Amz-Function-Error").is_some() {
        let (error, cause) = (text(body, "errorType"), text(body, "errorMessage"));
        output::say(format_args!("FAILED: {error}: {cause}"));
        return Ok(Outcome::Failure);
    }
    output::print_json(body)?;
    if body.to_string().len() > PAYLOAD_BYTES_MAX {
        output::say(format_args!(
            "note: more than {PAYLOAD_BYTES_MAX} bytes; in a state machine this fails with \
             States.DataLimitExceeded"
        ));
    }
    Ok(Outcome::Success)
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

/// A field's text; empty when it is none.
fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn in_words(version: &Value) -> String {
    let ours = &version["Stepwell"];
    let imports = ours["Imports"].as_array();
    let imports: Vec<&str> = imports
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let imports = match imports.as_slice() {
        [] => "nothing".to_owned(),
        some => some.join(", "),
    };
    format!(
        "  version   {}, changed {}
  digest    {}
  kind      {}, {} bytes, {}
  imports   {imports}
  limits    memory {} MiB, fuel {}, {} s",
        text(version, "Version"),
        text(version, "LastModified"),
        text(ours, "Digest"),
        text(ours, "Kind"),
        version["CodeSize"],
        match ours["Pure"].as_bool() {
            Some(true) => "pure",
            _ => "not pure",
        },
        version["MemorySize"],
        ours["Fuel"],
        version["Timeout"],
    )
}

fn table(listed: &[Value]) -> String {
    let header = ["NAME", "KIND", "BYTES", "CHANGED", "DIGEST"];
    let mut table = super::execution::plain_table(&header);
    for function in listed {
        let ours = &function["Stepwell"];
        table.add_row([
            text(function, "FunctionName").to_owned(),
            text(ours, "Kind").to_owned(),
            function["CodeSize"].to_string(),
            text(function, "LastModified").to_owned(),
            text(ours, "Digest").chars().take(12).collect(),
        ]);
    }
    table.trim_fmt()
}
