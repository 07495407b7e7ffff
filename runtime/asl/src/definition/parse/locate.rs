//! Where things stand in the text: byte ranges of values, keys and columns inside strings.
//!
//! Works on text that already parsed as JSON within [`crate::limits::JSON_DEPTH_MAX`], and
//! only there: on anything else it finds nothing, but it never panics. Used for problems
//! only; a definition without any is scanned once, for keys that occur twice.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::place::Step;

/// The range of the value at the end of these steps; of the first, where a key occurs twice.
pub(crate) fn value(text: &str, steps: &[Step<'_>]) -> Option<Range<usize>> {
    let mut scanner = Scanner::new(text);
    for step in steps {
        scanner.descend(*step)?;
    }
    scanner.skip_space();
    let start = scanner.at;
    scanner.skip_value()?;
    Some(start..scanner.at)
}

/// The first character of the value at the end of these steps.
pub(crate) fn start(text: &str, steps: &[Step<'_>]) -> Option<Range<usize>> {
    let mut scanner = Scanner::new(text);
    for step in steps {
        scanner.descend(*step)?;
    }
    scanner.skip_space();
    let character = text.get(scanner.at..)?.chars().next()?;
    Some(scanner.at..scanner.at + character.len_utf8())
}

/// The range of a key, quotes and all, of the object at the end of these steps.
pub(crate) fn key(text: &str, steps: &[Step<'_>], key: &str) -> Option<Range<usize>> {
    let mut scanner = Scanner::new(text);
    for step in steps {
        scanner.descend(*step)?;
    }
    scanner.find_key(key)
}

/// The range of the character at a byte offset of a string's content, given the range of the
/// string as it is written, quotes and escapes and all.
pub(crate) fn inside(text: &str, string: &Range<usize>, offset: usize) -> Option<Range<usize>> {
    let written = text.get(string.start + 1..string.end.checked_sub(1)?)?;
    let mut content = 0;
    let mut at = 0;
    while at < written.len() {
        let (written_bytes, content_bytes) = character(&written[at..])?;
        if content + content_bytes > offset {
            let start = string.start + 1 + at;
            return Some(start..start + written_bytes);
        }
        content += content_bytes;
        at += written_bytes;
    }
    // Past its end: the closing quote.
    Some(string.end - 1..string.end)
}

/// The first character of the inside of a string: bytes as written, bytes as meant.
fn character(written: &str) -> Option<(usize, usize)> {
    let first = written.chars().next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    if written.as_bytes().get(1) != Some(&b'u') {
        return Some((2, 1));
    }
    let unit = |at: usize| u32::from_str_radix(written.get(at..at + 4)?, 16).ok();
    let high = unit(2)?;
    if (0xD800..0xDC00).contains(&high) {
        return Some((12, 4));
    }
    Some((6, char::from_u32(high)?.len_utf8()))
}

/// Takes the way to an object, the key that it has already, and the key's range.
type Found<'t, 'f> = dyn FnMut(&[KeyOrIndex<'t>], &str, Range<usize>) + 'f;

/// Calls `found` for every key that its object already has, with the way to the object and
/// the key's range.
pub(crate) fn duplicates<'t>(text: &'t str, found: &mut Found<'t, '_>) {
    let mut way = Vec::new();
    let _ = Scanner::new(text).each_duplicate(&mut way, found);
}

/// A step of the way to a duplicate.
#[derive(Clone, Debug)]
pub(crate) enum KeyOrIndex<'t> {
    /// Into an object.
    Key(Cow<'t, str>),
    /// Into an array.
    Index(usize),
}

impl KeyOrIndex<'_> {
    /// The same, borrowed.
    pub(crate) fn step(&self) -> Step<'_> {
        match self {
            Self::Key(key) => Step::Key(key),
            Self::Index(index) => Step::Index(*index),
        }
    }
}

/// Reads over JSON that is known to be well-formed.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether this byte comes next, over space; it is read then.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Reads a string; gives its range, quotes included.
    fn string(&mut self) -> Option<Range<usize>> {
        self.skip_space();
        let start = self.at;
        if !self.take(b'"') {
            return None;
        }
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn content(&self, string: &Range<usize>) -> Option<Cow<'t, str>> {
        let written = self.text.get(string.clone())?;
        if written.contains('\\') {
            return serde_json::from_str::<String>(written).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(written.get(1..written.len() - 1)?))
    }

    /// Reads over one value, without recursion: brackets are counted, strings skipped.
    fn skip_value(&mut self) -> Option<()> {
        self.skip_space();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => self.skip_scalar(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_scalar(&mut self) {
        while let Some(byte) = self.peek() {
            if matches!(
                byte,
                b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'
            ) {
                break;
            }
            self.at += 1;
        }
    }

    /// Goes to the beginning of the value one step down.
    fn descend(&mut self, step: Step<'_>) -> Option<()> {
        match step {
            Step::Key(key) => {
                self.find_key(key)?;
                self.take(b':').then_some(())
            }
            Step::Index(index) => {
                if !self.take(b'[') {
                    return None;
                }
                for _ in 0..index {
                    self.skip_value()?;
                    if !self.take(b',') {
                        return None;
                    }
                }
                Some(())
            }
        }
    }

    /// Reads on to behind this key of the object that begins here.
    fn find_key(&mut self, key: &str) -> Option<Range<usize>> {
        if !self.take(b'{') {
            return None;
        }
        loop {
            let range = self.string()?;
            if self.content(&range)? == key {
                return Some(range);
            }
            if !self.take(b':') {
                return None;
            }
            self.skip_value()?;
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// Recursion is bounded by the depth the JSON parser accepted.
    fn each_duplicate(
        &mut self,
        way: &mut Vec<KeyOrIndex<'t>>,
        found: &mut Found<'t, '_>,
    ) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            b'{' => self.each_duplicate_in_object(way, found),
            b'[' => {
                self.at += 1;
                if self.take(b']') {
                    return Some(());
                }
                for index in 0.. {
                    way.push(KeyOrIndex::Index(index));
                    self.each_duplicate(way, found)?;
                    way.pop();
                    if !self.take(b',') {
                        break;
                    }
                }
                self.take(b']').then_some(())
            }
            _ => self.skip_value(),
        }
    }

    fn each_duplicate_in_object(
        &mut self,
        way: &mut Vec<KeyOrIndex<'t>>,
        found: &mut Found<'t, '_>,
    ) -> Option<()> {
        self.at += 1;
        if self.take(b'}') {
            return Some(());
        }
        let mut seen = HashSet::new();
        loop {
            let range = self.string()?;
            let key = self.content(&range)?;
            if !seen.insert(key.clone()) {
                found(way, &key, range);
            }
            if !self.take(b':') {
                return None;
            }
            way.push(KeyOrIndex::Key(key));
            self.each_duplicate(way, found)?;
            way.pop();
            if !self.take(b',') {
                break;
            }
        }
        self.take(b'}').then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{ "a" : [1, {"b\n": "x\u00e9\"y"}], "c": {"d": 1, "d": {}} }"#;

    #[test]
    fn finds_values_and_keys() {
        let steps = [Step::Key("a"), Step::Index(1), Step::Key("b\n")];
        let range = value(TEXT, &steps).unwrap();
        assert_eq!(&TEXT[range.clone()], r#""x\u00e9\"y""#);
        assert_eq!(&TEXT[key(TEXT, &steps[..2], "b\n").unwrap()], r#""b\n""#);
        assert_eq!(value(TEXT, &[Step::Key("z")]), None);
        assert_eq!(value(TEXT, &[Step::Key("a"), Step::Index(9)]), None);
        // x is one byte, é two, " one.
        for (offset, written) in [
            (0, "x"),
            (1, r"\u00e9"),
            (2, r"\u00e9"),
            (3, r#"\""#),
            (4, "y"),
            (5, "\""),
        ] {
            assert_eq!(
                &TEXT[inside(TEXT, &range, offset).unwrap()],
                written,
                "{offset}"
            );
        }
    }

    #[test]
    fn finds_keys_that_occur_twice() {
        let mut seen = Vec::new();
        duplicates(TEXT, &mut |way, key, range| {
            let steps: Vec<_> = way.iter().map(KeyOrIndex::step).collect();
            seen.push((super::super::place::pointer(&steps), key.to_owned(), range));
        });
        let at = TEXT.rfind(r#""d""#).unwrap();
        assert_eq!(seen, [("/c".to_owned(), "d".to_owned(), at..at + 3)]);
    }

    #[test]
    fn text_that_is_not_json_is_only_not_found() {
        for text in [
            "",
            "{",
            "{\"a",
            "[1,",
            "\"\\",
            "{\"a\":[}",
            "{\"\\u\": 1}",
            "]",
        ] {
            value(text, &[Step::Key("a"), Step::Index(0)]);
            inside(text, &(0..text.len()), 0);
            duplicates(text, &mut |_, _, _| {});
        }
    }
}
