//! What a definition's Tasks need, and where its modules are found.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use asl::Timestamp;
use asl::arn::Place;
use asl::definition::{Resource, State, StateKind, Template};
use engine::FunctionName;

use super::functions::Functions;
use super::output;
use super::sandbox::Sandbox;
use super::source::Source;

/// Modules named on the command line: `NAME=FILE.wasm`, or a reference to a registry.
pub(super) type Given = BTreeMap<String, Source>;

/// Reads `NAME=FILE.wasm`.
pub(super) fn parse_given(argument: &str) -> Result<(String, Source), String> {
    match argument.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.parse()?))
        }
        _ => Err("expected NAME=FILE.wasm".to_owned()),
    }
}

/// Sees to it that every module these states name is deployed: from the command line, else
/// from the folder `tasks` beside the definition, else it must be there already. What is deployed
/// here may use and reach what `sandbox` says.
pub(super) async fn provide(
    functions: &Functions,
    states: &[State],
    definition: &Path,
    given: &Given,
    sandbox: &Sandbox,
) -> anyhow::Result<()> {
    let needed = needed(states);
    let is_needed = |name: &String| needed.values().any(|(needed, _)| needed.name == *name);
    for name in given.keys().filter(|name| !is_needed(name)) {
        output::say(format_args!("note: no Task names the module {name}"));
    }
    let mut missing = Vec::new();
    for (needed, states) in needed.values() {
        let name = &needed.name;
        let beside = definition.parent().unwrap_or(Path::new("")).join("tasks");
        let beside = beside.join(format!("{name}.wasm"));
        let source = given
            .get(name)
            .cloned()
            .or_else(|| beside.is_file().then_some(Source::File(beside)));
        match source {
            Some(source) => {
                functions.deploy(&needed.arn(), &source, sandbox).await?;
            }
            None if functions.has(needed).await => {}
            // As executions do, a function of elsewhere is looked for at home too.
            None if at_home(functions, name).await => {}
            None => missing.push(format!("  {name}, for the state {}", states.join(", "))),
        }
    }
    if !missing.is_empty() {
        bail!(
            "no module for:\n{}\npass --task NAME=FILE.wasm, or put NAME.wasm into the folder \
             'tasks' beside the definition, or deploy it (stepwell task deploy) and name its \
             --data-dir",
            missing.join("\n")
        );
    }
    Ok(())
}

async fn at_home(functions: &Functions, name: &str) -> bool {
    functions
        .has(&FunctionName::read(name, &Place::default()))
        .await
}

/// The present moment, for what is written down.
pub(super) fn now() -> Timestamp {
    engine::Clock::now(&engine::clock::SystemClock)
}

/// The modules that Tasks name, each with the states that do; names that an expression
/// makes are known only when it is evaluated.
fn needed(states: &[State]) -> BTreeMap<String, (FunctionName, Vec<String>)> {
    let mut needed: BTreeMap<String, (FunctionName, Vec<String>)> = BTreeMap::new();
    for state in states {
        let StateKind::Task(task) = &state.kind else {
            continue;
        };
        let written = match &task.resource {
            Resource::Wasm { text } => Some(text.as_str()),
            Resource::Lambda { arn } => Some(arn.as_str()),
            Resource::Service { service, .. } if service == "lambda" => {
                state.operations.arguments.as_ref().and_then(function_name)
            }
            _ => None,
        };
        if let Some(written) = written {
            let name = FunctionName {
                qualifier: None,
                ..FunctionName::read(written, &Place::default())
            };
            let (_, states) = needed.entry(name.arn()).or_insert((name, Vec::new()));
            states.push(state.name.to_string());
        }
    }
    needed
}

fn function_name(arguments: &Template) -> Option<&str> {
    match arguments {
        Template::Constant(value) => value.get("FunctionName")?.as_str(),
        Template::Object(fields) => {
            let (_, field) = fields.iter().find(|(key, _)| key == "FunctionName")?;
            match field {
                Template::Constant(value) => value.as_str(),
                _ => None,
            }
        }
        _ => None,
    }
}
