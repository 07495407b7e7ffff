//! `stepwell completions`: a completion script for a shell.

use clap_complete::Shell;

use super::Outcome;

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stepwell completions bash > /etc/bash_completion.d/stepwell")]
pub(super) struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "stepwell", &mut script);
        super::output::print_bytes(&script)?;
        Ok(Outcome::Success)
    }
}
