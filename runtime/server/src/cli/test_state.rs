//! `stepwell test-state`: one state alone, with its data flow laid open.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use asl::arn::Place;
use asl::test_state::{
    Answer, ErrorDetails, FieldValidationMode, Level, Mock, MockErrorOutput, Refusal, Request,
    StateConfiguration, Status, TestState as Test,
};
use clap::ValueEnum;
use engine::{Crew, Modules};
use serde_json::Value;

use super::functions::Functions;
use super::modules::{self, Given};
use super::sandbox::Sandbox;
use super::source::Source;
use super::{Outcome, diagnostics, input, output};
use crate::wiring::Store;

/// Test one state alone: what it makes of an input, and where it goes.
///
/// FILE is one state, or a state machine with --state-name. A Task without a mock runs its
/// module, found as `run` finds it. Exits with 0 when the state is left (by success or by a
/// Catcher), with 1 when it fails or would be retried, with 2 when it cannot be tested so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell test-state definition.asl.json --state-name Route --input '{\"amount\": 42}'
  stepwell test-state definition.asl.json --state-name Charge --mock-error Network --retrier-retry-count 2
  stepwell test-state task.json --input @input.json --task charge=charge.wasm --json")]
pub(super) struct TestState {
    /// The definition: of one state, or of a state machine.
    file: PathBuf,
    /// Which state of the machine, at any depth.
    #[arg(long, value_name = "NAME")]
    state_name: Option<String>,
    /// The state's raw input: JSON, @FILE, or - for standard input.
    #[arg(short, long, default_value = "{}")]
    input: String,
    /// Variables as one object, names without $: JSON or @FILE.
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// The context object: JSON or @FILE. Only with a mock.
    #[arg(long, value_name = "JSON")]
    context: Option<String>,
    /// How much to tell.
    #[arg(long, default_value = "debug")]
    inspection_level: Detail,
    /// What the state's work gives, instead of being done: JSON or @FILE.
    #[arg(long, value_name = "JSON", conflicts_with = "mock_error")]
    mock_result: Option<String>,
    /// The error the state's work fails with, instead of being done.
    #[arg(long, value_name = "ERROR")]
    mock_error: Option<String>,
    /// The cause of --mock-error.
    #[arg(long, value_name = "CAUSE", requires = "mock_error")]
    mock_cause: Option<String>,
    /// How strictly --mock-result is held against the service's API model.
    #[arg(long, value_name = "MODE", requires = "mock_result")]
    field_validation: Option<Validation>,
    /// How often the Retrier that takes the mocked failure has retried before.
    #[arg(long, value_name = "N")]
    retrier_retry_count: Option<u64>,
    /// The state inside a Map or Parallel that the mocked failure comes from.
    #[arg(long, value_name = "NAME")]
    error_caused_by_state: Option<String>,
    /// How many of a Map's iterations failed before.
    #[arg(long, value_name = "N")]
    map_iteration_failure_count: Option<u64>,
    /// What a Map's ItemReader would read, as it stands in its source: text or @FILE.
    #[arg(long, value_name = "TEXT")]
    map_item_reader_data: Option<String>,
    /// The role that a Task would have on AWS; nothing here assumes it.
    #[arg(long, default_value = ROLE)]
    role_arn: String,
    /// A module for the Task.
    #[arg(long = "task", value_name = "NAME=FILE.wasm|oci://…", value_parser = modules::parse_given)]
    tasks: Vec<(String, Source)>,
    /// Where modules are deployed.
    #[arg(long, env = "STEPWELL_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Print AWS's TestState answer.
    #[arg(long)]
    json: bool,
}

const ROLE: &str = "arn:aws:iam::123456789012:role/stepwell";

/// AWS's inspection levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Detail {
    Info,
    Debug,
    Trace,
}

/// AWS's field validation modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Validation {
    Strict,
    Present,
    None,
}

