//! `cargo xtask`: gets what a fresh machine lacks, then demo, test or bench.
//!
//! Std only, so that it compiles in seconds on a machine that has nothing yet. It
//! deliberately knows no more of Stepwell than its command line. Read [`guests`] first.

mod demo;
mod fuzz;
mod guests;
mod languages;
mod node;
mod python;
mod stages;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const HELP: &str = "\
Gets what a fresh machine lacks, and runs Stepwell, its tests or its benches.

usage: cargo xtask <COMMAND>

  demo            run examples/order-fulfilment, kill it half-way, and see it carried on
  test [ARG…]     build what the tests need and run all of them; ARGs go to cargo test
  bench [NAME]    run all benches, or those whose name matches NAME (a glob)
  fuzz TARGET [SECONDS]
                  run a fuzz target for ten minutes, or so long: data_flow,
                  definition, history, intrinsics, jsonata, jsonpath
  counts          count instructions under valgrind, against tests/counts/baseline.json;
                  --update writes that anew
  guests [rust]   build the tasks of the examples, or those in Rust alone:
                  examples/<story>/tasks/<task>.wasm
  help            this text

environment:
  CARGO_TARGET_DIR   where builds go (default: target)
  STEPWELL_CACHE     what is kept between checkouts (default: ~/.cache/stepwell)
";

/// A sentence for whoever ran the command: nothing in here is matched on.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    let workspace = Workspace::find();
    let done = match command.as_str() {
        "demo" if args.is_empty() => demo::run(&workspace),
        "test" => stages::test(&workspace, &args),
        "bench" if args.len() <= 1 => stages::bench(&workspace, args.first()),
        "fuzz" if matches!(args.len(), 1 | 2) => fuzz::run(&workspace, &args[0], args.get(1)),
        "counts" if args.is_empty() => stages::counts(&workspace, "check"),
        "counts" if args == ["--update"] => stages::counts(&workspace, "update"),
        "guests" if args.is_empty() => stages::guests(&workspace),
        "guests" if args == ["rust"] => guests::build(&workspace),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
