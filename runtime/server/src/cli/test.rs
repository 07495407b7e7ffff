//! `stepwell test`: the test cases of state machines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use asl::Payload;
use asl::interpreter::Kind;
use asl::machine_test::{Case, Coverage, Report, TestFile, run};
use asl::validate::MachineType;
use engine::Definition;
use serde_json::{Value, json};

use super::coverage;
use super::{Outcome, definition_file, input, output};

/// Test state machines: mocked Tasks, a clock of their own, an expected path and end.
///
/// Each FILE names a definition and has cases; docs/testing.md describes it. No Task runs,
/// and waits, retries and timeouts take no time. Exits with 1 if a case fails, with 2 if a
/// file or its definition is not sound.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell test examples/order-fulfilment/definition.test.json
  stepwell test machines/*.test.json --filter declined
  stepwell test definition.test.json --json")]
pub(super) struct Test {
    /// The files with test cases.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only cases with this in their name.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Print one line of JSON a file: its cases and what they reached.
    #[arg(long)]
    json: bool,
}

/// A file that was read, with what it tests.
struct Suite {
    name: String,
    folder: PathBuf,
    definition: PathBuf,
    file: TestFile,
    machine: Definition,
}

impl Test {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let mut suites = Vec::new();
        for path in &self.files {
            match open(path)? {
                Ok(suite) => suites.push(suite),
                Err(outcome) => return Ok(outcome),
            }
        }
        let (mut passed, mut failed) = (0, 0);
        let mut reached: BTreeMap<PathBuf, Coverage> = BTreeMap::new();
        for suite in &suites {
            let mut coverage = Coverage::new(Arc::clone(&suite.machine.machine));
            let mut told = Vec::new();
            if !self.json {
                output::print_bytes(format!("{}\n", suite.name).as_bytes())?;
            }
            for case in suite.file.cases.iter().filter(|case| self.is_wanted(case)) {
                let input = suite.input(case)?;
                let report = run(
                    &suite.machine.machine,
                    &suite.file,
                    case,
                    input,
                    &mut coverage,
                );
                *match report.complaints.is_empty() {
                    true => &mut passed,
                    false => &mut failed,
                } += 1;
                if self.json {
                    told.push(as_json(case, &report));
                } else {
                    output::print_bytes(in_words(case, &report).as_bytes())?;
                }
            }
            if self.json {
                output::print_json(&json!({
                    "file": suite.name,
                    "definition": suite.definition.display().to_string(),
                    "cases": told,
                    "coverage": coverage::as_json(&coverage),
                }))?;
            }
            let all = reached.entry(suite.definition.clone());
            all.and_modify(|all| all.extend(&coverage))
                .or_insert(coverage);
        }
        if passed + failed == 0 {
            let filter = self.filter.unwrap_or_default();
            bail!("no case has {filter:?} in its name");
        }
        if !self.json {
            for (definition, coverage) in &reached {
                let table = coverage::table(definition, coverage);
                output::print_bytes(format!("\n{table}\n").as_bytes())?;
            }
        }
        let cases = if passed + failed == 1 {
            "case"
        } else {
            "cases"
        };
        output::say(match failed {
            0 => format!("{passed} {cases} passed"),
            _ => format!("{failed} of {} {cases} failed", passed + failed),
        });
        Ok(match failed {
            0 => Outcome::Success,
            _ => Outcome::Failure,
        })
    }

    fn is_wanted(&self, case: &Case) -> bool {
        let filter = self.filter.as_deref();
        filter.is_none_or(|text| case.name.contains(text))
    }
}

/// Reads a file and the definition that it tests; what is wrong with either is told.
fn open(path: &Path) -> anyhow::Result<Result<Suite, Outcome>> {
    let name = path.display().to_string();
    let file = TestFile::parse(&input::file(&name)?).with_context(|| name.clone())?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let definition = folder.join(&file.definition);
    let kind = match file.kind {
        Kind::Standard => MachineType::Standard,
        Kind::Express => MachineType::Express,
    };
    let machine = match definition_file::load(&definition, kind)
        .with_context(|| format!("{name}: definition"))?
    {
        Ok(machine) => machine,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let problems = file.check(&machine.machine);
    if !problems.is_empty() {
        for problem in problems {
            output::complain(format_args!("{name}: {problem}"));
        }
        return Ok(Err(Outcome::Invalid));
    }
    Ok(Ok(Suite {
        name,
        folder,
        definition,
        file,
        machine,
    }))
}

impl Suite {
    fn input(&self, case: &Case) -> anyhow::Result<Payload> {
        match (&case.input, &case.input_file) {
            (Some(input), _) => Ok(Payload::from_value(input.clone())),
            (None, Some(path)) => {
                let path = self.folder.join(path);
                input::payload(&format!("@{}", path.display()))
                    .with_context(|| format!("{}: case {:?}", self.name, case.name))
            }
            (None, None) => Ok(Payload::from_value(json!({}))),
        }
    }
}

fn as_json(case: &Case, report: &Report) -> Value {
    json!({
        "name": case.name,
        "passed": report.complaints.is_empty(),
        "states": report.states,
        "seconds": report.milliseconds as f64 / 1000.0,
        "complaints": report.complaints,
    })
}

fn in_words(case: &Case, report: &Report) -> String {
    let mark = match report.complaints.is_empty() {
        true => "ok  ",
        false => "FAIL",
    };
    let states = match report.states {
        1 => "1 state".to_owned(),
        states => format!("{states} states"),
    };
    let seconds = report.milliseconds as f64 / 1000.0;
    let mut text = format!("  {mark}  {}  ({states}, {seconds} s)\n", case.name);
    for complaint in &report.complaints {
        text.push_str(&format!("        {complaint}\n"));
    }
    text
}
