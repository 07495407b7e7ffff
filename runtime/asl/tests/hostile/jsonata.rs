//! JSONata: recursion, ranges, what doubles, what is shared, regular expressions, built-ins.

use asl::query::jsonata::Expression;
use serde_json::json;

use super::Ends::{self, Well, With};
use super::{DEPTH, Rows, SIZE, STEPS, scoped};

/// Two values that each hold themselves twice, forty levels deep: 2⁴⁰ leaves.
const SHARED_ARRAYS: &str = "$f := function($a, $n){$n = 0 ? $a : $f([[$a], [$a]], $n - 1)}; \
    $x := $f(1, 40); $y := $f(1, 40); ";

/// The same of objects.
const SHARED_OBJECTS: &str = "$f := function($a, $n){$n = 0 ? $a : $f({'l': $a, 'r': $a}, $n - 1)}; \
    $x := $f(1, 40); $y := $f(1, 40); ";

fn check(rows: &mut Rows, name: &str, text: &str, ends: Ends) {
    let input = json!({"text": "ab".repeat(100_000), "numbers": (0..40_000).collect::<Vec<_>>()});
    rows.row(name, ends, || {
        let expression = Expression::parse(text).map_err(|error| error.message)?;
        let ended = scoped(&input, |scope| expression.evaluate(scope));
        ended.map(drop).map_err(|error| error.to_string())
    });
}

fn check_all(rows: &mut Rows, table: &[(&str, Ends)]) {
    for (text, ends) in table {
        check(rows, text, text, *ends);
    }
}

/// Operators and functions that walk all of a value.
#[test]
fn walks_of_shared_values() {
    let rows = &mut Rows::default();
    let not_comparable = With("T2010");
    for (walk, of_arrays, of_objects) in [
        ("$x = $y", STEPS, STEPS),
        ("$x != $y", STEPS, STEPS),
        ("$boolean($x)", STEPS, Well),
        ("$x and $y", STEPS, Well),
        ("$x ? 1 : 2", STEPS, Well),
        ("$x.a", STEPS, With("returned nothing")),
        ("$x.*.*", SIZE, SIZE),
        ("$x.**", SIZE, SIZE),
        ("$lookup($x, 'a')", STEPS, With("returned nothing")),
        ("$spread($x)", SIZE, SIZE),
        ("$string($x)", SIZE, SIZE),
        ("$string($x, true)", SIZE, SIZE),
        ("$x & ''", SIZE, SIZE),
        ("$distinct([$x, $y])", STEPS, STEPS),
        ("$keys($x)", STEPS, Well),
        ("$merge([$x])", With("T0412"), SIZE),
        ("$clone($x)", SIZE, SIZE),
        ("$x ~> |$|{'a': 1}|", SIZE, SIZE),
        ("$x ~> |**|{'a': 1}|", SIZE, SIZE),
        ("$x[a = 1]", STEPS, With("returned nothing")),
        ("[$x][$ = $y]", With("returned nothing"), STEPS),
        ("$x^(a)", STEPS, SIZE),
        ("$x{'a': $}", SIZE, SIZE),
        ("$map([$x], $boolean)", STEPS, Well),
        ("$hash($x, 'MD5')", With("T0410"), With("T0410")),
        ("$partition($x, 1)", SIZE, SIZE),
        // Errors show the value they are about.
        ("-$x", With("D1002"), With("D1002")),
        ("$x > 1", not_comparable, not_comparable),
        ("$error($x)", With("T0410"), With("T0410")),
        // The result is printed.
        ("$x", SIZE, SIZE),
    ] {
        check(
            rows,
            &format!("arrays: {walk}"),
            &format!("({SHARED_ARRAYS}{walk})"),
            of_arrays,
        );
        check(
            rows,
            &format!("objects: {walk}"),
            &format!("({SHARED_OBJECTS}{walk})"),
            of_objects,
        );
    }
}

