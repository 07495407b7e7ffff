//! The command line: one file a subcommand, each with one `execute`.
//!
//! Exit codes: 0 succeeded; 1 the execution or check failed; 2 usage, unreadable input or an
//! invalid definition. Output JSON alone goes to standard output; all else to standard error.

mod approval;
mod arns;
mod buckets;
mod completions;
mod cost;
mod coverage;
mod definition_file;
mod diagnostics;
mod endpoint;
mod eval;
mod event;
mod execution;
mod functions;
mod graph;
mod input;
mod live;
mod machine;
mod man;
mod map_runs;
mod modules;
mod new;
mod output;
mod run;
mod sandbox;
mod serve;
mod settings_file;
mod source;
mod task;
mod test;
mod test_state;
mod validate;
mod verify;

use std::process::ExitCode;

use clap::{FromArgMatches, Parser, Subcommand};

/// AWS Step Functions that you run yourself, with every Task a sandboxed WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "stepwell", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    /// Log more: once for what Tasks log, twice for everything the runtime does.
    #[arg(short, long, global = true, display_order = 900, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  stepwell run definition.asl.json --input '{\"amount\": 42}'
  stepwell validate definition.asl.json
  stepwell eval '$.orders[?(@.amount > 10)]' --input @orders.json
  stepwell serve --data-dir ./data
  stepwell task deploy charge charge.wasm
  stepwell machine create orders definition.asl.json
  stepwell execution start orders --input @order.json --wait

Exit codes: 0 done, or the execution succeeded; 1 the execution or the check failed; 2 it could not
be done: usage, unreadable or invalid input, no such thing, no server; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Serve(serve::Serve),
    Validate(validate::Validate),
    Eval(eval::Eval),
    Graph(graph::Graph),
    New(new::New),
    Test(test::Test),
    TestState(test_state::TestState),
    Machine(machine::Machine),
    Execution(execution::Execution),
    Approval(approval::Approval),
    Task(task::Task),
    Completions(completions::Completions),
    Man(man::Man),
    /// Compile the module of standard input to standard output: the server does so, for each
    /// module that it is sent, in a process that it can end.
    #[command(hide = true)]
    CompileModule,
}

/// How a subcommand ended, when nothing went wrong with the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It did what it was asked to.
    Success,
    /// The execution or the check failed.
    Failure,
    /// The input was unreadable or invalid.
    Invalid,
    /// Ctrl-C.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::SUCCESS,
            Outcome::Failure => Self::from(1),
            Outcome::Invalid => Self::from(2),
            Outcome::Interrupted => Self::from(130),
        }
    }
}

/// Runs the command line to its exit code.
pub(crate) fn main() -> ExitCode {
    let cli = match settings_file::matches(command()) {
        Ok(matches) => Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()),
        Err(error) => {
            output::complain(format_args!("{error:#}"));
            return ExitCode::from(2);
        }
    };
    crate::telemetry::init(cli.verbose);
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(cli.command.execute()));
    match done {
        Ok(outcome) => outcome.into(),
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(format_args!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

impl Command {
    async fn execute(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Run(run) => run.execute().await,
            Self::Serve(serve) => serve.execute().await,
            Self::Validate(validate) => validate.execute(),
            Self::Eval(eval) => eval.execute(),
            Self::Graph(graph) => graph.execute(),
            Self::New(new) => new.execute(),
            Self::Test(test) => test.execute(),
            Self::TestState(test) => test.execute().await,
            Self::Machine(machine) => machine.execute().await,
            Self::Execution(execution) => execution.execute().await,
            Self::Approval(approval) => approval.execute().await,
            Self::Task(task) => task.execute().await,
            Self::Completions(completions) => completions.execute(),
            Self::Man(man) => man.execute(),
            Self::CompileModule => Ok(match host::wasm::compiler::answer()? {
                true => Outcome::Success,
                false => Outcome::Failure,
            }),
        }
    }
}

/// The whole command line, for completions and the manual.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
