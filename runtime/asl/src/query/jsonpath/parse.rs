//! Text to path.
//!
//! A recursive descent over a [`Cursor`]. Only filters recurse; their depth is counted.

use std::sync::Arc;

use super::super::syntax::{Cursor, SyntaxError};
use super::{Pick, Root, Route, Step};
use crate::limits;

/// What is left to read, and how deep in filters it stands.
pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) depth: usize,
}

/// Reads a whole text as a path.
pub(super) fn path(text: &str) -> Result<Route, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    if cursor.peek() != Some('$') {
        return Err(cursor.fail("a path begins with `$`"));
    }
    let route = path_at(&mut cursor)?;
    if !cursor.is_at_end() {
        return Err(cursor.fail("expected `.`, `[` or the end"));
    }
    Ok(route)
}

/// Reads a path as far as it goes.
pub(super) fn path_at(cursor: &mut Cursor<'_>) -> Result<Route, SyntaxError> {
    let mut parser = Parser {
        cursor: *cursor,
        depth: 0,
    };
    let route = parser.route()?;
    *cursor = parser.cursor;
    Ok(route)
}

/// Whether `text` can name a variable: ID_Start, then ID_Continue, at most 80 characters
/// (developer guide, "Passing data between states with variables").
pub fn is_variable_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(unicode_ident::is_xid_start)
        && chars.all(unicode_ident::is_xid_continue)
        && text.chars().count() <= limits::NAME_CHARS_MAX
}

impl<'t> Parser<'t> {
    /// Reads a path as far as it goes: to the end, or to what cannot belong to it.
    pub(super) fn route(&mut self) -> Result<Route, SyntaxError> {
        let root = self.root()?;
        let mut steps = Vec::new();
        while let Some(step) = self.step()? {
            steps.push(step);
        }
        Ok(finish(root, steps))
    }

    fn root(&mut self) -> Result<Root, SyntaxError> {
        if self.depth > 0 && self.cursor.eat("@") {
            return Ok(Root::Current);
        }
        self.cursor.expect("$")?;
        if self.cursor.eat("$") {
            return Ok(Root::Context);
        }
        let opening = self.cursor;
        let name = self.cursor.take_while(unicode_ident::is_xid_continue);
        if name.is_empty() {
            return Ok(Root::Input);
        }
        if !is_variable_name(name) {
            return Err(opening.fail(format!(
                "`{name}` is no variable: a name begins with a letter and has at most {} characters",
                limits::NAME_CHARS_MAX
            )));
        }
        Ok(Root::Variable(Arc::from(name)))
    }

    fn step(&mut self) -> Result<Option<Step>, SyntaxError> {
        let (dotted, descend) = if self.cursor.eat("..") {
            (true, true)
        } else {
            (self.cursor.eat("."), false)
        };
        let pick = match self.cursor.peek() {
            // AWS's own example has a dot before a bracket: `$.abc.['def ghi']`.
            Some('[') => self.bracket()?,
            Some('*') if dotted => {
                self.cursor.advance(1);
                Pick::Any
            }
            _ if dotted => Pick::Name(self.dotted_name()?),
            _ => return Ok(None),
        };
        Ok(Some(Step { descend, pick }))
    }

    /// `name` or `name()`, which AWS takes for a name as well.
    fn dotted_name(&mut self) -> Result<Box<str>, SyntaxError> {
        let in_filter = self.depth > 0;
        let start = self.cursor.offset();
        self.cursor.take_while(|c| is_name_char(c, in_filter));
        if self.cursor.offset() == start {
            return Err(self.cursor.fail("expected a name"));
        }
        self.cursor.eat("()");
        Ok(self.cursor.since(start).into())
    }

