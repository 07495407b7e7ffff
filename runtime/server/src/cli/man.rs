//! `stepwell man`: the manual page, from the same text as the help.

use super::Outcome;

/// Print the manual page, in roff.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stepwell man > stepwell.1 && man ./stepwell.1")]
pub(super) struct Man {}

impl Man {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let mut page = Vec::new();
        clap_mangen::Man::new(super::command()).render(&mut page)?;
        super::output::print_bytes(&page)?;
        Ok(Outcome::Success)
    }
}
