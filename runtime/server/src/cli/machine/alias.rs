//! `stepwell machine alias`.

use anyhow::bail;
use serde_json::{Value, json};

use super::super::endpoint::{Endpoint, Reach};
use super::super::output::{self, date, show, text};
use super::super::{Outcome, arns};

/// Aliases that a state machine may have. Source: AWS, quotas of Step Functions.
const ALIASES_MAX: usize = 100;

/// Names that lead to one version, or to two by weight.
#[derive(Debug, clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Example:
  stepwell machine alias create orders:live --route 3"
)]
pub(super) enum Alias {
    /// Create an alias, and print its ARN.
    #[command(after_help = "Example:
  stepwell machine alias create orders:live --route 3")]
    Create {
        /// MACHINE:ALIAS.
        name: String,
        #[command(flatten)]
        routes: Routes,
        /// What it is for.
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Let an alias lead elsewhere.
    #[command(after_help = "Example:
  stepwell machine alias update orders:live --route 3=90 --route 4=10")]
    Update {
        /// MACHINE:ALIAS.
        name: String,
        #[command(flatten)]
        routes: Routes,
        /// What it is for.
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the aliases of a state machine.
    #[command(after_help = "Example:\n  stepwell machine alias list orders")]
    List {
        /// The state machine's name or ARN.
        name: String,
        /// Print JSON: what ListStateMachineAliases answers.
        #[arg(long)]
        json: bool,
    },
    /// Show where an alias leads.
    #[command(after_help = "Example:\n  stepwell machine alias describe orders:live")]
    Describe {
        /// MACHINE:ALIAS, or its ARN.
        name: String,
        /// Print JSON: what DescribeStateMachineAlias answers.
        #[arg(long)]
        json: bool,
    },
    /// Delete an alias; the versions stay.
    #[command(after_help = "Example:\n  stepwell machine alias delete orders:live")]
    Delete {
        /// MACHINE:ALIAS, or its ARN.
        name: String,
    },
}

/// Where an alias leads.
#[derive(Debug, clap::Args)]
pub(super) struct Routes {
    /// A version, and how many of a hundred starts go there: one alone takes all.
    #[arg(long = "route", value_name = "VERSION[=WEIGHT]", value_parser = route, required = true)]
    routes: Vec<(u64, u8)>,
}

fn route(text: &str) -> Result<(u64, u8), String> {
    let (version, weight) = text.split_once('=').unwrap_or((text, "100"));
    match (version.parse(), weight.parse()) {
        (Ok(version), Ok(weight @ 0..=100)) => Ok((version, weight)),
        _ => Err("expected a version's number, and a weight of 0 to 100: 3=90".to_owned()),
    }
}

impl Alias {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        let endpoint = reach.open()?;
        match self {
            Self::Create {
                name,
                routes,
                description,
            } => {
                let arn = arns::machine(&endpoint, &name);
                let (machine, alias) = parts(&arn)?;
                let request = json!({
                    "name": alias,
                    "description": description,
                    "routingConfiguration": routes.configuration(machine),
                });
                let created = endpoint.call("CreateStateMachineAlias", request).await?;
                show(false, &created, || {
                    text(&created, "stateMachineAliasArn").to_owned()
                })?;
            }
            Self::Update {
                name,
                routes,
                description,
            } => {
                let arn = arns::machine(&endpoint, &name);
                let (machine, _) = parts(&arn)?;
                let request = json!({
                    "stateMachineAliasArn": arn,
                    "description": description,
                    "routingConfiguration": routes.configuration(machine),
                });
                endpoint.call("UpdateStateMachineAlias", request).await?;
                output::say(format_args!("{name} is updated"));
            }
            Self::List { name, json } => list(&endpoint, &name, json).await?,
            Self::Describe { name, json } => {
                let wanted = json!({ "stateMachineAliasArn": arns::machine(&endpoint, &name) });
                let told = endpoint.call("DescribeStateMachineAlias", wanted).await?;
                show(json, &told, || in_words(&told))?;
            }
            Self::Delete { name } => {
                let wanted = json!({ "stateMachineAliasArn": arns::machine(&endpoint, &name) });
                endpoint.call("DeleteStateMachineAlias", wanted).await?;
                output::say(format_args!("{name} is deleted"));
            }
        }
        endpoint.close().await?;
        Ok(Outcome::Success)
    }
}

/// The state machine's ARN and the alias of an alias's ARN.
fn parts(arn: &str) -> anyhow::Result<(&str, &str)> {
    match arn.rsplit_once(':') {
        Some((machine, alias)) if !machine.ends_with(":stateMachine") => Ok((machine, alias)),
        _ => bail!("an alias is named with its state machine: MACHINE:ALIAS"),
    }
}

impl Routes {
    fn configuration(&self, machine: &str) -> Vec<Value> {
        let routes = self.routes.iter();
        let configuration = routes.map(|(version, weight)| {
            json!({ "stateMachineVersionArn": format!("{machine}:{version}"), "weight": weight })
        });
        configuration.collect()
    }
}

async fn list(endpoint: &Endpoint, name: &str, json: bool) -> anyhow::Result<()> {
    let wanted = json!({ "stateMachineArn": arns::machine(endpoint, name) });
    let (operation, field) = ("ListStateMachineAliases", "stateMachineAliases");
    let listed = endpoint.list(operation, field, wanted, ALIASES_MAX);
    let aliases = listed.await?.elements;
    show(json, &json!({ "stateMachineAliases": aliases }), || {
        let mut table = output::table(&["ALIAS", "CREATED", "ARN"]);
        for alias in &aliases {
            let arn = text(alias, "stateMachineAliasArn");
            table.add_row([
                arn.rsplit(':').next().unwrap_or_default().to_owned(),
                date(alias, "creationDate"),
                arn.to_owned(),
            ]);
        }
        table.trim_fmt()
    })
}

fn in_words(told: &Value) -> String {
    let plain = |field: &'static str| (field, text(told, field).to_owned());
    let mut fields = vec![
        plain("name"),
        plain("stateMachineAliasArn"),
        plain("description"),
        ("creationDate", date(told, "creationDate")),
        ("updateDate", date(told, "updateDate")),
    ];
    let routes = told["routingConfiguration"].as_array();
    for route in routes.into_iter().flatten() {
        let arn = text(route, "stateMachineVersionArn");
        fields.push(("leads to", format!("{arn}, {} of 100", route["weight"])));
    }
    output::fields(&fields)
}
