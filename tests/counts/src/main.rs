//! Counts instructions: whether a change made what is done most often dearer.
//!
//! `counts check` runs each piece of [`work`] under callgrind, twice, and compares what one more
//! round takes with `baseline.json`. Instructions, not times: they are the same on a busy
//! machine. `counts update` writes the baseline anew, for a change that is worth its price or
//! that made something cheaper. `cargo xtask counts` builds and calls this.

mod baseline;
mod callgrind;
mod work;

use std::process::ExitCode;

use baseline::{Baseline, Judgement};
use work::Work;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["check"] => check(),
        ["update"] => update(),
        ["run", name, rounds] => run(name, rounds),
        _ => Err("usage: counts check | update".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("counts: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Compares with the baseline.
fn check() -> Result<(), String> {
    if !callgrind::is_there() {
        eprintln!(
            "counts: SKIPPED: there is no valgrind here to count instructions with \
             (Debian: apt-get install valgrind)"
        );
        return Ok(());
    }
    let baseline = Baseline::read()?;
    let compiler = callgrind::compiler();
    let room_percent = baseline.room_percent(&compiler);
    let mut dearer = 0;
    for work in Work::ALL {
        let counted = callgrind::instructions_a_round(work)?;
        let judgement = baseline.judge(work.name(), counted, room_percent);
        println!("{:28} {counted:>9} instructions; {judgement}", work.name());
        dearer += usize::from(matches!(judgement, Judgement::Dearer { .. }));
    }
    if compiler != baseline.compiler {
        println!(
            "the baseline is of {}, this is {compiler}: {room_percent} % of room instead",
            baseline.compiler
        );
    }
    match dearer {
        0 => Ok(()),
        _ => Err(format!(
            "{dearer} of these take more instructions than {} allows. If the change is worth it: \
             cargo xtask counts --update. Where they go: valgrind --tool=callgrind {} run NAME 500, \
             then callgrind_annotate",
            baseline::PATH,
            std::env::current_exe()
                .map_or_else(|_| "counts".into(), |path| path.display().to_string()),
        )),
    }
}

/// Writes the baseline anew.
fn update() -> Result<(), String> {
    if !callgrind::is_there() {
        return Err("there is no valgrind here to count instructions with".to_owned());
    }
    let counts = Work::ALL.map(|work| {
        Ok((
            work.name().to_owned(),
            callgrind::instructions_a_round(work)?,
        ))
    });
    let baseline = Baseline {
        compiler: callgrind::compiler(),
        counts: counts.into_iter().collect::<Result<_, String>>()?,
    };
    baseline.write()
}

/// What runs under callgrind.
fn run(name: &str, rounds: &str) -> Result<(), String> {
    let work = Work::ALL.into_iter().find(|work| work.name() == name);
    let work = work.ok_or_else(|| format!("there is no {name}"))?;
    let rounds = rounds
        .parse()
        .map_err(|error| format!("{rounds}: {error}"))?;
    work.run(rounds);
    Ok(())
}
