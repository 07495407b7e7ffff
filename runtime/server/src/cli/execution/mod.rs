//! `stepwell execution`: what is run, how it stands, how it went.

mod describe;
mod history;
mod list;
mod redrive;
mod start;
mod stop;
mod watch;

pub(super) use list::executions;
pub(super) use start::say_who_goes_on;

use super::Outcome;
use super::endpoint::Reach;

/// Start, follow, stop and redrive executions, and read how they went.
///
/// An execution is named by its ARN, by MACHINE:NAME, or by its name alone: then it is looked for
/// in all state machines.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  stepwell execution start orders --input @order.json --name order-17
  stepwell execution watch order-17
  stepwell execution list --status failed"
)]
pub(super) struct Execution {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Start(start::Start),
    List(list::List),
    Describe(describe::Describe),
    History(history::History),
    Watch(watch::Watch),
    Stop(stop::Stop),
    Redrive(redrive::Redrive),
}

impl Execution {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let reach = &self.reach;
        match self.command {
            Command::Start(start) => start.execute(reach).await,
            Command::List(list) => list.execute(reach).await,
            Command::Describe(describe) => describe.execute(reach).await,
            Command::History(history) => history.execute(reach).await,
            Command::Watch(watch) => watch.execute(reach).await,
            Command::Stop(stop) => stop.execute(reach).await,
            Command::Redrive(redrive) => redrive.execute(reach).await,
        }
    }
}
