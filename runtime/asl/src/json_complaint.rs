//! What AWS says of a text that is no JSON: the words of the parser that AWS's services use,
//! Jackson, which clients see in the refusal of a definition or of an input.
//!
//! This finds the first error and words it; whether a text is JSON at all is decided by who
//! asks. Where Jackson takes what we refuse (text after the value, a number too large), there
//! is no complaint. Source: messages of AWS, and Jackson's documentation of its exceptions.

use std::ops::Range;

/// Characters of the text that a complaint quotes.
const QUOTED_CHARS_MAX: usize = 500;

/// Characters of an unknown token that a complaint quotes.
const TOKEN_CHARS_MAX: usize = 256;

/// What may stand where a value is expected.
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// A syntax error, as AWS tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The sentence, without the place.
    pub sentence: String,
    /// The place: `[Source: (String)"…"; line: 1, column: 4]`.
    pub place: String,
    /// The bytes that are wrong.
    pub span: Range<usize>,
}

impl Complaint {
    /// Sentence and place in one, as AWS puts them into a message.
    pub fn message(&self) -> String {
        format!("{}\n at {}", self.sentence, self.place)
    }

    /// The first error of a text, if there is one that Jackson would tell.
    pub fn of(text: &str) -> Option<Self> {
        let mut reader = Reader {
            text,
            at: 0,
            open: Vec::new(),
        };
        let error = reader.document().err()?;
        Some(Self {
            sentence: error.sentence,
            place: place(text, error.seen),
            span: error.span,
        })
    }
}

/// What AWS says of a text that is no payload, for this reason of ours: the reason itself where
/// Jackson would tell nothing.
pub fn words(text: &str, reason: &impl std::fmt::Display) -> String {
    Complaint::of(text).map_or_else(|| reason.to_string(), |told| told.message())
}

/// What another parser says of a text, at a place as AWS words it.
pub(crate) fn elsewhere(text: &str, sentence: &str, at: usize) -> Complaint {
    Complaint {
        sentence: sentence.to_owned(),
        place: place(text, at),
        span: at..text.ceil_char_boundary(at + 1),
    }
}

/// The place before this byte, in lines and columns from 1.
fn place(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = text[start..at].chars().count() + 1;
    let quoted = match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => format!("{text}\""),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}\"[truncated {more} chars]", &text[..end])
        }
    };
    format!("[Source: (String)\"{quoted}; line: {line}, column: {column}]")
}

/// An error: what, how much was read when it was seen, and the bytes that are wrong.
struct Wrong {
    sentence: String,
    seen: usize,
    span: Range<usize>,
}

/// A container that was not closed yet.
struct Open {
    is_object: bool,
    /// Where it begins.
    at: usize,
    /// Whether an entry of it was begun.
    has_entries: bool,
}

impl Open {
    fn name(&self) -> &'static str {
        if self.is_object { "Object" } else { "Array" }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
}

