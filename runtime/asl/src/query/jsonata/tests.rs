//! JSONata as AWS speaks it, and what hostile expressions come to.

use serde_json::{Value, json};

use super::*;
use crate::query::{Budget, Draws, Variables};

/// Evaluates on an input, a context and two variables; `Err` holds the error as it prints.
fn evaluate(text: &str) -> Result<Value, String> {
    let expression = Expression::parse(text).map_err(|error| error.message)?;
    let mut variables = Variables::new();
    variables.insert("x".into(), Arc::new(json!([3, 1, 2])));
    variables.insert("sum".into(), Arc::new(json!("hides the function")));
    let input = json!({"a": 1, "text": "a-b-c", "items": [{"n": 1}, {"n": 2}], "big": u64::MAX,
        "ids": [9_007_199_254_740_993_i64, i64::MIN + 1]});
    let scope = Scope {
        input: &input,
        result: Some(&json!("done")),
        error_output: None,
        context: &json!({"Execution": {"Name": "e"}}),
        variables: &variables,
        draws: &Draws::new(7),
        budget: &Budget::new(),
        now: Timestamp(1_000),
    };
    expression
        .evaluate(&scope)
        .map_err(|error| error.to_string())
}

#[test]
fn reads_the_scope_and_aws_functions() {
    for (text, expected) in [
        ("$states.input.a + 1", json!(2)),
        (
            "$states.result & $states.context.Execution.Name",
            json!("donee"),
        ),
        ("$x[0]", json!(3)),
        ("$sum", json!("hides the function")),
        ("$count($x)", json!(3)),
        ("$map($x, function($v){$v * 2})", json!([6, 2, 4])),
        ("$states.input.items[n > 1].n", json!(2)),
        ("($x := 5; $x)", json!(5)),
        ("$string()", json!("{}")),
        ("$exists($states.errorOutput)", json!(false)),
        ("$partition([1..5], 2.9)", json!([[1, 2], [3, 4], [5]])),
        ("$range(1, 9, 3)", json!([1, 4, 7])),
        ("$range(3, 1, -1)", json!([3, 2, 1])),
        ("$range(3, 3, 1)", json!(3)),
        ("$range(-1.7, 2, 1)", json!([-1, 0, 1, 2])),
        ("$range(5, 1, -1.5)", json!([5, 4, 3, 2, 1])),
        ("$partition([1, 2], 3)", json!([[1, 2]])),
        ("$partition([1, 2])", json!([[1, 2]])),
        ("$map(['1', '2'], $parse)", json!([1, 2])),
        ("$exists($parse('null'))", json!(true)),
        ("$parse('{\"a\": [1, -0]}')", json!({"a": [1, 0]})),
        (
            "$hash('a', 'MD5')",
            json!("0cc175b9c0f1b6a831c399e269772661"),
        ),
        (
            "$hash('abc', 'SHA-1')",
            json!("a9993e364706816aba3e25717850c26c9cd0d89d"),
        ),
        // Told by AWS.
        ("$random(42)", json!(0.7275636800328681)),
        ("$random(0.9)", json!(0.730967787376657)),
        ("$random(7)", json!(0.7306990420600421)),
        ("$random() != $random()", json!(true)),
        ("$length($uuid())", json!(36)),
        ("$millis()", json!(1000)),
        ("$replace($states.input.text, '-', '+', 1)", json!("a+b-c")),
        (
            "$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')",
            json!("Smith, John"),
        ),
        (
            "$replace('a1', /\\d/, function($m){$m.match & $m.start})",
            json!("a11"),
        ),
        (
            "$distinct([1, 2, 1, {'a': 1, 'b': 2}, {'b': 2, 'a': 1}])",
            json!([1, 2, {"a": 1, "b": 2}]),
        ),
        ("$distinct([1, 1])", json!([1])),
        ("$keys({'a': 1})", json!("a")),
        ("9007199254740993 * 1", json!(9_007_199_254_740_992_u64)),
        ("1e300", json!(1e300)),
    ] {
        assert_eq!(evaluate(text), Ok(expected), "{text}");
    }
    assert_eq!(evaluate("$uuid()"), evaluate("$uuid()"));
    assert_eq!(evaluate("$shuffle([1..20])"), evaluate("$shuffle([1..20])"));
}

