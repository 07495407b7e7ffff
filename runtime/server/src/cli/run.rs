//! `stepwell run`: one execution, from a definition to its output.

use std::path::PathBuf;
use std::sync::Arc;

use asl::Payload;
use asl::arn::Place;
use asl::interpreter::{End, Identity, Kind as MachineKind};
use asl::validate::MachineType;
use engine::{Definition, Engine, Modules, Observer, StartError, StartRequest, Started};
use serde_json::json;

use super::buckets::BucketFolders;
use super::endpoint::Endpoint;
use super::functions::Functions;
use super::modules::{self, Given};
use super::sandbox::Sandbox;
use super::source::Source;
use super::{Outcome, definition_file, input, live, output};
use crate::wiring::Store;

/// Run a state machine once, and print its output.
///
/// Modules are taken from --task, else from the folder `tasks` beside the definition, else
/// from what is deployed in the data directory. Without --data-dir nothing is kept; with it,
/// a run that was killed goes on when it is run again under the same --name. Limits and grants
/// are those of the modules that this run brings; deployed ones have their own.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell run definition.asl.json --input '{\"amount\": 42}'
  stepwell run definition.asl.json --input @input.json --task charge=charge.wasm
  stepwell run definition.asl.json --data-dir ./data --name order-17")]
pub(super) struct Run {
    /// The definition.
    file: PathBuf,
    /// The input: JSON, @FILE, or - for standard input.
    #[arg(short, long, default_value = "{}")]
    input: String,
    /// A module for the Tasks that name it.
    #[arg(long = "task", value_name = "NAME=FILE.wasm|oci://…", value_parser = modules::parse_given)]
    tasks: Vec<(String, Source)>,
    /// Standard keeps a history; Express is quick and keeps nothing.
    #[arg(long = "type", default_value = "standard")]
    kind: Kind,
    /// Keep the execution here, so that it survives whatever happens.
    #[arg(long, env = "STEPWELL_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// The execution's name; a new one unless given.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    buckets: BucketFolders,
    /// Of every module that this run brings.
    #[command(flatten)]
    sandbox: Box<Sandbox>,
    /// Show every event as a line, on a terminal too.
    #[arg(long)]
    watch: bool,
    /// Show nothing but the output.
    #[arg(short, long, conflicts_with = "watch")]
    quiet: bool,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// Durable, with a history.
    Standard,
    /// Quick, with none.
    Express,
}

impl From<Kind> for MachineType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Standard => Self::Standard,
            Kind::Express => Self::Express,
        }
    }
}