impl Reader<'_> {
    /// Reads one value with all that is in it; an own stack, so that no depth is too much.
    fn document(&mut self) -> Result<(), Wrong> {
        let Some(first) = self.next_sound() else {
            return Err(self.wrong("No content to map due to end-of-input"));
        };
        self.value(first)?;
        while !self.open.is_empty() {
            match self.next_sound() {
                None => return Err(self.unclosed()),
                Some(marker @ ('}' | ']')) => self.close(marker)?,
                Some(next) => self.entry(next)?,
            }
        }
        Ok(())
    }

    fn close(&mut self, marker: char) -> Result<(), Wrong> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let expected = if open.is_object { '}' } else { ']' };
        if marker == expected {
            return Ok(());
        }
        let (name, at) = (open.name(), place(self.text, open.at));
        Err(self.wrong(format!(
            "Unexpected close marker '{marker}': expected '{expected}' (for {name} starting at {at})"
        )))
    }

    /// Reads an entry of the innermost container, from this character on.
    fn entry(&mut self, mut next: char) -> Result<(), Wrong> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let (is_object, name) = (open.is_object, open.name());
        if std::mem::replace(&mut open.has_entries, true) {
            if next != ',' {
                let separate = format!("was expecting comma to separate {name} entries");
                return Err(self.unexpected(next, &separate));
            }
            next = self.next_within(name)?;
        }
        if is_object {
            self.name(next)?;
            next = self.next_within(name)?;
        }
        self.value(next)
    }

    /// Reads a field's name and the colon after it.
    fn name(&mut self, first: char) -> Result<(), Wrong> {
        if first != '"' {
            let start = "was expecting double-quote to start field name";
            return Err(self.unexpected(first, start));
        }
        self.string("name", " in field name")?;
        match self.next_within("Object")? {
            ':' => Ok(()),
            next => {
                let separate = "was expecting a colon to separate field name and value";
                Err(self.unexpected(next, separate))
            }
        }
    }

    fn value(&mut self, first: char) -> Result<(), Wrong> {
        match first {
            '"' => self.string(
                "string value",
                ": was expecting closing quote for a string value",
            ),
            '{' | '[' => {
                self.open.push(Open {
                    is_object: first == '{',
                    at: self.at - 1,
                    has_entries: false,
                });
                Ok(())
            }
            '}' => Err(self.unexpected(first, "expected a value")),
            '-' | '0'..='9' => self.number(first),
            _ if is_word(first) => self.word(first),
            _ => {
                let expected = format!("expected a valid value {VALUES}");
                Err(self.unexpected(first, &expected))
            }
        }
    }

    /// Reads a text after its opening quote.
    fn string(&mut self, what: &str, ended: &str) -> Result<(), Wrong> {
        loop {
            match self.next() {
                None => return Err(self.ended(ended)),
                Some('"') => return Ok(()),
                Some('\\') => self.escape()?,
                Some(char) if char < ' ' => {
                    let shown = shown(char);
                    return Err(self.wrong(format!(
                        "Illegal unquoted character ({shown}): has to be escaped using backslash \
                         to be included in {what}"
                    )));
                }
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Wrong> {
        match self.next() {
            None => Err(self.ended(" in character escape sequence")),
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Ok(()),
            Some('u') => (0..4).try_for_each(|_| match self.next() {
                None => Err(self.ended(" in character escape sequence")),
                Some(char) if char.is_ascii_hexdigit() => Ok(()),
                Some(char) => {
                    let expected = "expected a hex-digit for character escape sequence";
                    Err(self.unexpected(char, expected))
                }
            }),
            Some(char) => {
                let shown = shown(char);
                Err(self.wrong(format!("Unrecognized character escape {shown}")))
            }
        }
    }

    fn number(&mut self, first: char) -> Result<(), Wrong> {
        let first = match first {
            '-' => {
                self.digit("expected digit (0-9) to follow minus sign, for valid numeric value")?
            }
            digit => digit,
        };
        if first == '0' && self.peek().is_some_and(|next| next.is_ascii_digit()) {
            return Err(self.wrong("Invalid numeric value: Leading zeroes not allowed"));
        }
        self.digits();
        if self.peek() == Some('.') {
            self.next();
            self.digit("Decimal point not followed by a digit")?;
            self.digits();
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.next();
            if matches!(self.peek(), Some('+' | '-')) {
                self.next();
            }
            self.digit("Exponent indicator not followed by a digit")?;
            self.digits();
        }
        match self.peek() {
            // Only a value of its own wants space after it; others have their separators.
            Some(next) if self.open.is_empty() && !next.is_ascii_whitespace() => {
                self.next();
                Err(self.unexpected(next, "Expected space separating root-level values"))
            }
            _ => Ok(()),
        }
    }

    fn digit(&mut self, expected: &str) -> Result<char, Wrong> {
        match self.next() {
            None => Err(self.ended(" in numeric value")),
            Some(next) if next.is_ascii_digit() => Ok(next),
            Some(next) => {
                let shown = shown(next);
                Err(self.wrong(format!(
                    "Unexpected character ({shown}) in numeric value: {expected}"
                )))
            }
        }
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|next| next.is_ascii_digit()) {
            self.next();
        }
    }

    /// Reads a word: one of the three that are values.
    fn word(&mut self, first: char) -> Result<(), Wrong> {
        let start = self.at - first.len_utf8();
        while self.peek().is_some_and(is_word) {
            self.next();
        }
        let word = &self.text[start..self.at];
        if ["true", "false", "null"].contains(&word) {
            return Ok(());
        }
        let (shown, more) = match word.char_indices().nth(TOKEN_CHARS_MAX) {
            None => (word, ""),
            Some((end, _)) => (&word[..end], "..."),
        };
        Err(Wrong {
            sentence: format!("Unrecognized token '{shown}{more}': was expecting {VALUES}"),
            seen: self.at,
            span: start..self.at,
        })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The next character that is no white space.
    fn next_sound(&mut self) -> Option<char> {
        while self.peek()?.is_ascii_whitespace() {
            self.next();
        }
        self.next()
    }

    /// The same where an entry of a container must go on.
    fn next_within(&mut self, name: &str) -> Result<char, Wrong> {
        match self.next_sound() {
            Some(next) => Ok(next),
            None => Err(self.ended(&format!(" within/between {name} entries"))),
        }
    }

    /// An error at the character that was read last.
    fn wrong(&self, sentence: impl Into<String>) -> Wrong {
        let last = self.text[..self.at].chars().next_back();
        Wrong {
            sentence: sentence.into(),
            seen: self.at,
            span: self.at - last.map_or(0, char::len_utf8)..self.at,
        }
    }

    fn unexpected(&self, char: char, expected: &str) -> Wrong {
        let shown = shown(char);
        self.wrong(format!("Unexpected character ({shown}): {expected}"))
    }

    fn ended(&self, what: &str) -> Wrong {
        self.wrong(format!("Unexpected end-of-input{what}"))
    }

    fn unclosed(&self) -> Wrong {
        let open = self.open.last();
        let (name, at) = open.map_or(("Array", 0), |open| (open.name(), open.at));
        let at = place(self.text, at);
        self.ended(&format!(
            ": expected close marker for {name} (start marker at {at})"
        ))
    }
}

/// Whether a character may be part of an unknown token; at its beginning, digits were seen to.
fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

/// A character as Jackson shows it.
fn shown(char: char) -> String {
    let code = u32::from(char);
    match code {
        0..=0x1f | 0x7f..=0x9f => format!("(CTRL-CHAR, code {code})"),
        0x100.. => format!("'{char}' (code {code} / 0x{code:x})"),
        _ => format!("'{char}' (code {code})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, sentence: &str, line: usize, column: usize) {
        let complaint = Complaint::of(text).unwrap_or_else(|| panic!("{text} is sound"));
        assert_eq!(complaint.sentence, sentence, "{text}");
        let end = format!("; line: {line}, column: {column}]");
        assert!(complaint.place.ends_with(&end), "{text}: {complaint:?}");
    }

    #[test]
    fn the_first_error_is_told_in_the_words_of_aws() {
        let token = |word| format!("Unrecognized token '{word}': was expecting {VALUES}");
        check("not json", &token("not"), 1, 4);
        check("{\n \"a\": [tru]}", &token("tru"), 2, 11);
        check("é", &token("é"), 1, 2);
        let quote =
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name";
        check("{'a': 1}", quote, 1, 3);
        let colon = "Unexpected character ('1' (code 49)): was expecting a colon to separate \
                     field name and value";
        check("{\"a\" 1}", colon, 1, 7);
        let comma =
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries";
        check("[1 2]", comma, 1, 5);
        let value =
            format!("Unexpected character (']' (code 93)): expected a valid value {VALUES}");
        check("[1,]", &value, 1, 5);
        let digit = "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) \
                     to follow minus sign, for valid numeric value";
        check("[-a]", digit, 1, 4);
    }

    #[test]
    fn texts_are_told_apart_from_what_is_around_them() {
        let control = "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using \
                       backslash to be included in string value";
        check("\"\n\"", control, 2, 1);
        check(
            "\"\\x\"",
            "Unrecognized character escape 'x' (code 120)",
            1,
            4,
        );
        let within = "Unexpected end-of-input within/between Object entries";
        check("{\"a\":", within, 1, 6);
        let quote = "Unexpected end-of-input: was expecting closing quote for a string value";
        check("{\"a\": \"b", quote, 1, 9);
    }

    #[test]
    fn open_ends_say_where_they_begin() {
        let complaint = Complaint::of("{\"a\": [1").unwrap();
        assert_eq!(
            complaint.message(),
            "Unexpected end-of-input: expected close marker for Array (start marker at [Source: \
             (String)\"{\"a\": [1\"; line: 1, column: 7])\n at [Source: (String)\"{\"a\": [1\"; \
             line: 1, column: 9]"
        );
        let complaint = Complaint::of("[}").unwrap();
        assert_eq!(
            complaint.sentence,
            "Unexpected close marker '}': expected ']' (for Array starting at [Source: \
             (String)\"[}\"; line: 1, column: 1])"
        );
    }

    #[test]
    fn sound_texts_have_no_error() {
        let sound = [
            "{}",
            "[]",
            " null ",
            "-0.5e+3",
            "[1, {\"a\": [true]}]",
            "\"\\u00e9\\n\"",
            "0",
            "{} x",
        ];
        for text in sound {
            assert_eq!(Complaint::of(text), None, "{text}");
        }
        assert!(Complaint::of(&"[".repeat(100_000)).is_some());
    }

    #[test]
    fn what_we_refuse_is_told_wherever_jackson_refuses_it_too() {
        let unsound = [
            "{",
            "{\"a\" 1}",
            "{\"a\": 1,}",
            "{\"é",
            "\u{1}",
            "[tru",
            "01",
            "1.",
            "[1}",
            "+1",
            "",
        ];
        for text in unsound {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
            assert!(Complaint::of(text).is_some(), "{text}");
        }
    }
}
