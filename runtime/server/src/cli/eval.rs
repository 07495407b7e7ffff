//! `stepwell eval`: one expression, tried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::query::intrinsics::Intrinsic;
use asl::query::jsonata::Expression;
use asl::query::jsonpath::Path;
use asl::query::{Budget, Draws, Scope, SyntaxError, Variables};
use serde_json::Value;

use super::{Outcome, input, modules, output};

/// Evaluate a path, an intrinsic function or a JSONata expression.
///
/// The language is guessed unless --lang says it: {% … %} is JSONata, States.… an intrinsic
/// function, what begins with $ a path.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell eval '$.orders[?(@.amount > 10)].id' --input @orders.json
  stepwell eval \"States.Format('Hello, {}', $.name)\" --input '{\"name\": \"Ada\"}'
  stepwell eval '{% $sum($states.input.items.price) * $rate %}' --input @order.json --bind rate=1.2")]
pub(super) struct Eval {
    /// The expression, or @FILE.
    expression: String,
    /// Which language it is in.
    #[arg(long)]
    lang: Option<Language>,
    /// What $ is in a path, and $states.input in JSONata: JSON, @FILE, or -.
    #[arg(short, long, default_value = "{}")]
    input: String,
    /// A variable.
    #[arg(long = "bind", value_name = "NAME=JSON", value_parser = parse_binding)]
    bindings: Vec<(String, Value)>,
    /// What $$ is in a path, and $states.context in JSONata: JSON or @FILE.
    #[arg(long, default_value = "{}")]
    context: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    Jsonata,
    Jsonpath,
    Intrinsic,
}

fn parse_binding(argument: &str) -> Result<(String, Value), String> {
    let (name, json) = argument.split_once('=').ok_or("expected NAME=JSON")?;
    let value = serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))?;
    Ok((name.trim_start_matches('$').to_owned(), value))
}

impl Eval {
    pub(super) fn execute(self) -> anyhow::Result<Outcome> {
        let text = match self.expression.strip_prefix('@') {
            Some(path) => input::file(path)?,
            None => self.expression.clone(),
        };
        let text = text.trim();
        let braced = text
            .strip_prefix("{%")
            .and_then(|text| text.strip_suffix("%}"));
        let language = self.lang.unwrap_or_else(|| guess(text));
        let text = braced
            .filter(|_| language == Language::Jsonata)
            .unwrap_or(text)
            .trim();
        let (input, context) = (input::payload(&self.input)?, input::payload(&self.context)?);
        let variables: Variables = self
            .bindings
            .into_iter()
            .map(|(name, value)| (Arc::from(name), Arc::new(value)))
            .collect::<BTreeMap<_, _>>();
        let scope = Scope {
            input: input.value(),
            result: None,
            error_output: None,
            context: context.value(),
            variables: &variables,
            draws: &Draws::new(engine::Entropy::draw(&engine::clock::SystemEntropy)),
            budget: &Budget::new(),
            now: modules::now(),
        };
        match evaluate(language, text, &scope) {
            Ok(value) => {
                output::print_json(&value)?;
                Ok(Outcome::Success)
            }
            Err(Wrong::Syntax(error)) => {
                output::say(caret(text, &error));
                Ok(Outcome::Invalid)
            }
            Err(Wrong::Evaluation(why)) => {
                output::complain(why);
                Ok(Outcome::Failure)
            }
        }
    }
}

/// Why there is no value.
enum Wrong {
    Syntax(SyntaxError),
    Evaluation(String),
}

impl From<SyntaxError> for Wrong {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

fn evaluate(language: Language, text: &str, scope: &Scope<'_>) -> Result<Value, Wrong> {
    match language {
        Language::Jsonpath => Path::parse(text)?
            .evaluate(scope)
            .map(std::borrow::Cow::into_owned)
            .map_err(|error| Wrong::Evaluation(error.to_string())),
        Language::Intrinsic => Intrinsic::parse(text)?
            .evaluate(scope)
            .map_err(|error| Wrong::Evaluation(error.to_string())),
        Language::Jsonata => Expression::parse(text)?
            .evaluate(scope)
            .map_err(|error| Wrong::Evaluation(error.describe(text, "expression"))),
    }
}

fn guess(text: &str) -> Language {
    if text.starts_with("{%") {
        Language::Jsonata
    } else if text.starts_with("States.") {
        Language::Intrinsic
    } else if text.starts_with('$') && !text.starts_with("$states") && Path::parse(text).is_ok() {
        Language::Jsonpath
    } else {
        Language::Jsonata
    }
}

/// The expression with a caret under what is wrong.
fn caret(text: &str, error: &SyntaxError) -> String {
    let mut place = error.offset.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    let before = &text[..place];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let column = before[start..].chars().count();
    format!(
        "error: {}\n  {line}\n  {}^",
        error.message,
        " ".repeat(column)
    )
}
