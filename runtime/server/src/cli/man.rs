//! `stepwell man`: manual pages, from the same text as the help.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::Outcome;

/// Print a manual page, in roff; or write those of all commands into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell man > stepwell.1 && man ./stepwell.1
  stepwell man execution start > start.1 && man ./start.1
  stepwell man --dir /usr/local/share/man/man1")]
pub(super) struct Man {
    /// The command that it is of, such as: execution start.
    command: Vec<String>,
    /// Write the pages of all commands here.
    #[arg(long, conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let mut all = super::command();
        all.build();
        if let Some(dir) = self.dir {
            let failed = || format!("cannot write into {}", dir.display());
            clap_mangen::generate_to(all, &dir).with_context(failed)?;
            return Ok(Outcome::Success);
        }
        let mut wanted = &all;
        for name in &self.command {
            wanted = match wanted.find_subcommand(name) {
                Some(found) => found,
                None => bail!("stepwell has no command {}", self.command.join(" ")),
            };
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(wanted.clone()).render(&mut page)?;
        super::output::print_bytes(&page)?;
        Ok(Outcome::Success)
    }
}
