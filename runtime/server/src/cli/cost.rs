//! What an execution used, and what that costs by a price list.

use std::path::Path;

use anyhow::Context;
use engine::Cost;
use serde::Deserialize;
use serde_json::{Value, json};

/// The list that is reckoned with when none is named.
const PRICES: &str = include_str!("../../prices.toml");

/// A price list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Prices {
    currency: String,
    standard_transition: f64,
    express_request: f64,
    express_gigabyte_second: f64,
    lambda_request: f64,
    lambda_gigabyte_second: f64,
    million_fuel: f64,
}

impl Prices {
    /// Reads a price list, or takes AWS's.
    pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Ok(toml::from_str(PRICES).expect("the list of this program is one"));
        };
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        toml::from_str(&text).with_context(|| format!("{shown} is no price list"))
    }

    /// What each part costs.
    fn apply(&self, cost: &Cost) -> [(&'static str, f64); 3] {
        let orchestration = match &cost.express {
            None => cost.transitions as f64 * self.standard_transition,
            Some(express) => {
                self.express_request + express.gigabyte_seconds * self.express_gigabyte_second
            }
        };
        let tasks = cost.attempts as f64 * self.lambda_request
            + cost.gigabyte_seconds * self.lambda_gigabyte_second;
        let fuel = cost.fuel as f64 / 1e6 * self.million_fuel;
        [
            ("orchestration", orchestration),
            ("tasks", tasks),
            ("fuel", fuel),
        ]
    }
}

/// What an execution used and costs, as JSON, from what a server says of it.
pub(super) fn described(told: &Value, prices: &Prices) -> anyhow::Result<Value> {
    let cost = Cost::deserialize(&told["stepwell"]["cost"]).context(
        "the server does not say what executions use: it is no Stepwell, or an older one",
    )?;
    let parts = prices.apply(&cost);
    let total: f64 = parts.iter().map(|(_, price)| price).sum();
    let mut price = json!({ "currency": prices.currency, "total": total });
    for (part, cost) in parts {
        price[part] = cost.into();
    }
    Ok(json!({ "used": cost, "price": price }))
}

/// The same, in words.
pub(super) fn in_words(described: &Value) -> String {
    let (used, price) = (&described["used"], &described["price"]);
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let mut lines = vec![
        format!("transitions      {}", used["transitions"]),
        format!(
            "attempts         {} measured, {} not",
            used["attempts"], used["attemptsNotMeasured"]
        ),
        format!("fuel             {}", used["fuel"]),
        format!(
            "time, memory     {} ms, {:.6} GB-seconds",
            used["billedMilliseconds"],
            number(&used["gigabyteSeconds"])
        ),
        format!("HTTP             {} bytes", used["httpBytes"]),
    ];
    if let Some(express) = used.get("express") {
        lines.push(format!(
            "Express          {} ms x {} MB, {:.6} GB-seconds",
            express["billedMilliseconds"],
            express["billedMegabytes"],
            number(&express["gigabyteSeconds"])
        ));
    }
    lines.push(format!(
        "cost             {} {:.9}: orchestration {:.9}, tasks {:.9}, fuel {:.9}",
        price["currency"].as_str().unwrap_or_default(),
        number(&price["total"]),
        number(&price["orchestration"]),
        number(&price["tasks"]),
        number(&price["fuel"]),
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost() -> Cost {
        Cost {
            transitions: 4,
            attempts: 2,
            fuel: 1_000_000,
            gigabyte_seconds: 0.5,
            ..Cost::default()
        }
    }

    #[test]
    fn a_standard_execution_pays_by_the_transition() {
        let prices = Prices::read(None).unwrap();
        let [(_, orchestration), (_, tasks), (_, fuel)] = prices.apply(&cost());
        assert!((orchestration - 0.0001).abs() < 1e-12, "{orchestration}");
        assert!(
            (tasks - (0.0000004 + 0.5 * 0.0000166667)).abs() < 1e-12,
            "{tasks}"
        );
        assert_eq!(fuel, 0.0);
    }

    #[test]
    fn a_list_that_is_none_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "currency = \"EUR\"\nfuel = 1").unwrap();
        let refused = format!("{:#}", Prices::read(Some(&file)).unwrap_err());
        assert!(refused.contains("mine.toml is no price list"), "{refused}");
        assert!(refused.contains("fuel"), "{refused}");
    }
}
