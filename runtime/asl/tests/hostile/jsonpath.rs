//! JSONPath and the intrinsic functions: filters, descents, and what multiplies.

use asl::query::intrinsics::Intrinsic;
use asl::query::jsonpath::Path;
use serde_json::{Value, json};

use super::Ends::{self, Well, With};
use super::{Rows, scoped};

const NODES: Ends = With("the state's expressions visit more than");

fn path(rows: &mut Rows, name: &str, text: &str, input: &Value, ends: Ends) {
    rows.row(name, ends, || {
        let path = Path::parse(text).map_err(|error| error.message)?;
        let ended = scoped(input, |scope| path.evaluate(scope).map(drop));
        ended.map_err(|error| error.to_string())
    });
}

fn call(rows: &mut Rows, name: &str, text: &str, input: &Value, ends: Ends) {
    rows.row(name, ends, || {
        let call = Intrinsic::parse(text).map_err(|error| error.message)?;
        let ended = scoped(input, |scope| call.evaluate(scope).map(drop));
        ended.map_err(|error| error.to_string())
    });
}

/// A payload as large as may be, of as many small objects, or of as few large texts.
fn inputs() -> (Value, Value, Value) {
    let objects: Vec<Value> = (0..12_000).map(|n| json!({"a": n, "b": "x"})).collect();
    let digits = json!({"list": vec![json!({"n": 1}); 10_000], "text": "1".repeat(150_000)});
    let mut deep = json!(1);
    for _ in 0..120 {
        deep = json!({"a": deep});
    }
    (json!({ "a": objects }), digits, json!(vec![deep; 250]))
}

#[test]
fn paths() {
    let rows = &mut Rows::default();
    let (objects, digits, deep) = inputs();
    for (text, of_objects, of_deep) in [
        ("$..[?(@..b)]", Well, NODES),
        ("$..*..*..*", Well, NODES),
        ("$..a..a..a..a", Well, NODES),
        ("$..[?(@.b == $..b)]", NODES, NODES),
        ("$.a[?(@.a in $..a)]", NODES, Well),
        ("$.a[?(@.b =~ /(x+x+)+y/)]..[?(@..a)]", Well, Well),
    ] {
        path(rows, text, text, &objects, of_objects);
        path(rows, &format!("deep: {text}"), text, &deep, of_deep);
    }
    path(
        rows,
        "numbers of 150,000 digits",
        "$.list[?(@.n == $.text)]",
        &digits,
        NODES,
    );
    let copies = format!("$..['a'{}]", ",'a'".repeat(10_000));
    path(rows, "10,000 names", &copies, &objects, NODES);
    let copies = format!("$..[0{}]", ",0".repeat(30_000));
    path(rows, "30,000 indexes", &copies, &objects, Well);
    let nested = With("a path nests at most");
    for (name, open, close) in [("filters", "@[?(", ")]"), ("parentheses", "(", ")")] {
        let (open, close) = (open.repeat(3_000), close.repeat(3_000));
        path(
            rows,
            name,
            &format!("$[?({open}@.a{close})]"),
            &objects,
            nested,
        );
    }
    let long = format!("${}", ".a".repeat(1_000_000));
    path(
        rows,
        "a million names",
        &long,
        &objects,
        With("an expression has at most"),
    );
    let regex = format!("$.a[?(@.b =~ /{}/)]", "(a{1000}){1000}".repeat(10));
    path(
        rows,
        "a pattern of millions",
        &regex,
        &objects,
        With("compiled regex exceeded size limit"),
    );
}

#[test]
fn intrinsics() {
    let rows = &mut Rows::default();
    let (objects, digits, _) = inputs();
    let ten = |name: &str, inside: &str| {
        format!(
            "{}{inside}{}",
            format!("States.{name}(").repeat(10),
            ")".repeat(10)
        )
    };
    for (name, text, ends) in [
        (
            "20,000 copies",
            format!("States.Array({}$)", "$,".repeat(20_000)),
            NODES,
        ),
        (
            "10,000 descents",
            format!("States.Array({}$..*)", "$..*,".repeat(10_000)),
            NODES,
        ),
        (
            "a format of 10,000",
            format!(
                "States.Format('{}'{})",
                "{}".repeat(10_000),
                ",$.a".repeat(10_000)
            ),
            NODES,
        ),
        ("text of text of text", ten("JsonToString", "$"), NODES),
        ("arrays of arrays", ten("Array", "$, $"), Well),
        (
            "partitions",
            "States.ArrayPartition($.a, 1)".to_owned(),
            Well,
        ),
        ("unique", "States.ArrayUnique($.a)".to_owned(), Well),
        (
            "contains",
            "States.ArrayContains($.a, $.a)".to_owned(),
            Well,
        ),
        (
            "a range",
            "States.ArrayRange(0, 9000000000000, 1)".to_owned(),
            With("The array would have"),
        ),
        ("merge", "States.JsonMerge($, $, false)".to_owned(), Well),
    ] {
        call(rows, name, &text, &objects, ends);
    }
    for (name, text, ends) in [
        (
            "long text to hash",
            "States.Hash($.text, 'MD5')",
            With("The string has more than"),
        ),
        (
            "long text to encode",
            "States.Base64Encode($.text)",
            With("The string has more than"),
        ),
        (
            "split by itself",
            "States.StringSplit($.text, $.text)",
            Well,
        ),
        (
            "text as JSON",
            "States.StringToJson($.text)",
            With("The string is not JSON"),
        ),
    ] {
        call(rows, name, text, &digits, ends);
    }
    let eleven = format!("{}$.a{}", "States.Array(".repeat(11), ")".repeat(11));
    call(
        rows,
        "eleven levels",
        &eleven,
        &objects,
        With("calls nest at most"),
    );
}
