//! `stepwell task`: the modules that Tasks run, through Lambda's API.

use anyhow::bail;
use asl::limits::PAYLOAD_BYTES_MAX;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::endpoint::{Answered, Endpoint, Reach};
use super::functions::Functions;
use super::output::{show, text};
use super::sandbox::{self, Sandbox};
use super::source::Source;
use super::{Outcome, input, output, verify};
use crate::wiring::Store;

/// Functions, or versions, that are listed at most. Ours: nobody reads more.
const LIST_MAX: usize = 10_000;

/// Deploy, list, describe, delete and try the modules that Tasks run.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  stepwell task deploy charge target/charge.wasm
  stepwell task invoke charge --input '{\"cents\": 1200}'"
)]
pub(super) struct Task {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check, compile and store a module under a name: its next version.
    #[command(after_help = "Examples:
  stepwell task deploy charge target/charge.wasm --memory 64
  stepwell task deploy charge oci://registry.example/shop/charge:2.1
  stepwell task deploy rates rates.wasm --http api.example.com --secret RATES_KEY")]
    Deploy {
        /// Its name: 1 to 64 letters, digits, - and _; or its ARN.
        name: String,
        /// A component, or a core module that is a WASI command: a file, or
        /// oci://REGISTRY/REPOSITORY[:TAG][@DIGEST].
        #[arg(value_name = "FILE|oci://…")]
        source: Source,
        #[command(flatten)]
        sandbox: Box<Sandbox>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what is deployed.
    #[command(after_help = "Example:\n  stepwell task list")]
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the versions of a module, and what each may use.
    #[command(after_help = "Example:\n  stepwell task describe charge")]
    Describe {
        /// Its name.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Delete a module with all its versions.
    #[command(after_help = "Example:\n  stepwell task delete charge")]
    Delete {
        /// Its name.
        name: String,
    },
    Verify(verify::Verify),
    /// Run one attempt of a deployed module, or of a file, and print its answer.
    #[command(after_help = "Examples:
  stepwell task invoke charge --input '{\"cents\": 1200}'
  stepwell task invoke ./charge.wasm --input @input.json")]
    Invoke {
        /// Its name (NAME, NAME:VERSION), a file that ends in .wasm, or oci://…
        name: String,
        /// The input: JSON, @FILE, or - for standard input.
        #[arg(short, long, default_value = "{}")]
        input: String,
        /// The version or alias to run; the newest unless given.
        #[arg(long, value_name = "VERSION|ALIAS")]
        version: Option<String>,
        /// Of a module that is not deployed.
        #[command(flatten)]
        sandbox: Box<Sandbox>,
    },
}

impl Task {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let reach = &self.reach;
        match self.command {
            Command::Deploy {
                name,
                source,
                sandbox,
                json,
            } => {
                let functions = Functions(reach.open_or_make()?);
                let deployed = functions.deploy(&name, &source, &sandbox).await?;
                functions.0.close().await?;
                show(json, &deployed, || {
                    let name = text(&deployed, "FunctionName");
                    format!("{name}\n{}", in_words(&deployed))
                })?;
            }
            Command::List { json } => {
                let endpoint = reach.open()?;
                let listed = all(&endpoint, "ListFunctions", "Functions", json!({})).await?;
                show(json, &Value::Array(listed.clone()), || table(&listed))?;
            }
            Command::Describe { name, json } => {
                let named = json!({ "FunctionName": name });
                let (operation, field) = ("ListVersionsByFunction", "Versions");
                let versions = all(&reach.open()?, operation, field, named).await?;
                show(json, &Value::Array(versions.clone()), || {
                    let all: Vec<String> = versions.iter().rev().map(in_words).collect();
                    format!("{name}\n{}", all.join("\n"))
                })?;
            }
            Command::Delete { name } => {
                let functions = Functions(reach.open()?);
                let named = json!({ "FunctionName": name });
                functions.call("DeleteFunction", named).await?;
                functions.0.close().await?;
                output::say(format_args!("{name} is deleted"));
            }
            Command::Verify(verify) => return verify.execute(reach).await,
            Command::Invoke {
                name,
                input,
                version,
                sandbox,
            } => {
                let version = version.as_deref();
                return invoke(&name, version, &input, &sandbox, reach).await;
            }
        }
        Ok(Outcome::Success)
    }
}

/// A list as far as anyone reads one.
async fn all(
    endpoint: &Endpoint,
    operation: &str,
    field: &str,
    parameters: Value,
) -> anyhow::Result<Vec<Value>> {
    let listed = endpoint.list_of_lambda(operation, field, parameters, LIST_MAX);
    let listed = listed.await?;
    if listed.has_more {
        output::say(format_args!("note: there are more than these {LIST_MAX}"));
    }
    Ok(listed.elements)
}

async fn invoke(
    name: &str,
    version: Option<&str>,
    input: &str,
    sandbox: &Sandbox,
    reach: &Reach,
) -> anyhow::Result<Outcome> {
    let input = input::payload(input)?;
    let (functions, name) = if let Some(source) = Source::of_module(name)? {
        if version.is_some() {
            bail!("{name} is a module itself: it has no versions");
        }
        let functions = Functions::of(&Store::in_memory()?, asl::arn::Place::default());
        functions.deploy("file", &source, sandbox).await?;
        (functions, "file")
    } else {
        (Functions(reach.open()?), name)
    };
    let mut named = json!({ "FunctionName": name, "LogType": "Tail" });
    if let Some(version) = version {
        named["Qualifier"] = version.into();
    }
    let payload = Bytes::from(input.text().to_owned());
    let answered = functions.0.lambda("Invoke", named, payload).await?;
    functions.0.close().await?;
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
    let source = match ours["Source"].as_str() {
        Some(source) => format!("\n  from      {source}"),
        None => String::new(),
    };
    format!(
        "  version   {}, changed {}
  digest    {}
  kind      {}, {} bytes, {}{source}
  imports   {imports}
{}",
        text(version, "Version"),
        text(version, "LastModified"),
        text(ours, "Digest"),
        text(ours, "Kind"),
        version["CodeSize"],
        match ours["Pure"].as_bool() {
            Some(true) => "pure",
            _ => "not pure",
        },
        sandbox::in_words(version),
    )
}

fn table(listed: &[Value]) -> String {
    let header = ["NAME", "KIND", "BYTES", "CHANGED", "DIGEST"];
    let mut table = output::table(&header);
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
