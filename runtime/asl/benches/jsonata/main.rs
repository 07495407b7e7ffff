//! How long one evaluation of a usual expression takes, parsed once: ours, and the reference
//! implementation's under Node in the same run.
//!
//! Expected, from a sketch: about half a microsecond of fixed cost (a prelude that binds
//! `$states`), 0.1 µs a node, and nothing for the parts of the input that are not read. The
//! reference takes some microseconds before it begins: it is asynchronous throughout.
//! Unit: nanoseconds an evaluation, the best of many short rounds, since noise only adds.
//!
//! `cargo bench -p asl --bench jsonata`; the first time, npm gets the reference into
//! `STEPWELL_CACHE` (`~/.cache/stepwell`). Without Node it says so and prints ours alone.

use std::hint::black_box;
use std::time::Instant;

use asl::Timestamp;
use asl::query::jsonata::Expression;
use asl::query::{Budget, Draws, Scope, Variables};
use bench::Figure;
use serde_json::{Value, json};

mod reference;

/// Five of the kind that state machines are full of: a number, a text, a selection, a sum and
/// an object.
const TEXTS: [&str; 5] = [
    "$states.input.a + 1",
    "$states.input.customer.name & ' (' & $states.context.Execution.Name & ')'",
    "$states.input.orders[price > 100].id",
    "$sum($states.input.orders.(price * quantity))",
    "{'name': $states.input.customer.name, 'total': $count($states.input.orders), 'first': $states.input.orders[0]}",
];

/// Rounds of both, each short enough that many run without being interrupted.
const ROUNDS: u32 = 400;
const EVALUATIONS_A_ROUND: u32 = 100;

fn main() {
    let order = |id: u32| json!({"id": id, "price": id * 20, "quantity": 2});
    let orders: Vec<Value> = (0..10).map(order).collect();
    let input = json!({"a": 1, "customer": {"name": "Ada"}, "orders": orders});
    let context = json!({"Execution": {"Name": "e"}});
    let ours: Vec<Measured> = TEXTS
        .iter()
        .map(|text| measure(text, &input, &context))
        .collect();
    match reference::measure(&TEXTS, &json!({"input": input, "context": context})) {
        Ok(theirs) => compare(&ours, &theirs),
        Err(why) => {
            println!("ours alone: {why}");
            for (text, ours) in TEXTS.iter().zip(&ours) {
                Figure::new("jsonata", *text, ours.nanoseconds, "ns").print();
            }
        }
    }
}

/// What one expression gives, and how long that takes.
struct Measured {
    value: Value,
    nanoseconds: f64,
}

fn measure(text: &str, input: &Value, context: &Value) -> Measured {
    let expression = Expression::parse(text).expect("a text of ours parses");
    let (variables, draws) = (Variables::new(), Draws::new(0));
    let evaluate = || {
        expression.evaluate(black_box(&Scope {
            input,
            result: None,
            error_output: None,
            context,
            variables: &variables,
            draws: &draws,
            budget: &Budget::new(),
            now: Timestamp(0),
        }))
    };
    let round = || {
        let start = Instant::now();
        for _ in 0..EVALUATIONS_A_ROUND {
            black_box(evaluate()).expect("it has a value");
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(EVALUATIONS_A_ROUND)
    };
    Measured {
        value: evaluate().expect("it has a value"),
        nanoseconds: (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min),
    }
}

fn compare(ours: &[Measured], theirs: &[Measured]) {
    let reference = format!("jsonata {} under Node", reference::VERSION);
    for ((text, ours), theirs) in TEXTS.iter().zip(ours).zip(theirs) {
        assert_eq!(ours.value, theirs.value, "{text}");
        Figure::new("jsonata", *text, ours.nanoseconds, "ns")
            .beside(&reference, theirs.nanoseconds)
            .print();
    }
}
