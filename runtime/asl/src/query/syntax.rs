//! What the parsers of paths and of intrinsic calls share: a place in a text, and the
//! error that names it.

use serde_json::Number;

use crate::limits;

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct SyntaxError {
    /// Where, in bytes from the beginning of the expression.
    pub offset: usize,
    /// What is wrong there, in words.
    pub message: String,
}

/// A place in an expression that moves forward as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of `text`, which may have [`limits::EXPRESSION_BYTES_MAX`] bytes.
    pub(super) fn new(text: &'t str) -> Result<Self, SyntaxError> {
        let cursor = Self { text, at: 0 };
        if text.len() > limits::EXPRESSION_BYTES_MAX {
            return Err(cursor.fail(format!(
                "an expression has at most {} bytes",
                limits::EXPRESSION_BYTES_MAX
            )));
        }
        Ok(cursor)
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// What was read since `start`, an earlier [`Cursor::offset`].
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads the next character.
    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads `token` if it comes next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let comes = self.rest().starts_with(token);
        if comes {
            self.at += token.len();
        }
        comes
    }

    /// Reads `token`, or fails.
    pub(super) fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.fail(format!("expected `{token}`")))
        }
    }

    /// Reads characters while `wanted` holds.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.advance(length);
        &rest[..length]
    }

    /// Reads white space.
    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Reads a number as JSON has them.
    pub(super) fn number(&mut self) -> Result<Number, SyntaxError> {
        let opening = *self;
        let digits = self.take_while(|c| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        serde_json::from_str(digits).map_err(|_| opening.fail("expected a number"))
    }

    /// Reads `bytes` bytes, which must end at a character's end.
    pub(super) fn advance(&mut self, bytes: usize) {
        debug_assert!(self.rest().is_char_boundary(bytes));
        self.at += bytes;
    }

    /// An error at this place.
    pub(super) fn fail(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            offset: self.at,
            message: message.into(),
        }
    }
}
