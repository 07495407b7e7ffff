//! Calls of intrinsic functions, with arguments of any type, nearly always as many as they take.

use super::{Choices, jsonpath};

/// Functions and how many arguments they take.
const FUNCTIONS: [(&str, usize); 20] = [
    ("Array", 2),
    ("Array", 0),
    ("Format", 2),
    ("Format", 3),
    ("StringToJson", 1),
    ("JsonToString", 1),
    ("ArrayPartition", 2),
    ("ArrayContains", 2),
    ("ArrayRange", 3),
    ("ArrayGetItem", 2),
    ("ArrayLength", 1),
    ("ArrayUnique", 1),
    ("Base64Encode", 1),
    ("Base64Decode", 1),
    ("Hash", 2),
    ("JsonMerge", 3),
    ("MathRandom", 3),
    ("MathAdd", 2),
    ("StringSplit", 2),
    ("UUID", 0),
];

const TEXTS: [&str; 8] = [
    "''",
    "'{}'",
    "'{} {}'",
    "'a\\'b'",
    "'MD5'",
    "'SHA-256'",
    "'{\"a\": 1}'",
    "'a,b'",
];

const NUMBERS: [&str; 8] = [
    "0",
    "1",
    "-1",
    "2.5",
    "3",
    "9223372036854775807",
    "-9223372036854775808",
    "1000",
];

/// What is no argument.
const WRONG: [&str; 5] = ["", "'", "'\\x'", "1e400", "]"];

/// A call with calls `depth` levels deep among its arguments.
pub fn intrinsic(choices: &mut Choices<'_>, depth: usize) -> String {
    let (function, count) = *choices.pick(&FUNCTIONS);
    let count = if choices.once_in(40) {
        count + 1
    } else {
        count
    };
    let arguments: Vec<String> = (0..count).map(|_| argument(choices, depth)).collect();
    format!("States.{function}({})", arguments.join(", "))
}

fn argument(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(if depth == 0 { 6 } else { 9 }) {
        0 => (*choices.pick(&NUMBERS)).to_owned(),
        1 => (*choices.pick(&TEXTS)).to_owned(),
        2 => (*choices.pick(&["true", "false", "null"])).to_owned(),
        3 => (*choices.pick(&["$", "$.items", "$.s", "$.a", "$.n"])).to_owned(),
        4 => jsonpath::plain(choices).1,
        5 if choices.once_in(8) => (*choices.pick(&WRONG)).to_owned(),
        5 => format!("$..{}", choices.pick(&["a", "items", "*", "s"])),
        _ => intrinsic(choices, depth - 1),
    }
}