    fn bracket(&mut self) -> Result<Pick, SyntaxError> {
        self.cursor.expect("[")?;
        self.cursor.skip_blanks();
        let pick = match self.cursor.peek() {
            Some('*') => {
                self.cursor.advance(1);
                Pick::Any
            }
            Some('?') => {
                self.cursor.advance(1);
                self.cursor.skip_blanks();
                Pick::Filter(Box::new(self.nested(Self::filter)?))
            }
            Some('\'' | '"') => self.names()?,
            Some('-' | ':' | '0'..='9') => self.numbers()?,
            _ => {
                return Err(self
                    .cursor
                    .fail("expected a quoted name, an index, a slice, `*` or a filter `?(…)`"));
            }
        };
        self.cursor.skip_blanks();
        self.cursor.expect("]")?;
        Ok(pick)
    }

    fn names(&mut self) -> Result<Pick, SyntaxError> {
        let first = self.quoted()?;
        let mut names = vec![first.into_boxed_str()];
        while self.comma() {
            names.push(self.quoted()?.into_boxed_str());
        }
        Ok(match <[_; 1]>::try_from(names) {
            Ok([name]) => Pick::Name(name),
            Err(names) => Pick::Names(names.into()),
        })
    }

    /// Reads a comma and the blanks around it, if it comes next.
    pub(super) fn comma(&mut self) -> bool {
        self.cursor.skip_blanks();
        let comes = self.cursor.eat(",");
        if comes {
            self.cursor.skip_blanks();
        }
        comes
    }

    /// A string in single or double quotes. A backslash before the quote or before another
    /// backslash gives that character; before anything else it stands for itself.
    pub(super) fn quoted(&mut self) -> Result<String, SyntaxError> {
        let opening = self.cursor;
        let Some(quote @ ('\'' | '"')) = self.cursor.next() else {
            return Err(opening.fail("expected a quoted string"));
        };
        let mut text = String::new();
        while let Some(next) = self.cursor.next() {
            match next {
                '\\' => match self.cursor.peek() {
                    Some(escaped) if escaped == quote || escaped == '\\' => {
                        self.cursor.next();
                        text.push(escaped);
                    }
                    _ => text.push('\\'),
                },
                _ if next == quote => return Ok(text),
                _ => text.push(next),
            }
        }
        Err(opening.fail("the string has no end"))
    }

    /// `n`, `a,b,…` or `from:to:by`.
    fn numbers(&mut self) -> Result<Pick, SyntaxError> {
        let first = self.integer()?;
        self.cursor.skip_blanks();
        if self.cursor.peek() == Some(':') {
            return self.slice(first);
        }
        let mut indexes = vec![self.required(first)?];
        while self.comma() {
            let next = self.integer()?;
            indexes.push(self.required(next)?);
        }
        Ok(match indexes[..] {
            [index] => Pick::Index(index),
            _ => Pick::Indexes(indexes.into()),
        })
    }

    fn slice(&mut self, from: Option<i64>) -> Result<Pick, SyntaxError> {
        self.cursor.expect(":")?;
        self.cursor.skip_blanks();
        let to = self.integer()?;
        self.cursor.skip_blanks();
        let by = if self.cursor.eat(":") {
            self.cursor.skip_blanks();
            self.integer()?.unwrap_or(1)
        } else {
            1
        };
        match usize::try_from(by) {
            Ok(by) if by > 0 => Ok(Pick::Slice { from, to, by }),
            _ => Err(self.cursor.fail("the step of a slice is above zero")),
        }
    }

    fn integer(&mut self) -> Result<Option<i64>, SyntaxError> {
        let start = self.cursor.offset();
        self.cursor.eat("-");
        self.cursor.take_while(|c| c.is_ascii_digit());
        match self.cursor.since(start) {
            "" => Ok(None),
            digits => match digits.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.cursor.fail(format!("`{digits}` is no index"))),
            },
        }
    }

    fn required(&self, number: Option<i64>) -> Result<i64, SyntaxError> {
        number.ok_or_else(|| self.cursor.fail("expected an index"))
    }

    /// Reads one level deeper, of at most [`limits::PATH_DEPTH_MAX`].
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == limits::PATH_DEPTH_MAX {
            return Err(self.cursor.fail(format!(
                "a path nests at most {} deep",
                limits::PATH_DEPTH_MAX
            )));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }
}

