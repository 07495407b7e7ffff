//! Makes a run of the figures that benches gathered: prints it as a table, and keeps it.
//!
//! `report FIGURES FOLDER COMMIT` reads the figures of one file and writes the run into the
//! folder. `cargo xtask bench` calls it.

use std::path::Path;
use std::process::ExitCode;

use bench::Run;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [figures, folder, commit] = &arguments[..] else {
        eprintln!("usage: report FIGURES FOLDER COMMIT");
        return ExitCode::from(2);
    };
    let run = Run::of(Path::new(figures), commit.clone());
    match run.and_then(|run| Ok((run.keep(Path::new(folder))?, run))) {
        Ok((path, run)) => {
            print!("{run}");
            eprintln!("\nkept as {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}
