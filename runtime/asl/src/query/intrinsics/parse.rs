//! Text to call.

use serde_json::Value;

use super::super::jsonpath::Path;
use super::super::syntax::{Cursor, SyntaxError};
use super::function::Function;
use super::{Argument, Call, Template};
use crate::limits;

/// Reads a whole text as a call.
pub(super) fn call(text: &str) -> Result<Call, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    let call = call_at(&mut cursor, 1)?;
    if !cursor.is_at_end() {
        return Err(cursor.fail("expected the end after the call"));
    }
    Ok(call)
}

/// `depth` counts this call: at most [`limits::INTRINSIC_NESTING_MAX`].
fn call_at(cursor: &mut Cursor<'_>, depth: usize) -> Result<Call, SyntaxError> {
    let opening = *cursor;
    if depth > limits::INTRINSIC_NESTING_MAX {
        return Err(opening.fail(format!(
            "calls nest at most {} deep",
            limits::INTRINSIC_NESTING_MAX
        )));
    }
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
    let Some(function) = Function::named(name) else {
        return Err(opening.fail("expected an intrinsic function, such as `States.Format`"));
    };
    cursor.expect("(")?;
    cursor.skip_blanks();
    let mut arguments = Vec::new();
    if !cursor.eat(")") {
        loop {
            let template = function == Function::Format && arguments.is_empty();
            arguments.push(argument(cursor, template, depth)?);
            cursor.skip_blanks();
            if !cursor.eat(",") {
                break;
            }
            cursor.skip_blanks();
        }
        cursor.expect(")")?;
    }
    if !function.takes(arguments.len()) {
        return Err(opening.fail(format!(
            "{name} does not take {} arguments",
            arguments.len()
        )));
    }
    Ok(Call {
        function,
        arguments: arguments.into(),
    })
}

fn argument(
    cursor: &mut Cursor<'_>,
    template: bool,
    depth: usize,
) -> Result<Argument, SyntaxError> {
    match cursor.peek() {
        Some('$') => Path::parse_at(cursor).map(Argument::Path),
        Some('\'') => {
            let read = string(cursor)?;
            Ok(match template {
                true => Argument::Template(read),
                false => Argument::Literal(Value::String(read.text)),
            })
        }
        Some('-' | '0'..='9') => {
            let number = cursor.number()?;
            Ok(Argument::Literal(Value::Number(number)))
        }
        _ => {
            for (word, value) in [
                ("null", Value::Null),
                ("true", Value::Bool(true)),
                ("false", Value::Bool(false)),
            ] {
                if cursor.eat(word) {
                    return Ok(Argument::Literal(value));
                }
            }
            call_at(cursor, depth + 1).map(Argument::Call)
        }
    }
}

/// A string in single quotes. States Language, "Intrinsic Functions": a backslash may stand
/// before `'`, `{`, `}` and `\` only; AWS refuses any other when the machine is made.
fn string(cursor: &mut Cursor<'_>) -> Result<Template, SyntaxError> {
    let opening = *cursor;
    cursor.expect("'")?;
    let mut text = String::new();
    let mut holes = Vec::new();
    while let Some(next) = cursor.next() {
        match next {
            '\'' => return Ok(Template { text, holes }),
            '\\' => match cursor.next() {
                Some(escaped @ ('\'' | '{' | '}' | '\\')) => text.push(escaped),
                _ => {
                    return Err(
                        opening.fail(r"a backslash stands before `'`, `{`, `}` and `\` only")
                    );
                }
            },
            '{' if cursor.eat("}") => {
                holes.push(text.len());
                text.push_str("{}");
            }
            _ => text.push(next),
        }
    }
    Err(opening.fail("the string has no end"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Intrinsic;

    #[test]
    fn calls_are_read() {
        for text in [
            "States.UUID()",
            "States.UUID( )",
            "States.Array()",
            "States.Array('a',1,-1.5e3,null,true,false,$,$$.a['b,)'],$x)",
            "States.Format( 'a {}' , States.MathAdd($.a, $.b[0]) )",
            "States.Format('\\'\\{\\}\\\\ \n')",
            "States.ArrayLength($..book[?(@.a == 'x)' && (@.b))])",
            "States.ArrayLength($.list.length())",
            "States.MathRandom(1, 2, 3)",
        ] {
            let read = Intrinsic::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_call_is_refused_where_it_goes_wrong() {
        for (text, offset) in [
            ("", 0),
            ("$.a", 0),
            ("States.Nothing()", 0),
            ("states.UUID()", 0),
            ("States.UUID", 11),
            ("States.UUID(", 12),
            ("States.UUID()x", 13),
            ("States.UUID(1)", 0),
            ("States.Hash('a')", 0),
            ("States.Format()", 0),
            ("States.Array(1,)", 15),
            ("States.Array(1 2)", 15),
            ("States.Array(x)", 13),
            ("States.Array(\"x\")", 13),
            ("States.Array('x)", 13),
            ("States.Array(-)", 13),
            ("States.Array(01)", 13),
            ("States.Array($.)", 15),
            ("States.Array(@.a)", 13),
            // Both recorded from AWS.
            (
                r#"States.StringToJson('{"text":"An \"escaped double quote\" here"}')"#,
                20,
            ),
            (
                r#"States.Format('He said, \"Hello, {}!\"', 'Test \"Name\" Here')"#,
                14,
            ),
            (r"States.Format('a\n')", 14),
        ] {
            let error = Intrinsic::parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| {
            let text = format!("{}{}", "States.Array(".repeat(depth), ")".repeat(depth));
            Intrinsic::parse(&text)
        };
        assert!(nested(10).is_ok());
        assert!(nested(11).is_err());
        assert!(nested(4_000).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(
            text in r"States\.(Format|Array|UUID|Hash)\([$'{}\\.,()0-2\[\] a\n]{0,30}\)?"
        ) {
            if let Ok(read) = Intrinsic::parse(&text) {
                prop_assert_eq!(read.to_string(), text);
            }
        }
    }
}