/// What a name after a dot is made of: everything no other part of a path begins with.
fn is_name_char(c: char, in_filter: bool) -> bool {
    let ends = c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '.' | '[' | ']' | '(' | ')' | '\'' | '"' | ',' | '*' | '?' | '\\'
        )
        || in_filter && matches!(c, '<' | '>' | '=' | '!' | '~' | '&' | '|' | '{' | '}');
    !ends
}

fn finish(root: Root, mut steps: Vec<Step>) -> Route {
    // Names at the very end merge: one object for each found, so they do not multiply.
    let merge = match steps.pop() {
        Some(Step {
            descend,
            pick: Pick::Names(names),
        }) => {
            if descend {
                let pick = Pick::Having(names.clone());
                steps.push(Step { descend, pick });
            }
            Some(names)
        }
        last => {
            steps.extend(last);
            None
        }
    };
    let definite = steps
        .iter()
        .all(|step| !step.descend && matches!(step.pick, Pick::Name(_) | Pick::Index(_)));
    Route {
        root,
        steps: steps.into(),
        merge,
        definite,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Path;

    #[test]
    fn paths_are_read() {
        for (text, definite) in [
            ("$", true),
            ("$$", true),
            ("$name", true),
            ("$größe[0]", true),
            ("$.a.b", true),
            ("$.detail-type", true),
            ("$.list.length()", true),
            ("$$.Execution.Input['x y']", true),
            ("$.abc.['def ghi']", true),
            ("$['a', \"b\"]", true),
            ("$[-1]", true),
            ("$[0,1]", false),
            ("$[1:2:3]", false),
            ("$[:]", false),
            ("$[*].a", false),
            ("$..a", false),
            ("$..*", false),
            ("$..[0]", false),
            ("$['a','b'].c", false),
            ("$.a[?(@.b)]", false),
        ] {
            let path = Path::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(path.is_definite(), definite, "{text}");
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_where_it_goes_wrong() {
        for (text, offset) in [
            ("", 0),
            ("a", 0),
            ("@.a", 0),
            (" $", 0),
            ("$.", 2),
            ("$..", 3),
            ("$.a.", 4),
            ("$.a b", 3),
            ("$$a", 2),
            ("$1a", 1),
            ("$[", 2),
            ("$[]", 2),
            ("$[a]", 2),
            ("$['a'", 5),
            ("$['a", 2),
            ("$[1", 3),
            ("$[1,]", 4),
            ("$[1:2:0]", 7),
            ("$[1:2:-1]", 8),
            ("$[99999999999999999999]", 22),
            ("$[-]", 3),
            ("$.a[?@.b]", 5),
            ("$.a(1)", 3),
            ("$*", 1),
        ] {
            let error = Path::parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        assert!(Path::parse(&format!("${}", ".a".repeat(1 << 16))).is_err());
        let nested = |depth: usize| format!("${}@{}", "[?(@".repeat(depth), ")]".repeat(depth));
        assert!(Path::parse(&nested(10_000)).is_err());
        for open in ["(", "!", "!(", "@[?("] {
            let text = format!("$[?({}", open.repeat(15_000));
            assert!(Path::parse(&text).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in r#"\$[$@\[\]().,:*?!'"\\/ a-c0-2<=>&|~{}-]{0,40}"#) {
            if let Ok(path) = Path::parse(&text) {
                prop_assert_eq!(path.to_string(), text);
            }
        }

        #[test]
        fn nor_does_any_other(text in "\\PC{0,30}") {
            let _ = Path::parse(&text);
            let _ = Path::parse(&format!("$[?({text})]"));
            let _ = Path::parse(&format!("$['{text}']"));
        }
    }
}
