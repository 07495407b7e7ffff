//! The `stepwell` binary: reads the command line, and leaves with its exit code.

mod cli;
mod serve;
mod telemetry;
mod wiring;

fn main() -> std::process::ExitCode {
    cli::main()
}
