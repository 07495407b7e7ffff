//! How long one evaluation of a usual expression takes, parsed once.
//!
//! Expected, from a sketch: about a microsecond of fixed cost (a prelude that binds `$states`),
//! 0.1 µs a node, and nothing for the parts of the input that are not read.
//! Unit: nanoseconds an evaluation, the median of 21 rounds.

use std::hint::black_box;
use std::time::Instant;

use asl::Timestamp;
use asl::query::jsonata::Expression;
use asl::query::{Budget, Draws, Scope, Variables};
use serde_json::{Value, json};

const TEXTS: &[&str] = &[
    "$states.input.a + 1",
    "$states.input.customer.name & ' (' & $states.context.Execution.Name & ')'",
    "$states.input.orders[price > 100].id",
    "$sum($states.input.orders.(price * quantity))",
    "{'id': $uuid(), 'total': $count($states.input.orders), 'first': $states.input.orders[0]}",
];

const ROUNDS: usize = 21;
const EVALUATIONS_A_ROUND: u32 = 1_000;

fn main() {
    let order = |id: u32| json!({"id": id, "price": id * 20, "quantity": 2});
    let orders: Vec<Value> = (0..10).map(order).collect();
    let input = json!({"a": 1, "customer": {"name": "Ada"}, "orders": orders});
    let context = json!({"Execution": {"Name": "e"}});
    let (variables, draws) = (Variables::new(), Draws::new(0));
    let scope = Scope {
        input: &input,
        result: None,
        error_output: None,
        context: &context,
        variables: &variables,
        draws: &draws,
        budget: &Budget::new(),
        now: Timestamp(0),
    };
    for text in TEXTS {
        let expression = Expression::parse(text).expect("a text of ours parses");
        let round = |_| {
            let start = Instant::now();
            for _ in 0..EVALUATIONS_A_ROUND {
                let scope = Scope {
                    budget: &Budget::new(),
                    ..scope
                };
                black_box(expression.evaluate(black_box(&scope))).expect("it has a value");
            }
            start.elapsed() / EVALUATIONS_A_ROUND
        };
        let mut rounds: Vec<_> = (0..ROUNDS).map(round).collect();
        rounds.sort_unstable();
        println!("{:>7} ns  {text}", rounds[ROUNDS / 2].as_nanos());
    }
}
