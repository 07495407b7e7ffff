//! JSONata expressions: the whole grammar, every function, and the things that grow.

use super::{Choices, NAMES};

const FUNCTIONS: [&str; 66] = [
    "sum",
    "count",
    "max",
    "min",
    "average",
    "string",
    "substring",
    "substringBefore",
    "substringAfter",
    "lowercase",
    "uppercase",
    "length",
    "trim",
    "pad",
    "match",
    "contains",
    "replace",
    "split",
    "join",
    "formatNumber",
    "formatBase",
    "formatInteger",
    "parseInteger",
    "number",
    "floor",
    "ceil",
    "round",
    "abs",
    "sqrt",
    "power",
    "random",
    "boolean",
    "not",
    "exists",
    "map",
    "zip",
    "filter",
    "single",
    "reduce",
    "sift",
    "keys",
    "lookup",
    "spread",
    "merge",
    "each",
    "append",
    "reverse",
    "sort",
    "shuffle",
    "distinct",
    "error",
    "assert",
    "type",
    "clone",
    "base64encode",
    "base64decode",
    "encodeUrlComponent",
    "decodeUrl",
    "now",
    "millis",
    "fromMillis",
    "toMillis",
    "partition",
    "range",
    "hash",
    "parse",
];

const LEAVES: [&str; 26] = [
    "1",
    "$states.input",
    "$states.input.a",
    "$states.input.items",
    "$states.input.s",
    "$x",
    "'a'",
    "0",
    "-1",
    "2.5",
    "1e308",
    "1e9",
    "''",
    "'a,b,c'",
    "'😀é'",
    "true",
    "null",
    "[]",
    "{}",
    "$states.context",
    "$y",
    "[1..5]",
    "[1..2000]",
    "'[Y0001]-[M01]'",
    "'#,##0.00'",
    "'w'",
];

/// What only means something where there is a context: in a step or a predicate.
const IN_CONTEXT: [&str; 7] = ["$", "$", "a", "n", "%", "*", "**"];

const OPERATORS: [&str; 18] = [
    "+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "~>", "?:",
    "??",
];

const PATTERNS: [&str; 9] = [
    "/a/",
    "/(a+)+$/",
    "/[a-z]*?b/i",
    "/(?=a)./",
    "/(.)\\1/",
    "/(a|b)*c/m",
    "/x*/",
    "/\\W|é/",
    "/(?:a{2,9}){3}/",
];

/// An expression at most `depth` operators deep.
pub fn expression(choices: &mut Choices<'_>, depth: usize) -> String {
    if depth == 0 {
        return (*choices.pick(&LEAVES)).to_owned();
    }
    let depth = depth - 1;
    match choices.below(8) {
        0 => (*choices.pick(&LEAVES)).to_owned(),
        1 | 2 => call(choices, depth),
        3 | 4 => path(choices, depth),
        5 => made(choices, depth),
        6 => controlled(choices, depth),
        _ => format!(
            "({} {} {})",
            expression(choices, depth),
            choices.pick(&OPERATORS),
            expression(choices, depth)
        ),
    }
}

/// The same, but functions that call themselves do so a few times only: for machines, which
/// evaluate many.
pub fn tame_expression(choices: &mut Choices<'_>, depth: usize) -> String {
    let text = expression(choices, depth);
    text.replace("$n > 1e9", "$n > 9")
        .replace("$n > 3000", "$n > 9")
}

/// Expressions, fewer than `most`, each after `before`.
fn list(choices: &mut Choices<'_>, depth: usize, most: usize, before: &str) -> String {
    let items = (0..choices.below(most)).map(|_| format!("{before}{}", expression(choices, depth)));
    items.collect()
}

/// An expression that is evaluated once for each item.
fn inner(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(3) {
        0 => (*choices.pick(&IN_CONTEXT)).to_owned(),
        1 => format!(
            "{} {} {}",
            choices.pick(&IN_CONTEXT),
            choices.pick(&OPERATORS),
            expression(choices, depth)
        ),
        _ => expression(choices, depth),
    }
}

