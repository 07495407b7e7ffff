//! `stepwell execution start`.

use serde_json::{Value, json};

use super::super::buckets::BucketFolders;
use super::super::endpoint::{Endpoint, Reach};
use super::super::output::{self, show, text};
use super::super::{Outcome, arns, input};
use super::watch::{self, Looks};

/// Start an execution, and print its ARN; or with --wait its output.
///
/// A Standard execution is started once under a name: the same name and input while it runs is
/// the same execution. Of an Express state machine nothing is kept: --wait is how its output is
/// had. With --wait and --data-dir everything in the directory that has not ended goes on
/// meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution start orders --input @order.json --name order-17
  stepwell execution start orders:live --input '{\"amount\": 42}' --wait
  echo '{\"amount\": 42}' | stepwell execution start orders --input - --wait --quiet | jq .")]
pub(super) struct Start {
    /// The state machine: its name, NAME:VERSION, NAME:ALIAS, or an ARN of these.
    #[arg(value_name = "MACHINE")]
    machine: String,
    /// The input: JSON, @FILE, or - for standard input.
    #[arg(short, long, default_value = "{}")]
    input: String,
    /// The execution's name; a new one unless given.
    #[arg(long)]
    name: Option<String>,
    /// Follow it to its end, print its output, and leave with its exit code.
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    looks: Looks,
    #[command(flatten)]
    buckets: BucketFolders,
}

impl Start {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let input = input::payload(&self.input)?;
        let endpoint = match self.wait {
            true => reach.open_and_run(&self.buckets)?,
            false => reach.open()?,
        };
        let request = json!({
            "stateMachineArn": arns::machine(&endpoint, &self.machine),
            "name": self.name,
            "input": input.text(),
        });
        let outcome = match self.wait {
            true => self.until_its_end(&endpoint, request).await?,
            false => {
                let started = endpoint.call("StartExecution", request).await?;
                let arn = text(&started, "executionArn");
                show(self.looks.json, &started, || arn.to_owned())?;
                say_who_goes_on(&endpoint, arn, "is started");
                Outcome::Success
            }
        };
        endpoint.close().await?;
        Ok(outcome)
    }

    async fn until_its_end(&self, endpoint: &Endpoint, request: Value) -> anyhow::Result<Outcome> {
        // An alias cannot be described so; its type is its state machine's.
        let (machine, _) = arns::qualified(text(&request, "stateMachineArn"));
        let machine = json!({ "stateMachineArn": machine });
        let machine = endpoint.call("DescribeStateMachine", machine).await?;
        if machine["type"] == "EXPRESS" {
            let ended = endpoint.call("StartSyncExecution", request);
            return tokio::select! {
                ended = ended => watch::show_end(&ended?, &self.looks),
                _ = tokio::signal::ctrl_c() => Ok(Outcome::Interrupted),
            };
        }
        let started = endpoint.call("StartExecution", request).await?;
        let arn = text(&started, "executionArn");
        if !self.looks.quiet {
            output::say(format_args!("execution {}", arns::short(arn)));
        }
        watch::follow(endpoint, arn, &self.looks).await
    }
}

/// Says that something was done, and, when nobody goes on with it here, who will.
pub(in crate::cli) fn say_who_goes_on(endpoint: &Endpoint, arn: &str, done: &str) {
    let name = arns::short(arn);
    let Some(dir) = endpoint.left_in() else {
        return output::say(format_args!("{name} {done}"));
    };
    let dir = dir.display();
    output::say(format_args!(
        "{name} {done}; it goes on with 'stepwell serve --data-dir {dir}' or 'stepwell execution \
         watch {name} --data-dir {dir}'"
    ));
}
