//! `stepwell validate`: all that is wrong with definitions.

use std::path::PathBuf;

use asl::validate::{MachineType, validate};
use serde_json::json;

use super::{Outcome, diagnostics, input, output};

/// Check definitions: every problem with its line, column, code and a hint.
///
/// Exits with 1 if any is an error, with 2 if a file cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell validate definition.asl.json
  stepwell validate --type express --json machines/*.asl.json")]
pub(super) struct Validate {
    /// The definitions.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Judge them as this type of state machine.
    #[arg(long = "type", default_value = "standard")]
    kind: super::run::Kind,
    /// Print AWS's ValidateStateMachineDefinition answer, one line a file.
    #[arg(long)]
    json: bool,
}

impl Validate {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let mut errors = 0;
        for path in &self.files {
            let name = path.display().to_string();
            let text = input::file(&name)?;
            let parsed = validate(&text, MachineType::from(self.kind));
            let wrong = parsed
                .diagnostics
                .iter()
                .filter(|found| found.is_error())
                .count();
            errors += wrong;
            if self.json {
                output::print_json(&json!({
                    "file": name,
                    "result": if wrong == 0 { "OK" } else { "FAIL" },
                    "diagnostics": parsed.diagnostics,
                    "truncated": parsed.truncated,
                }))?;
                continue;
            }
            diagnostics::show(&name, &text, &parsed.diagnostics);
            let warnings = parsed.diagnostics.len() - wrong;
            output::say(match (wrong, warnings) {
                (0, 0) => format!("{name}: valid"),
                (0, _) => format!("{name}: valid, {}", output::counted(warnings, "warning")),
                _ => format!(
                    "{name}: {}, {}",
                    output::counted(wrong, "error"),
                    output::counted(warnings, "warning")
                ),
            });
        }
        Ok(if errors == 0 {
            Outcome::Success
        } else {
            Outcome::Failure
        })
    }
}
