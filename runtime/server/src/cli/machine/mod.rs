//! `stepwell machine`: state machines, their versions and aliases.

mod alias;
mod create;
mod delete;
mod describe;
mod list;
mod publish;
mod settings;
mod update;
mod versions;

use super::Outcome;
use super::endpoint::Reach;

/// Create, change, publish and delete state machines.
///
/// A state machine is named by its name or its ARN; a version of it by NAME:NUMBER, an alias by
/// NAME:ALIAS.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  stepwell machine create orders definition.asl.json
  stepwell machine update orders definition.asl.json --publish
  stepwell machine alias create orders:live --route 1"
)]
pub(super) struct Machine {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(create::Create),
    Update(update::Update),
    List(list::List),
    Describe(describe::Describe),
    Delete(delete::Delete),
    Publish(publish::Publish),
    Versions(versions::Versions),
    #[command(subcommand)]
    Alias(alias::Alias),
}

impl Machine {
    pub(super) async fn execute(self) -> anyhow::Result<Outcome> {
        let reach = &self.reach;
        match self.command {
            Command::Create(create) => create.execute(reach).await,
            Command::Update(update) => update.execute(reach).await,
            Command::List(list) => list.execute(reach).await,
            Command::Describe(describe) => describe.execute(reach).await,
            Command::Delete(delete) => delete.execute(reach).await,
            Command::Publish(publish) => publish.execute(reach).await,
            Command::Versions(versions) => versions.execute(reach).await,
            Command::Alias(alias) => alias.execute(reach).await,
        }
    }
}
