//! JSONPath texts: the whole of Jayway's grammar, and plain ways whose end is known.

use super::{Choices, NAMES};

/// One step of a plain way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field of an object.
    Name(&'static str),
    /// An item of an array; below zero from its end.
    Index(i64),
}

/// A way of names and indexes, and its text, in whatever notation.
pub fn plain(choices: &mut Choices<'_>) -> (Vec<Step>, String) {
    let mut text = String::from("$");
    let steps: Vec<Step> = (0..choices.below(5)).map(|_| step(choices)).collect();
    for step in &steps {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Name(name) if !name.contains('\'') && choices.once_in(2) => {
                text.push_str(&format!(".{name}"));
            }
            Step::Name(name) if choices.once_in(2) => text.push_str(&format!("[\"{name}\"]")),
            Step::Name(name) => text.push_str(&format!("['{}']", name.replace('\'', "\\'"))),
        }
    }
    (steps, text)
}

fn step(choices: &mut Choices<'_>) -> Step {
    match choices.once_in(3) {
        true => Step::Index(choices.below(7) as i64 - 3),
        false => Step::Name(NAMES[choices.below(NAMES.len())]),
    }
}

/// Any path, most of them right; `depth` bounds the filters within filters.
pub fn path(choices: &mut Choices<'_>, depth: usize) -> String {
    let root = *choices.pick(&["$", "$", "$$", "$x", "@", ""]);
    let steps = (0..choices.below(6)).map(|_| any_step(choices, depth));
    format!("{root}{}", steps.collect::<String>())
}

fn any_step(choices: &mut Choices<'_>, depth: usize) -> String {
    let name = |choices: &mut Choices<'_>| *choices.pick(&NAMES);
    let number = |choices: &mut Choices<'_>| choices.below(9) as i64 - 4;
    match choices.below(if depth == 0 { 11 } else { 14 }) {
        0 | 1 => format!(".{}", name(choices)),
        2 => format!("..{}", name(choices)),
        3 => format!("['{}']", name(choices)),
        4 => format!("['{}','{}']", name(choices), name(choices)),
        5 => format!("[{}]", number(choices)),
        6 => format!("[{},{}]", number(choices), number(choices)),
        7 => format!(
            "[{}:{}:{}]",
            number(choices),
            number(choices),
            number(choices)
        ),
        8 => format!("[{}:]", number(choices)),
        9 => (*choices.pick(&[".*", "[*]", "..*"])).to_owned(),
        10 => (*choices.pick(&[".", "[", "]", "['a", ".length()", " ", "\\", "[?(", "\u{0}"]))
            .to_owned(),
        _ => {
            let descend = *choices.pick(&["", ".."]);
            format!("{descend}[?({})]", filter(choices, depth - 1))
        }
    }
}

fn filter(choices: &mut Choices<'_>, depth: usize) -> String {
    const OPERATORS: [&str; 17] = [
        "==", "!=", "<", "<=", ">", ">=", "===", "!==", "in", "nin", "subsetof", "anyof", "noneof",
        "all", "contains", "size", "empty",
    ];
    let operand = |choices: &mut Choices<'_>| match choices.below(8) {
        0 => "1".to_owned(),
        1 => "'a'".to_owned(),
        2 => "null".to_owned(),
        3 => "['a', 1]".to_owned(),
        4 => "true".to_owned(),
        5 => path(choices, depth),
        _ => format!("@{}", any_step(choices, depth)),
    };
    match choices.below(6) {
        0 => format!("@.{}", choices.pick(&NAMES)),
        1 => format!(
            "{} {} {}",
            operand(choices),
            choices.pick(&OPERATORS),
            operand(choices)
        ),
        2 if depth > 0 => format!(
            "{} && {}",
            filter(choices, depth - 1),
            filter(choices, depth - 1)
        ),
        3 if depth > 0 => format!(
            "({}) || !{}",
            filter(choices, depth - 1),
            filter(choices, depth - 1)
        ),
        4 => format!(
            "{} =~ /{}/i",
            operand(choices),
            choices.pick(&["a+", "(a|b)*", "[", ".*\\d"])
        ),
        _ => operand(choices),
    }
}
