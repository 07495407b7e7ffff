//! Text to filter: what stands in `[?(…)]`.
//!
//! `||` binds weaker than `&&`, that weaker than `!`. Chains are flat; parentheses, `!` and
//! paths with filters of their own go one level deeper.

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

use super::super::syntax::SyntaxError;
use super::filter::{Filter, Operand, Operator};
use super::parse::Parser;
use crate::limits;

impl Parser<'_> {
    /// `(…)`, after the question mark.
    pub(super) fn filter(&mut self) -> Result<Filter, SyntaxError> {
        self.cursor.expect("(")?;
        let filter = self.any()?;
        self.cursor.expect(")")?;
        Ok(filter)
    }

    fn any(&mut self) -> Result<Filter, SyntaxError> {
        let mut filters = vec![self.all()?];
        while self.cursor.eat("||") {
            filters.push(self.all()?);
        }
        Ok(alone(filters).unwrap_or_else(|filters| Filter::Any(filters.into())))
    }

    fn all(&mut self) -> Result<Filter, SyntaxError> {
        let mut filters = vec![self.one()?];
        while self.cursor.eat("&&") {
            filters.push(self.one()?);
        }
        Ok(alone(filters).unwrap_or_else(|filters| Filter::All(filters.into())))
    }

    /// A comparison, a path, or either negated or in parentheses; with the blanks around.
    fn one(&mut self) -> Result<Filter, SyntaxError> {
        self.cursor.skip_blanks();
        let filter = if self.cursor.eat("!") {
            Filter::Not(Box::new(self.nested(Self::one)?))
        } else if self.cursor.peek() == Some('(') {
            self.nested(Self::filter)?
        } else {
            self.comparison()?
        };
        self.cursor.skip_blanks();
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, SyntaxError> {
        let start = self.cursor;
        let left = self.operand()?;
        self.cursor.skip_blanks();
        if self.cursor.eat("=~") {
            self.cursor.skip_blanks();
            return Ok(Filter::Matches(left, self.regex()?));
        }
        match (self.operator(), left) {
            (Some(operator), left) => {
                self.cursor.skip_blanks();
                Ok(Filter::Compare(left, operator, self.operand()?))
            }
            (None, Operand::Path(route)) => Ok(Filter::Exists(route)),
            (None, Operand::Literal(_)) => Err(start.fail("a value alone is no condition")),
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        // Longer ones first, where one begins with another.
        const SIGNS: [(&str, Operator); 8] = [
            ("===", Operator::Identical),
            ("!==", Operator::NotIdentical),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        const WORDS: [(&str, Operator); 9] = [
            ("in", Operator::In),
            ("nin", Operator::NotIn),
            ("subsetof", Operator::SubsetOf),
            ("anyof", Operator::AnyOf),
            ("noneof", Operator::NoneOf),
            ("all", Operator::AllOf),
            ("contains", Operator::Contains),
            ("size", Operator::Size),
            ("empty", Operator::Empty),
        ];
        for (sign, operator) in SIGNS {
            if self.cursor.eat(sign) {
                return Some(operator);
            }
        }
        let mut ahead = self.cursor;
        let word = ahead.take_while(|c| c.is_ascii_alphabetic());
        let (_, operator) = WORDS
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))?;
        self.cursor = ahead;
        Some(operator)
    }

    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        match self.cursor.peek() {
            Some('@' | '$') => Ok(Operand::Path(self.nested(Self::route)?)),
            _ => self.literal().map(Operand::Literal),
        }
    }

    fn literal(&mut self) -> Result<Value, SyntaxError> {
        match self.cursor.peek() {
            Some('\'' | '"') => self.quoted().map(Value::String),
            Some('[') => self.nested(Self::list),
            Some('{') => self.object(),
            Some('-' | '0'..='9') => self.cursor.number().map(Value::Number),
            _ => {
                for (word, value) in [
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                    ("null", Value::Null),
                ] {
                    if self.cursor.eat(word) {
                        return Ok(value);
                    }
                }
                Err(self.cursor.fail("expected a path or a value"))
            }
        }
    }

    /// `[value, …]`, whose strings may stand in single quotes.
    fn list(&mut self) -> Result<Value, SyntaxError> {
        self.cursor.expect("[")?;
        self.cursor.skip_blanks();
        let mut items = Vec::new();
        if !self.cursor.eat("]") {
            items.push(self.literal()?);
            while self.comma() {
                items.push(self.literal()?);
            }
            self.cursor.expect("]")?;
        }
        Ok(Value::Array(items))
    }

    /// An object, as JSON has them.
    fn object(&mut self) -> Result<Value, SyntaxError> {
        let mut values = serde_json::Deserializer::from_str(self.cursor.rest()).into_iter();
        match values.next() {
            Some(Ok(value)) => {
                let read = values.byte_offset();
                self.cursor.advance(read);
                Ok(value)
            }
            _ => Err(self.cursor.fail("expected an object")),
        }
    }

    /// `/…/flags`. Java's `matches()`: the whole text must match, not a part of it.
    fn regex(&mut self) -> Result<Regex, SyntaxError> {
        let opening = self.cursor;
        self.cursor.expect("/")?;
        let start = self.cursor.offset();
        loop {
            match self.cursor.next() {
                None => return Err(opening.fail("the pattern has no end")),
                Some('\\') => {
                    self.cursor.next();
                }
                Some('/') => break,
                Some(_) => {}
            }
        }
        let pattern = self.cursor.since(start).trim_end_matches('/').to_owned();
        let flags = self.cursor.take_while(|c| c.is_ascii_alphabetic());
        let mut builder = RegexBuilder::new(&format!(r"\A(?:{pattern})\z"));
        builder
            .size_limit(limits::PATH_REGEX_BYTES_MAX)
            .nest_limit(limits::PATH_DEPTH_MAX as u32);
        for flag in flags.chars() {
            match flag {
                'i' => builder.case_insensitive(true),
                'm' => builder.multi_line(true),
                's' => builder.dot_matches_new_line(true),
                // Patterns are Unicode as they are.
                'u' | 'U' => &mut builder,
                _ => return Err(opening.fail(format!("unknown flag `{flag}`"))),
            };
        }
        builder
            .build()
            .map_err(|error| opening.fail(format!("not a pattern: {error}")))
    }
}

fn alone(filters: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    <[Filter; 1]>::try_from(filters).map(|[filter]| filter)
}