impl Run {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let definition = match definition_file::load(&self.file, self.kind.into())? {
            Ok(definition) => definition,
            Err(outcome) => return Ok(outcome),
        };
        let input = input::payload(&self.input)?;
        let name = match &self.name {
            Some(name) => checked_name(name)?,
            None => fresh_name(),
        };
        let mut store = Store::of_dir(self.data_dir.as_ref())?;
        let place = Place::default();
        store.objects = self.buckets.open(&place.region, &place.account_id)?;
        let given: Given = self.tasks.iter().cloned().collect();
        let functions = Functions::of(&store, Place::default());
        let states = &definition.machine.states;
        modules::provide(&functions, states, &self.file, &given, &self.sandbox).await?;
        if self.kind == Kind::Standard && self.data_dir.is_some() {
            self.register(&functions.0, &definition).await?;
        }
        let observer = self.observer();
        let identity = self.identity(&name);
        let ended = match self.kind {
            Kind::Express => express(&store, identity, &definition, input, observer).await,
            Kind::Standard => {
                let parts = store.parts(Arc::clone(&store.functions) as Arc<dyn Modules>, observer);
                let request = StartRequest {
                    identity,
                    definition,
                    input,
                    started_as: engine::StartedAs::default(),
                };
                self.standard(Engine::new(parts), request).await?
            }
        };
        match ended {
            None => Ok(Outcome::Interrupted),
            Some(end) => show_end(&end),
        }
    }

    /// Sees to it that the execution is of a state machine that is there, as AWS's operations
    /// want it: one of that name is left as it is.
    async fn register(&self, endpoint: &Endpoint, definition: &Definition) -> anyhow::Result<()> {
        let name = definition_file::machine_name(&self.file);
        let there = json!({ "stateMachineArn": endpoint.place().state_machine(&name).as_str() });
        match endpoint.call("DescribeStateMachine", there).await {
            Err(error) if error.is(&["StateMachineDoesNotExist"]) => {
                let machine = json!({
                    "name": name,
                    "definition": &*definition.text,
                    "roleArn": endpoint.role(),
                });
                endpoint.call("CreateStateMachine", machine).await?;
                Ok(())
            }
            told => Ok(told.map(|_| ())?),
        }
    }

    fn observer(&self) -> Option<Arc<dyn Observer>> {
        if self.quiet {
            None
        } else {
            Some(live::observer(self.watch))
        }
    }

    fn identity(&self, name: &str) -> Identity {
        let place = Place::default();
        let machine = definition_file::machine_name(&self.file);
        Identity {
            execution_arn: match self.kind {
                Kind::Standard => place.execution(&machine, name),
                Kind::Express => place.express(&machine, name, &fresh_name()),
            },
            name: name.to_owned(),
            state_machine_arn: place.state_machine(&machine),
            state_machine_name: machine,
            role_arn: format!("arn:aws:iam::{}:role/stepwell", place.account_id).into(),
            region: place.region.as_str().into(),
            kind: match self.kind {
                Kind::Standard => MachineKind::Standard,
                Kind::Express => MachineKind::Express,
            },
            map_state: None,
        }
    }

    /// Starts, or takes up, and waits; none when it was interrupted.
    async fn standard(&self, engine: Engine, request: StartRequest) -> anyhow::Result<Option<End>> {
        let arn = request.identity.execution_arn.clone();
        // Before anything is drawn: a live table owns the screen from then on.
        self.say(format_args!("execution {}", arn.name()));
        match engine.start(request).await {
            Ok(Started { is_new: true, .. }) => {}
            Ok(Started { is_new: false, .. }) => {
                self.say(format_args!("it goes on where it was left"));
                engine.resume(&arn)?;
            }
            Err(StartError::Exists { status, .. }) if status != journal::Status::Running => {
                let status = status.as_str();
                self.say(format_args!("it has ended already: {status}"));
            }
            Err(error) => return Err(error.into()),
        }
        let end = tokio::select! {
            end = engine.wait(&arn) => Some(end?),
            _ = tokio::signal::ctrl_c() => None,
        };
        engine.close().await?;
        if end.is_none() {
            output::say(match &self.data_dir {
                Some(dir) => format!(
                    "interrupted; it goes on with: stepwell run {} --data-dir {} --name {}",
                    self.file.display(),
                    dir.display(),
                    arn.name()
                ),
                None => "interrupted; nothing is kept without --data-dir".to_owned(),
            });
        }
        Ok(end)
    }

    fn say(&self, text: std::fmt::Arguments<'_>) {
        if !self.quiet {
            output::say(text);
        }
    }
}

async fn express(
    store: &Store,
    identity: Identity,
    definition: &Definition,
    input: Payload,
    observer: Option<Arc<dyn Observer>>,
) -> Option<End> {
    let parts = store.parts(Arc::clone(&store.functions) as Arc<dyn Modules>, observer);
    tokio::select! {
        end = engine::run_express(parts, identity, definition, input) => Some(end),
        _ = tokio::signal::ctrl_c() => None,
    }
}

/// Prints how an execution ended: its output, or what went wrong.
pub(super) fn show_end(end: &End) -> anyhow::Result<Outcome> {
    let (word, failure) = match end {
        End::Succeeded(output) => {
            output::print_json(output.value())?;
            return Ok(Outcome::Success);
        }
        End::Failed(failure) => ("FAILED", failure),
        End::TimedOut(failure) => ("TIMED_OUT", failure),
        End::Aborted(failure) => ("ABORTED", failure),
    };
    let cause = failure.cause.as_deref().unwrap_or_default();
    output::say_failure(word, failure.error_name(), cause);
    Ok(Outcome::Failure)
}

/// A name that no other execution has: the moment, and some chance.
fn fresh_name() -> String {
    let draw = engine::Entropy::draw(&engine::clock::SystemEntropy);
    format!("{:x}-{draw:016x}", modules::now().0)
}

fn checked_name(name: &str) -> anyhow::Result<String> {
    let length = name.chars().count();
    let sound = name.chars().all(definition_file::is_name_char);
    if !sound || !(1..=asl::limits::NAME_CHARS_MAX).contains(&length) {
        anyhow::bail!(
            "{name:?} is not a name for an execution: 1 to {} characters, no white space and \
             none of <>{{}}[]?*\"#%\\^|~`$&,;:/",
            asl::limits::NAME_CHARS_MAX
        );
    }
    Ok(name.to_owned())
}