#[test]
fn recursion() {
    let rows = &mut Rows::default();
    check_all(
        rows,
        &[
            ("($f := function($n){1 + $f($n)}; $f(1))", DEPTH),
            ("($f := function($n){$f($n + 1)}; $f(1))", STEPS),
            (
                "($f := function($n){$g($n)}; $g := function($n){1 + $f($n)}; $f(1))",
                DEPTH,
            ),
            (
                "($f := function($n){$g($n)}; $g := function($n){$f($n)}; $f(1))",
                STEPS,
            ),
            ("(λ($x){$x($x)})(λ($x){$x($x)})", STEPS),
            ("($f := function($a){$map([1..100], $f)}; $f(1))", DEPTH),
            // Levels that each hold a large array.
            (
                "($a := [1..131000]; $f := function($n){[$a, $f($n)]}; $f(1))",
                DEPTH,
            ),
            (
                "($a := [1..131000]; $f := function($n){$map($a, $f)}; $f(1))",
                SIZE,
            ),
        ],
    );
}

/// What is dropped one inside the other must not take a level of the stack for each.
#[test]
fn chains() {
    let rows = &mut Rows::default();
    let chain = |link: &str, links: u32| {
        format!(
            "($f := function($g, $n){{$n = 0 ? $g : $f({link}, $n - 1)}}; $f($string, {links}); 1)"
        )
    };
    for (link, links) in [
        ("function(){$g}", 300_000),
        ("$append(?, $g)", 300_000),
        ("$g ~> $string", 100_000),
        ("[$g]", 300_000),
        ("{'g': $g}", 300_000),
        // Each held twice by the next: no link is anyone's alone.
        ("[[$g], [$g]]", 100_000),
        ("{'l': $g, 'r': $g}", 200_000),
        ("function(){$g}.[$, $]", 100_000),
    ] {
        check(rows, &format!("chain of {link}"), &chain(link, links), Well);
    }
    check(
        rows,
        "chain called",
        &chain("$g ~> $string", 10_000).replace("; 1)", "(1))"),
        DEPTH,
    );
}

#[test]
fn ranges_and_what_doubles() {
    let rows = &mut Rows::default();
    let ranges = |range: &str| format!("[{}]", [range; 10].join(","));
    check(rows, "ten ranges to 1e7", &ranges("1..10000000"), SIZE);
    check(
        rows,
        "ten ranges that are allowed",
        &ranges("1..131000"),
        SIZE,
    );
    check_all(
        rows,
        &[
            ("[1..1e9]", With("D2014")),
            ("[1..10000000]", SIZE),
            ("$range(1, 1e12, 1)", SIZE),
            ("$count([1..131000].[1..131000])", SIZE),
            ("[1..131000].[[1..131000]]", SIZE),
            ("($f := function($s){$f($s & $s)}; $f('a'))", SIZE),
            (
                "($f := function($a){$f($append($a, $a))}; $f([1, 2]))",
                SIZE,
            ),
            (
                "($f := function($o, $n){$f($merge([$o, {'a' & $n: $o}]), $n + 1)}; $f({'a': 1}, 0))",
                SIZE,
            ),
            ("($f := function($o){$f({'n': $o})}; $f({}))", SIZE),
            (
                "($f := function($s, $n){$f($s & $n, $n + 1)}; $f('', 0))",
                STEPS,
            ),
            (
                "($s := $pad('', 1000000, 'a'); $map([1..131000], function($n){$s & $n}))",
                STEPS,
            ),
            ("[1..131000].($string($) & $pad('', 4000, 'a'))", STEPS),
            ("[1..131000].{$string($) & $pad('', 4000, 'a'): 1}", STEPS),
            ("[1..131000].{'a': [1..1000]}", SIZE),
            ("($b := [1..131000]; [1..131000].[$b]{'a': $})", SIZE),
            ("([1..131000])@$a.([1..131000])@$b.{'a': $a}", SIZE),
            ("$pad('', 1e7, '😀')", SIZE),
            ("$formatInteger(1e300, 'I')", SIZE),
            ("$fromMillis(0, '[Y,9999999]')", SIZE),
        ],
    );
}

