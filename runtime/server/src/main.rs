//! The `stepwell` binary: reads the command line, and leaves with its exit code.

mod access;
mod audit;
mod aws;
mod cli;
mod lines;
mod outgoing;
mod secret_file;
mod serve;
mod telemetry;
mod watch;
mod wiring;

fn main() -> std::process::ExitCode {
    cli::main()
}
