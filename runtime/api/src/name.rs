//! The names of state machines, executions and activities.
//!
//! Source: AWS, the `name` parameter of CreateStateMachine, CreateActivity, StartExecution.

use crate::ApiError;

/// Characters that no name may have, beside white space and control characters.
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// Checks a name's characters; its length is the request's shape to check.
///
/// # Errors
/// `InvalidName`.
pub(crate) fn check(name: &str) -> Result<(), ApiError> {
    let is_sound = |char: char| {
        !char.is_whitespace()
            && !char.is_control()
            && !FORBIDDEN.contains(char)
            && !['\u{fffe}', '\u{ffff}', '\u{10ffff}'].contains(&char)
    };
    match name.chars().all(is_sound) {
        true => Ok(()),
        false => Err(ApiError::invalid_name(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn characters_are_checked() {
        for name in ["a", "état", "a.b-c_1", "名前"] {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
        for name in [
            "a b", "a?", "a\u{7f}", "\u{0}a", "a\\b", "a:b", "a/b", "a\u{9f}",
        ] {
            let refused = check(name).unwrap_err();
            assert_eq!(refused.message, format!("Invalid Name: '{name}'"));
        }
    }
}