#[test]
fn whole_numbers_that_are_only_passed_on_are_exact() {
    const ID: i64 = 9_007_199_254_740_993;
    for (text, expected) in [
        ("$states.input.ids", json!([ID, i64::MIN + 1])),
        ("{'id': $states.input.ids[0]}", json!({"id": ID})),
        ("($states.input ~> |$|{'a': 2}|).ids[0]", json!(ID)),
        ("$parse('[9007199254740993]')", json!([ID])),
        ("$parse($string($states.input.ids))[0]", json!(ID)),
        ("$number($states.input.ids[0])", json!(ID)),
        ("$string($states.input.ids[0])", json!(ID.to_string())),
        ("'' & $states.input.ids[0]", json!(ID.to_string())),
        ("$type($states.input.ids[0])", json!("number")),
        ("$boolean($states.input.ids[0])", json!(true)),
        ("$states.input.ids[0] = 9007199254740992", json!(false)),
        (
            "$states.input.ids[0] = $parse('9007199254740993')",
            json!(true),
        ),
        ("$states.input.ids[0] in $states.input.ids", json!(true)),
        ("$states.input.ids[0] > 9007199254740992", json!(true)),
        ("$states.input.ids[0] <= 9007199254740992", json!(false)),
        ("$sort($states.input.ids)[1]", json!(ID)),
        ("$states.input.ids^($)[1]", json!(ID)),
        (
            "$distinct($append($states.input.ids, $states.input.ids))[0]",
            json!(ID),
        ),
        ("$partition($states.input.ids, 1)[0]", json!([ID])),
        ("[1, 2][$states.input.ids[1]]", Value::Null),
        // What is calculated is a `double`.
        ("$states.input.ids[0] + 0", json!(ID - 1)),
        ("-$states.input.ids[0]", json!(1 - ID)),
        ("$max($states.input.ids)", json!(ID - 1)),
        ("$parse('9223372036854775807')", json!(i64::MAX)),
        (
            "$parse('9223372036854775808')",
            json!(9_223_372_036_854_776_000_u64),
        ),
        ("$states.input.big", json!(1.8446744073709552e19)),
    ] {
        let expected = match expected {
            Value::Null => Err("returned nothing (undefined)".to_owned()),
            expected => Ok(expected),
        };
        assert_eq!(evaluate(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_base64_is_an_internal_error() {
    let internal = || Err("an internal error".to_owned());
    for (text, expected) in [
        ("$base64decode('aGk=')", Ok(json!("hi"))),
        ("$base64decode('aGk')", Ok(json!("hi"))),
        ("$base64decode('!!!')", internal()),
        ("$base64decode('a Gk=')", internal()),
    ] {
        assert_eq!(evaluate(text), expected, "{text}");
    }
    assert_eq!(
        EvaluationError::Internal.describe("$x", "Output"),
        "The JSONata expression '$x' specified for the field 'Output' threw an internal error \
         during evaluation."
    );
}

#[test]
fn what_is_no_number_is_told_as_text() {
    for (text, expected) in [
        ("1 / 0", json!("Infinity")),
        ("-1 / 0", json!("-Infinity")),
        ("1e308 * 10", json!("Infinity")),
        ("[1 / 0]", json!(["Infinity"])),
        ("{'k': 1 / 0}", json!({"k": "Infinity"})),
        ("$parseInteger('x', '1')", json!("NaN")),
    ] {
        assert_eq!(evaluate(text), Ok(expected), "{text}");
    }
    let operand = evaluate("1 / 0 + 1").unwrap_err();
    assert!(operand.starts_with("D1001"), "{operand}");
}

#[test]
fn what_aws_takes_at_most_is_taken_and_no_more() {
    let size = Err("exceeded the limit of memory for a string, an array or the result".to_owned());
    let depth = Err("exceeded the limit of nesting depth".to_owned());
    let sum = |terms: usize| vec!["1"; terms].join("+");
    let doubled = |times: usize| {
        format!(
            "($p := function($s, $n) {{ $n = 0 ? $s : $p($s & $s, $n - 1) }}; \
             $length($p('x', {times})))"
        )
    };
    let recursion = |calls: usize| {
        format!("($f := function($n) {{ $n = 0 ? 0 : 1 + $f($n - 1) }}; $f({calls}))")
    };
    for (text, expected) in [
        ("[1..873782] ~> $count()".to_owned(), Ok(json!(873_782))),
        ("[1..873783] ~> $count()".to_owned(), size.clone()),
        (doubled(22), Ok(json!(1 << 22))),
        (doubled(23), size),
        (sum(100), Ok(json!(100))),
        (sum(101), depth.clone()),
        // A call that is no tail call: a condition, a sum and the call itself; within a block.
        (recursion(31), Ok(json!(31))),
        (recursion(33), depth.clone()),
        // Calls by native functions are no levels of the expression.
        (
            "($f := function($n) { $n = 0 ? [0] : [$map([$n - 1], $f)] }; $count($f(30)))"
                .to_owned(),
            Ok(json!(1)),
        ),
        (
            "($f := function($n) { $map([$n], function($v) { $f($v) }) }; $f(1))".to_owned(),
            depth,
        ),
    ] {
        assert_eq!(evaluate(&text), expected, "{text:.80}");
    }
}

const NOTHING: &str = "returned nothing (undefined)";

#[test]
fn fails_as_aws_says() {
    for (text, expected) in [
        ("$states.input.none", NOTHING),
        (
            "$randomSeeded(1)",
            "T1006: Attempted to invoke a non-function",
        ),
        ("$error('no')", "D3137: no"),
        ("$partition([], 2)", NOTHING),
        ("$partition([1], -0.5)", NOTHING),
        (
            "$partition([1], -1)",
            "D3137: Second argument must be zero or greater",
        ),
        ("$range(3, 1, 1)", NOTHING),
        ("$range(1, 3)", NOTHING),
        ("$range(1, 3, 0)", NOTHING),
        (
            "$range(1)",
            "T0410: Argument 2 of function \"range\" does not match function signature",
        ),
        ("$hash('a')", NOTHING),
        (
            "$hash('a', 5)",
            "T0410: Argument 2 of function \"hash\" does not match function signature",
        ),
        ("$parse()", NOTHING),
        ("$parse('{} {}')", "D3137: Invalid JSON"),
        ("$parse('1e400')", "D3137: Invalid JSON"),
        (
            "1 + $eval('1')",
            "T1006: Attempted to invoke a non-function",
        ),
        ("a.b", "Reference to 'a' at the top level is not supported."),
        (
            "$x ~> $map(function($v){$}) & $$.a",
            "Reference to '$$' is not supported.",
        ),
        (
            "$states.input.(a",
            "S0203: Expected \")\" before end of expression",
        ),
        (
            "[1..'a']",
            "T2004: The right side of the range operator (..) must evaluate to an integer",
        ),
    ] {
        assert_eq!(evaluate(text), Err(expected.to_owned()), "{text}");
    }
    let error = Expression::parse("1 + a").unwrap_err();
    assert_eq!(error.offset, 4);
    assert_eq!(
        unexpected_type("$x", "Items", "array", &json!(true)),
        "The JSONata expression '$x' specified for the field 'Items' returned an unexpected \
         result type. Expected 'array', but was 'boolean' for value: true"
    );
}

#[test]
fn limits_are_told_as_aws_tells_them() {
    for (which, told) in [
        (
            Limit::Steps,
            "Expression evaluation timeout: Check for infinite loop",
        ),
        (
            Limit::Depth,
            "Stack overflow error: Check for non-terminating recursive function.  Consider \
             rewriting as tail-recursive. Depth=101 max=100",
        ),
        (
            Limit::Size,
            "Expression evaluation memory limit exceeded: Check for excessive memory usage",
        ),
    ] {
        assert_eq!(
            EvaluationError::LimitExceeded { which }.describe("$x", "Output/y"),
            format!(
                "The JSONata expression '$x' specified for the field 'Output/y' threw an error \
                 during evaluation: {told}"
            )
        );
    }
}

#[test]
fn tells_what_it_reads() {
    let read = Expression::parse(
        "($a := $states.result.x; $f := function($b){$a + $b + $c}; $f($sum($d)))",
    )
    .unwrap();
    assert!(read.uses_result() && !read.uses_error_output());
    assert_eq!(read.variables().collect::<Vec<_>>(), ["c", "d"]);
}

/// Texts that would take the host's time, memory or stack, and the message each ends with.
/// `@` stands for a repetition, so that the table stays readable.
#[test]
fn hostile_texts_end_in_errors() {
    let size = "exceeded the limit of memory for a string, an array or the result";
    let depth = "exceeded the limit of nesting depth";
    for (text, expected) in [
        ("($f := function($n){1 + $f($n)}; $f(1))".to_owned(), depth),
        ("[1..10000000]".to_owned(), size),
        ("[1..1e9]".to_owned(), "D2014"),
        (format!("[{}]", ["1..10000000"; 10].join(",")), size),
        (
            "($f := function($s){$f($s & $s)}; $f('a'))".to_owned(),
            size,
        ),
        (
            "($f := function($a){$f($append($a, $a))}; $f([1,2]))".to_owned(),
            size,
        ),
        (
            "($s := $pad('', 100000, 'a'); $replace($s, 'a', $s))".to_owned(),
            size,
        ),
        (
            "($s := $pad('', 100000, 'a'); $replace($s, /a+/, $pad('', 100000, '$0')))".to_owned(),
            size,
        ),
        (
            format!("($a := [1..100000]; $zip({}))", ["$a"; 5000].join(",")),
            size,
        ),
        ("(".repeat(30_000), "U1001"),
        ("[".repeat(30_000), "U1001"),
        (
            format!(
                "function($x)<{}{}>{{1}}",
                "a<".repeat(20_000),
                ">".repeat(20_000)
            ),
            "",
        ),
        ("x".repeat(70_000), "an expression has at most"),
        (format!("{}1", "1+".repeat(20_000)), "U1001"),
    ] {
        let error = evaluate(&text).unwrap_err();
        assert!(error.starts_with(expected), "{:.60}: {error}", text);
    }
}
