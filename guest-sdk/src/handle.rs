//! From JSON text to JSON text through the author's function.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;

/// How much of the input a cause quotes before the place where it went wrong, in bytes.
const EXCERPT_BYTES_MAX: usize = 60;

/// Reads `input`, calls `function`, writes its answer.
///
/// # Errors
/// Whatever the function fails with; [`Failure::INVALID_INPUT`] for input that it cannot
/// take; [`Failure::INVALID_OUTPUT`] for an answer without JSON form.
pub fn handle<I, O, E>(
    input: &str,
    function: impl FnOnce(I) -> Result<O, E>,
) -> Result<String, Failure>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<Failure>,
{
    let input = serde_json::from_str(input).map_err(|error| invalid_input(input, &error))?;
    let output = function(input).map_err(Into::into)?;
    serde_json::to_string(&output)
        .map_err(|error| Failure::new(Failure::INVALID_OUTPUT, error.to_string()))
}

/// The state machine sends its input as one line, so that a column alone says little: the
/// cause quotes what stands before it.
fn invalid_input(input: &str, error: &serde_json::Error) -> Failure {
    let line_start = input
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let end = input.floor_char_boundary(line_start + error.column());
    let start = input.floor_char_boundary(end.saturating_sub(EXCERPT_BYTES_MAX));
    let ellipsis = if start > 0 { "…" } else { "" };
    let excerpt = &input[start..end];
    let cause = format!("{error}, after `{ellipsis}{excerpt}`");
    Failure::new(Failure::INVALID_INPUT, cause)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn double(n: u32) -> Result<u32, Failure> {
        Ok(n * 2)
    }

    fn check(input: &str, want: Result<&str, (&str, &str)>) {
        let got = handle(input, double);
        let got = match &got {
            Ok(output) => Ok(output.as_str()),
            Err(failure) => Err((failure.error(), failure.cause())),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn an_answer_is_json() {
        check(" 21 ", Ok("42"));
    }

    #[test]
    fn input_of_another_shape_says_where() {
        let cause = "invalid type: string \"x\", expected u32 at line 1 column 3, after `\"x\"`";
        check("\"x\"", Err(("InvalidInput", cause)));
        let cause = "EOF while parsing a value at line 1 column 0, after ``";
        check("", Err(("InvalidInput", cause)));
    }

    #[test]
    fn the_excerpt_is_short_and_whole_characters() {
        let input = format!("[\n\"{}\",7]", "é".repeat(100));
        let failure = handle(&input, |_: Vec<String>| Ok::<_, Failure>(())).unwrap_err();
        assert!(failure.cause().contains("line 2 column"), "{failure}");
        assert!(failure.cause().ends_with("é\",7`"), "{failure}");
        assert!(failure.cause().len() < 200, "{failure}");
    }

    #[test]
    fn an_answer_without_json_form_is_a_failure() {
        let failure = handle("null", |(): ()| {
            Ok::<_, Failure>(HashMap::from([((1, 2), 3)]))
        });
        assert_eq!(failure.unwrap_err().error(), Failure::INVALID_OUTPUT);
    }
}