#[test]
fn regular_expressions() {
    let rows = &mut Rows::default();
    let on_a_text = |pattern: &str| format!("$contains($pad('', 200000, 'a'), /{pattern}/)");
    for (pattern, ends) in [
        ("(a*)*b", STEPS),
        ("(a|a)*b", SIZE),
        ("a*b", STEPS),
        ("(?:(?=a*)a)*b", STEPS),
        ("(?:(?!a*b)a)*$", STEPS),
        ("a{150000}b", STEPS),
        ("(?:a{100000}b|a)*c", STEPS),
        ("(?:a*?b|a)*c", STEPS),
        ("(a+)\\1b", STEPS),
        ("((((){1000}){1000}){1000}){1000}b", SIZE),
        ("(((a{1000}){1000}){1000}){1000}", STEPS),
    ] {
        check(rows, &format!("/{pattern}/"), &on_a_text(pattern), ends);
    }
    let nested = "$match($pad('', 40, 'a') & 'b', /(a+)+$/)";
    check(rows, nested, nested, STEPS);
    let long = format!(
        "$contains('a', /{}a{}/)",
        "(".repeat(30_000),
        ")".repeat(30_000)
    );
    check(rows, "30,000 groups", &long, SIZE);
    let deep = format!(
        "$contains('a', /{}a{}/)",
        "(".repeat(1_000),
        ")".repeat(1_000)
    );
    check(rows, "1,000 groups", &deep, With("S0302"));
    let classes = format!("$contains('a', /{}/i)", r"[\W]".repeat(800));
    check(rows, "800 classes", &classes, Well);
    let groups = format!(
        "[1..131000][$contains($string($), /{}9/)]",
        "()".repeat(1_500)
    );
    check(rows, "1,500 groups for each number", &groups, STEPS);
}

#[test]
fn built_ins() {
    let rows = &mut Rows::default();
    check_all(
        rows,
        &[
            (
                "$replace($pad('', 100000, 'a'), 'a', $pad('', 100000, 'a'))",
                SIZE,
            ),
            (
                "$replace($pad('', 100000, 'a'), /a+/, $pad('', 100000, '$0'))",
                SIZE,
            ),
            ("$count($match($pad('', 200000, 'a'), /a/))", Well),
            ("$count($split($pad('', 1000000, 'ab'), /b/))", SIZE),
            ("$count($split($pad('', 250000, 'ab'), /b/))", Well),
            ("$length($replace($pad('', 60000, '😀'), /./, 'b'))", Well),
            (
                "($s := $pad('', 200000, 'a'); $sort([1..131000].$s))",
                STEPS,
            ),
            ("($s := $pad('', 200000, 'a'); [1..131000].$s^($))", STEPS),
            ("$count($distinct([1..131000].{'a': $, 'b': 1}))", Well),
            ("$count($distinct([1..131000].function(){1}))", STEPS),
            ("$count($keys([1..131000].{'a' & $: 1}))", Well),
            (
                "($o := $merge([1..20000].{'a' & $: 1}); $merge([1..131000].$o))",
                STEPS,
            ),
            (
                "($o := $merge([1..20000].{'a' & $: 1}); $spread([1..131000].$o))",
                SIZE,
            ),
            ("($o := {'a': [1..131000]}; [1..131000].$o.a)", SIZE),
            ("($p := [1..5000].{'x': 1}; $p ~> |$|{'y': $p}|)", STEPS),
            (
                "($o := $merge([1..20000].{'a' & $: 1}); $p := [1..131000].{}; $p ~> |$|$o|)",
                SIZE,
            ),
            ("[1..131000][$ in [1..131000]]", STEPS),
            ("($a := [1..131000]; $a[($; $a)])", STEPS),
            ("$shuffle([1..131000])", Well),
            ("[1..131000].$formatBase(1e308, 2)", STEPS),
            ("[1..131000].$formatInteger(1e308, 'w')", STEPS),
            ("[1..131000].$parseInteger('one', 'w')", STEPS),
            ("$parseInteger($pad('', 1000000, 'one and '), 'w')", Well),
            (
                "$toMillis($pad('', 200000, 'one '), '[Yw] [Mw] [Dw]x')",
                STEPS,
            ),
            (
                "($s := $pad('', 1000000, 'a'); [1..131000].$substring($s, 0, 1))",
                STEPS,
            ),
            (
                "($s := $pad('', 1000000, 'a'); [1..131000].$hash($s, 'SHA-512'))",
                STEPS,
            ),
            (
                "$count($parse('[' & $join([1..130000].'[]', ',') & ']'))",
                Well,
            ),
            ("$count($partition([1..131000], 1))", Well),
        ],
    );
    let zip = format!("($a := [1..100000]; $zip({}))", ["$a"; 5_000].join(","));
    check(rows, "zip of 5,000 arrays", &zip, SIZE);
    let terms = format!("[1..131000]^({})", ["$"; 3_000].join(","));
    check(rows, "order by 3,000 terms", &terms, SIZE);
    let picture = format!("[1..131000].$formatNumber($, '{}0')", "#,".repeat(500));
    check(rows, "pictures of 500 groups", &picture, STEPS);
    let picture = format!("$formatNumber(1, '0.{}')", "0".repeat(60_000));
    check(rows, "a picture of 60,000 digits", &picture, SIZE);
}

