//! JSON values: small ones of every kind, with names that expressions ask for.

use serde_json::{Map, Value, json};

use super::{Choices, NAMES};

/// Numbers at the edges of what JSON, doubles and integers hold.
const NUMBERS: [f64; 10] = [
    0.0,
    1.0,
    -1.0,
    0.5,
    1e21,
    -1e-7,
    9_007_199_254_740_993.0,
    1e308,
    5e-324,
    4_294_967_296.0,
];

const TEXTS: [&str; 9] = [
    "",
    "a",
    "abc",
    "1",
    "{\"a\":[1]}",
    "2020-01-01T00:00:00Z",
    "😀é\u{0}\n\"\\",
    "aGVsbG8=",
    "a,b;c d",
];

/// A value at most `depth` levels deep.
pub fn value(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 6 } else { 12 }) {
        0 => Value::Null,
        1 => Value::Bool(choices.once_in(2)),
        2 => json!(choices.below(10)),
        3 => json!(choices.pick(&NUMBERS)),
        4 => json!(u64::MAX),
        5 => json!(choices.pick(&TEXTS)),
        6..=8 => {
            let items = choices.below(5);
            (0..items).map(|_| value(choices, depth - 1)).collect()
        }
        _ => {
            let mut fields = Map::new();
            for _ in 0..choices.below(5) {
                let name = *choices.pick(&NAMES);
                fields.insert(name.to_owned(), value(choices, depth - 1));
            }
            Value::Object(fields)
        }
    }
}
