//! What test cases reached of a definition, as a table.

use std::path::Path;

use asl::definition::{StateId, StateKind};
use asl::machine_test::{Branch, Coverage, Covered};
use serde_json::{Value, json};

use super::output;

/// The kinds of branches, in the order of the table, and their names in JSON.
const KINDS: [(&str, &str); 4] = [
    ("states", "states"),
    ("choice rules", "choiceRules"),
    ("catchers", "catchers"),
    ("retriers", "retriers"),
];

fn kind(branch: Branch) -> usize {
    match branch {
        Branch::State => 0,
        Branch::Rule(_) | Branch::Default => 1,
        Branch::Catcher(_) => 2,
        Branch::Retrier(_) => 3,
    }
}

fn counts(branches: &[Covered<'_>]) -> [(usize, usize); 4] {
    let mut counts = [(0, 0); 4];
    for one in branches {
        let (reached, all) = &mut counts[kind(one.branch)];
        *reached += usize::from(one.is_reached);
        *all += 1;
    }
    counts
}

/// How many of each kind were reached, and then each that was not.
pub(super) fn table(definition: &Path, coverage: &Coverage) -> String {
    let branches = coverage.branches();
    let mut table = output::table(&[&definition.display().to_string(), "REACHED", "OF"]);
    for ((kind, _), (reached, all)) in KINDS.iter().zip(counts(&branches)) {
        if all > 0 {
            table.add_row([(*kind).to_owned(), reached.to_string(), all.to_string()]);
        }
    }
    let mut text = table.trim_fmt();
    let missed: Vec<&Covered<'_>> = branches.iter().filter(|one| !one.is_reached).collect();
    if missed.is_empty() {
        return text;
    }
    let mut table = output::table(&["NOT REACHED", "", ""]);
    for one in missed {
        table.add_row([
            one.state.name.to_string(),
            place(one.branch),
            about(one, coverage),
        ]);
    }
    text.push_str("\n\n");
    text.push_str(&table.trim_fmt());
    text
}

/// The same, for a program.
pub(super) fn as_json(coverage: &Coverage) -> Value {
    let branches = coverage.branches();
    let counted: serde_json::Map<String, Value> = KINDS
        .iter()
        .zip(counts(&branches))
        .map(|((_, kind), (reached, all))| {
            let counts = json!({ "reached": reached, "all": all });
            ((*kind).to_owned(), counts)
        })
        .collect();
    let missed = branches.iter().filter(|one| !one.is_reached);
    let missed: Vec<Value> = missed
        .map(|one| json!({ "state": &*one.state.name, "branch": place(one.branch) }))
        .collect();
    let mut all = Value::Object(counted);
    all["notReached"] = missed.into();
    all
}

/// Where it stands in its state, as AWS writes places.
fn place(branch: Branch) -> String {
    match branch {
        Branch::State => "state".to_owned(),
        Branch::Rule(place) => format!("Choices[{place}]"),
        Branch::Default => "Default".to_owned(),
        Branch::Retrier(place) => format!("Retry[{place}]"),
        Branch::Catcher(place) => format!("Catch[{place}]"),
    }
}

/// What it is for: the errors it matches, where it leads.
fn about(one: &Covered<'_>, coverage: &Coverage) -> String {
    let name = |id: StateId| coverage.machine().state(id).name.to_string();
    let kind = &one.state.kind;
    match (one.branch, kind) {
        (Branch::State, _) => kind.name().to_owned(),
        (Branch::Rule(place), StateKind::Choice(choice)) => {
            let rule = choice.rules.get(place);
            rule.map_or_else(String::new, |rule| format!("→ {}", name(rule.next)))
        }
        (Branch::Default, StateKind::Choice(choice)) => {
            let next = choice.default;
            next.map_or_else(String::new, |next| format!("→ {}", name(next)))
        }
        (Branch::Retrier(place), _) => {
            let retrier = kind.retriers().get(place);
            retrier.map_or_else(String::new, |retrier| retrier.error_equals.join(", "))
        }
        (Branch::Catcher(place), _) => {
            let catcher = kind.catchers().get(place);
            catcher.map_or_else(String::new, |catcher| {
                let errors = catcher.error_equals.join(", ");
                format!("{errors} → {}", name(catcher.next))
            })
        }
        _ => String::new(),
    }
}