/// Calls, with functions among the arguments.
fn call(choices: &mut Choices<'_>, depth: usize) -> String {
    let function = *choices.pick(&FUNCTIONS);
    let argument = expression(choices, depth);
    match choices.below(6) {
        0 => format!("${function}({argument})"),
        1 => format!("${function}({argument}, {})", lambda(choices, depth)),
        2 => format!("${function}({argument}, {})", choices.pick(&PATTERNS)),
        3 => format!("${function}({argument}, ${})", choices.pick(&FUNCTIONS)),
        4 => format!("${function}(?, {argument})({})", expression(choices, depth)),
        _ => format!("${function}({argument}{})", list(choices, depth, 3, ", ")),
    }
}

fn lambda(choices: &mut Choices<'_>, depth: usize) -> String {
    let signature = *choices.pick(&["", "", "<x:x>", "<n-n?:n>", "<a<s>s?:s>", "<(sn)+:x>"]);
    let parameters = *choices.pick(&["$x", "$x, $y", "$x, $y, $z", ""]);
    format!(
        "function({parameters}){signature}{{{}}}",
        expression(choices, depth)
    )
}

/// Steps, predicates, order, groups, focus, index, parent.
fn path(choices: &mut Choices<'_>, depth: usize) -> String {
    let start = match choices.below(3) {
        0 => "$states.input".to_owned(),
        1 => "$states.input.items".to_owned(),
        _ => format!("({})", expression(choices, depth)),
    };
    let name = *choices.pick(&NAMES[..6]);
    match choices.below(12) {
        0 => format!("{start}.{name}"),
        1 => format!("{start}[{}]", inner(choices, depth)),
        2 => format!("{start}.({})", inner(choices, depth)),
        3 => format!("{start}^({}, <{name})", inner(choices, depth)),
        4 => format!("{start}{{$string({name}): {}}}", inner(choices, depth)),
        5 => format!("{start}.{name}@$v.({})", inner(choices, depth)),
        6 => format!("{start}#$i[$i < 3].{name}"),
        7 => format!("{start}.{name}.%.{name}"),
        8 => format!("{start}.**.{name}"),
        9 => format!("{start}.*[]"),
        10 => format!("{start}.{name}[-1]"),
        _ => format!("{start}[0].`{name}`"),
    }
}

/// Arrays, objects, ranges, transforms.
fn made(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(5) {
        0 => format!("[1{}]", list(choices, depth, 4, ", ")),
        1 => format!(
            "{{'a': {}, 'b': {}}}",
            expression(choices, depth),
            expression(choices, depth)
        ),
        2 => format!(
            "[{}..{}]",
            expression(choices, depth),
            expression(choices, depth)
        ),
        3 => format!(
            "{} ~> |{}|{{'n': {}}}, ['a']|",
            expression(choices, depth),
            choices.pick(&["$", "**", "*", "items"]),
            expression(choices, depth)
        ),
        _ => format!("-({})", expression(choices, depth)),
    }
}

/// Blocks, conditions, functions that call themselves.
fn controlled(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(5) {
        0 => format!(
            "({} ? {} : {})",
            expression(choices, depth),
            expression(choices, depth),
            expression(choices, depth)
        ),
        1 => format!(
            "($x := {}; $y := {}; {})",
            expression(choices, depth),
            expression(choices, depth),
            expression(choices, depth)
        ),
        2 => format!(
            "({})(1{})",
            lambda(choices, depth),
            list(choices, depth, 3, ", ")
        ),
        3 => format!(
            "($f := function($x, $n){{$n > {} ? $x : $f({}, $n + 1)}}; $f({}, 0))",
            choices.pick(&["3", "30", "3000", "1e9"]),
            choices.pick(&[
                "[[$x], [$x]]",
                "$x & $x",
                "{'l': $x, 'r': $x}",
                "$append($x, $x)",
                "function(){$x}",
                "$x"
            ]),
            expression(choices, depth)
        ),
        _ => format!("({} ~> {})", lambda(choices, depth), lambda(choices, depth)),
    }
}