impl TestState {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let name = self.file.display().to_string();
        let definition = input::file(&name)?;
        let request = self.request(definition)?;
        let place = Place::default();
        let test = match Test::new(&request, &place) {
            Ok(test) => test,
            Err(refusal) => return refused(&name, &request.definition, &refusal),
        };
        let store = Store::of_dir(self.data_dir.as_ref())?;
        if request.mock.is_none() {
            let given: Given = self.tasks.iter().cloned().collect();
            let state = std::slice::from_ref(test.state());
            let functions = Functions::of(&store, place.clone());
            modules::provide(&functions, state, &self.file, &given, &Sandbox::default()).await?;
        }
        let answer = tokio::select! {
            answer = engine::test_state(&request, &place, crew(&store)) => answer,
            _ = tokio::signal::ctrl_c() => return Ok(Outcome::Interrupted),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => return refused(&name, &request.definition, &refusal),
        };
        if self.json {
            output::print_json(&serde_json::to_value(&answer)?)?;
        } else {
            let table = table(test.state().name.as_ref(), &answer);
            output::print_bytes(format!("{table}\n").as_bytes())?;
        }
        Ok(match answer.status {
            Status::Succeeded | Status::CaughtError => Outcome::Success,
            Status::Failed | Status::Retriable => Outcome::Failure,
        })
    }

    fn request(&self, definition: String) -> anyhow::Result<Request> {
        let text = |argument: &Option<String>| argument.as_deref().map(input::text).transpose();
        Ok(Request {
            definition,
            role_arn: Some(self.role_arn.clone()),
            input: Some(input::payload(&self.input)?.text().to_owned()),
            inspection_level: Some(match self.inspection_level {
                Detail::Info => Level::Info,
                Detail::Debug => Level::Debug,
                Detail::Trace => Level::Trace,
            }),
            reveal_secrets: None,
            variables: text(&self.variables)?,
            state_name: self.state_name.clone(),
            mock: self.mock()?,
            context: text(&self.context)?,
            state_configuration: Some(StateConfiguration {
                retrier_retry_count: self.retrier_retry_count,
                error_caused_by_state: self.error_caused_by_state.clone(),
                map_iteration_failure_count: self.map_iteration_failure_count,
                map_item_reader_data: text(&self.map_item_reader_data)?,
            }),
        })
    }

    fn mock(&self) -> anyhow::Result<Option<Mock>> {
        if self.mock_result.is_none() && self.mock_error.is_none() {
            return Ok(None);
        }
        let result = self.mock_result.as_deref().map(input::text).transpose()?;
        Ok(Some(Mock {
            result,
            error_output: self.mock_error.as_ref().map(|error| MockErrorOutput {
                error: Some(error.clone()),
                cause: self.mock_cause.clone(),
            }),
            field_validation_mode: self.field_validation.map(|mode| match mode {
                Validation::Strict => FieldValidationMode::Strict,
                Validation::Present => FieldValidationMode::Present,
                Validation::None => FieldValidationMode::None,
            }),
        }))
    }
}

/// Whom a test needs, from what is deployed.
fn crew(store: &Store) -> Crew {
    let functions = Arc::clone(&store.functions) as Arc<dyn Modules>;
    let parts = store.parts(functions, None);
    Crew {
        host: parts.host,
        modules: parts.modules,
        clock: parts.clock,
        entropy: parts.entropy,
        services: parts.services,
    }
}

/// Says why there was no test.
fn refused(name: &str, text: &str, refusal: &Refusal) -> anyhow::Result<Outcome> {
    if let Refusal::Definition(found) = refusal {
        diagnostics::show(name, text, found);
        bail!("{name} is not a valid definition");
    }
    bail!("{}: {refusal}", refusal.exception());
}

/// One line a fact: first what became of the state, then how its data flowed.
fn table(state: &str, answer: &Answer) -> String {
    let mut rows = vec![
        ("state", state.to_owned()),
        ("status", words(&serde_json::json!(answer.status))),
    ];
    let mut add = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    add("error", answer.error.clone());
    add("cause", answer.cause.clone());
    if let Some(data) = &answer.inspection_data {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        add("input", data.input.clone());
        add("after InputPath", data.after_input_path.clone());
        add("after ItemsPath", data.after_items_path.clone());
        add("after ItemsPointer", data.after_items_pointer.clone());
        add("after Parameters", data.after_parameters.clone());
        add("after Arguments", data.after_arguments.clone());
        add("after ItemSelector", data.after_item_selector.clone());
        add("after ItemBatcher", data.after_item_batcher.clone());
        add("MaxConcurrency", number(data.max_concurrency));
        add("tolerated failures", number(data.tolerated_failure_count));
        let percentage = data.tolerated_failure_percentage;
        add(
            "tolerated failures, %",
            percentage.map(|part| part.to_string()),
        );
        add("result", data.result.clone());
        add("after ResultSelector", data.after_result_selector.clone());
        add("after ResultPath", data.after_result_path.clone());
        add("variables", data.variables.clone());
        add("taken by", data.error_details.as_ref().map(taken));
    }
    add("output", answer.output.clone());
    add("next", answer.next_state.clone());
    let mut table = output::table(&[]);
    for (name, value) in rows {
        table.add_row([name, &value]);
    }
    table.trim_fmt()
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Which Retrier or Catcher takes the failure.
fn taken(details: &ErrorDetails) -> String {
    let retry = details
        .retry_index
        .map(|place| match details.retry_backoff_interval_seconds {
            Some(seconds) => format!("Retry[{place}], after {seconds} s"),
            None => format!("Retry[{place}], which has no attempts left"),
        });
    let catch = details.catch_index.map(|place| format!("Catch[{place}]"));
    let both: Vec<String> = retry.into_iter().chain(catch).collect();
    both.join("; ")
}