/// Texts that are much to parse, or little to say much with.
#[test]
fn texts() {
    let rows = &mut Rows::default();
    let nested = With("U1001: The expression is nested too deeply");
    let too_long = With("an expression has at most");
    let many = |text: &str, times: usize| text.repeat(times);
    let parameters = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("$a{n}")).collect();
        names.join(",")
    };
    for (name, text, ends) in [
        ("a million parentheses", many("(", 1_000_000), too_long),
        ("30,000 parentheses", many("(", 30_000), nested),
        ("30,000 brackets", many("[", 30_000), nested),
        ("20,000 additions", many("1+", 20_000) + "1", nested),
        ("16,000 conditions", many("1?1:", 16_000) + "1", nested),
        (
            "10,000 parents",
            format!("$$.a{}", many(".b.%", 10_000)),
            nested,
        ),
        (
            "15,000 predicates",
            format!("[1]{}", many("[0]", 15_000)),
            nested,
        ),
        (
            "400 functions",
            format!("({}1{})", many("function(){", 400), many("}", 400)),
            With("returned nothing"),
        ),
        (
            "a signature 20,000 deep",
            format!(
                "function($x)<{}{}>{{1}}",
                many("a<", 20_000),
                many(">", 20_000)
            ),
            With("returned nothing"),
        ),
        (
            "a signature 20,000 wide",
            format!("(function($x)<{}>{{1}})()", many("s", 20_000)),
            With("U1001: A function signature has more than"),
        ),
        (
            "a signature of 40 options",
            format!(
                "(function($x)<{}n>{{1}})({})",
                many("s?", 40),
                ["''"; 20].join(",")
            ),
            STEPS,
        ),
        (
            "4,000 parameters",
            format!(
                "($f := function({}){{$map([1..131000], function($v){{$a0}})}}; $f(1))",
                parameters(4_000)
            ),
            STEPS,
        ),
        (
            "20,000 arguments",
            format!(
                "($f := function($x){{1}}; [1..131000].$f({}))",
                ["1"; 20_000].join(",")
            ),
            STEPS,
        ),
        (
            "20,000 placeholders",
            format!(
                "($f := function($x){{1}}; [1..131000].$f({}))",
                ["?"; 20_000].join(",")
            ),
            STEPS,
        ),
        (
            "90 scopes",
            format!(
                "({}[1..131000].($z + $z + $z){})",
                many("($a := 1;", 90),
                many(")", 90)
            ),
            STEPS,
        ),
        (
            "32,000 items",
            format!("[{}]", ["1"; 32_000].join(",")),
            Well,
        ),
        (
            "32,000 items again and again",
            format!("[1..131000].[{}]", ["1"; 32_000].join(",")),
            STEPS,
        ),
        (
            "a text within a text",
            "$eval('1')".to_owned(),
            With("T1006"),
        ),
    ] {
        check(rows, name, &text, ends);
    }
}

/// What an author may well write is no bomb: it must fit.
#[test]
fn large_but_usual() {
    let rows = &mut Rows::default();
    check_all(
        rows,
        &[
            (
                "($a := [1..1000].{'i': $}; $count($a.($i := i; $a[i = $i])))",
                Well,
            ),
            (
                "($a := [1..1000].{'i': $}; $count($a.($i := i; $filter($a, function($v){$v.i = $i}))))",
                Well,
            ),
            ("$count($merge([1..20000].{'k' & $: $}))", Well),
            ("$count([1..20000]{$string($ % 100): $sum($)})", Well),
            (
                "$sum($reduce([1..3000], function($a, $n){$append($a, $n)}, []))",
                Well,
            ),
            (
                "$count($keys($reduce([1..2000], function($o, $n){$merge([$o, {'k' & $n: $n}])}, {})))",
                Well,
            ),
            ("$length($join([1..20000].$string($), ','))", Well),
            (
                "$length($reduce([1..1000], function($s, $n){$s & $pad('', 100, 'x')}, ''))",
                Well,
            ),
            ("$sort([1..20000], function($a, $b){$a < $b})[0]", Well),
            ("$count($match($states.input.text, /b/, 50000))", Well),
            ("$sum($states.input.numbers[$ % 2 = 0])", Well),
        ],
    );
}
