//! What a definition's Tasks need, and where its modules are found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use asl::Timestamp;
use asl::definition::{Resource, StateKind, StateMachine, Template};
use engine::{Deployment, ModuleVersion, Modules, TaskModules};
use host::wasm::WasmHost;
use host::{Limits, Module};

use super::output;
use crate::wiring::Store;

/// Modules named on the command line: `NAME=FILE.wasm`.
pub(super) type Given = BTreeMap<String, PathBuf>;

/// Reads `NAME=FILE.wasm`.
pub(super) fn parse_given(argument: &str) -> Result<(String, PathBuf), String> {
    match argument.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(file)))
        }
        _ => Err("expected NAME=FILE.wasm".to_owned()),
    }
}

/// Sees to it that every module the definition names is deployed: from the command line,
/// else from the folder `tasks` beside the definition, else it must be there already.
pub(super) async fn provide(
    store: &Store,
    machine: &StateMachine,
    definition: &Path,
    given: &Given,
) -> anyhow::Result<()> {
    let needed = needed(machine);
    for name in given.keys().filter(|name| !needed.contains_key(*name)) {
        output::say(format_args!("note: no Task names the module {name}"));
    }
    let mut missing = Vec::new();
    for (name, states) in &needed {
        let beside = definition.parent().unwrap_or(Path::new("")).join("tasks");
        let beside = beside.join(format!("{name}.wasm"));
        let file = given
            .get(name)
            .cloned()
            .or_else(|| beside.is_file().then_some(beside));
        match file {
            Some(file) => {
                deploy(&store.host, &store.deployed, name, &file, Limits::default()).await?;
            }
            None if store.deployed.find(name, None).is_ok() => {}
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

/// Prepares a module and gives it the next version of its name.
pub(super) async fn deploy(
    host: &WasmHost,
    deployed: &TaskModules,
    name: &str,
    file: &Path,
    limits: Limits,
) -> anyhow::Result<ModuleVersion> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let code_bytes = bytes.len() as u64;
    let prepared = host
        .prepare(bytes)
        .await
        .with_context(|| file.display().to_string())?;
    let deployment = Deployment {
        kind: serde_json::to_value(prepared.kind)?
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        code_bytes,
        imports: prepared.imports,
        pure: prepared.pure,
    };
    let module = Module {
        digest: prepared.digest,
        limits,
    };
    Ok(deployed.deploy(name, module, deployment, now()).await?)
}

/// The present moment, for what is written down.
pub(super) fn now() -> Timestamp {
    engine::Clock::now(&engine::clock::SystemClock)
}

/// The modules that Tasks name, each with the states that do; names that an expression
/// makes are known only when it is evaluated.
fn needed(machine: &StateMachine) -> BTreeMap<String, Vec<String>> {
    let mut needed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for state in &machine.states {
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
            let (name, _) = engine::function(written);
            needed
                .entry(name.to_owned())
                .or_default()
                .push(state.name.to_string());
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
