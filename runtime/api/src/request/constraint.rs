//! The constraints that AWS's model puts on a field, and how a violation is worded.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

/// A text's constraints.
pub(crate) struct Text {
    /// Characters, at least.
    pub(crate) min: usize,
    /// Characters, at most.
    pub(crate) max: usize,
    /// The pattern as AWS prints it, and whether a text satisfies it.
    pub(crate) pattern: Option<Pattern>,
    /// The words it must be one of.
    pub(crate) words: &'static [&'static str],
    /// Whether the value is kept out of messages.
    pub(crate) sensitive: bool,
}

/// A pattern as AWS prints it, and whether a text satisfies it.
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    pub(crate) is_match: fn(&str) -> bool,
}

impl Text {
    /// A text of this many characters.
    pub(crate) const fn of(min: usize, max: usize) -> Self {
        Self {
            min,
            max,
            pattern: None,
            words: &[],
            sensitive: false,
        }
    }

    /// A text of this many characters that no message may show.
    pub(crate) const fn sensitive(min: usize, max: usize) -> Self {
        Self {
            sensitive: true,
            ..Self::of(min, max)
        }
    }

    /// One of these words.
    pub(crate) const fn one_of(words: &'static [&'static str]) -> Self {
        Self {
            words,
            ..Self::of(0, usize::MAX)
        }
    }

    /// A text that satisfies a pattern.
    pub(crate) const fn like(
        min: usize,
        max: usize,
        text: &'static str,
        is_match: fn(&str) -> bool,
    ) -> Self {
        Self {
            pattern: Some(Pattern { text, is_match }),
            ..Self::of(min, max)
        }
    }

    pub(super) fn check(&self, path: &str, text: &str, violations: &mut Vec<String>) {
        let shown = match self.sensitive {
            true => String::new(),
            false => format!(" '{text}'"),
        };
        let mut violated = |constraint: String| {
            violations.push(format!(
                "Value{shown} at '{path}' failed to satisfy constraint: {constraint}"
            ));
        };
        let length = text.chars().count();
        if length < self.min {
            violated(format!(
                "Member must have length greater than or equal to {}",
                self.min
            ));
        }
        if length > self.max {
            violated(format!(
                "Member must have length less than or equal to {}",
                self.max
            ));
        }
        if let Some(pattern) = &self.pattern
            && !(pattern.is_match)(text)
        {
            violated(format!(
                "Member must satisfy regular expression pattern: {}",
                pattern.text
            ));
        }
        if !self.words.is_empty() && !self.words.contains(&text) {
            violated(format!(
                "Member must satisfy enum value set: [{}]",
                enum_set(self.words).join(", ")
            ));
        }
    }
}

/// Places in the hash table whose order AWS's messages show.
const PLACES: u32 = 32;

/// The words in the order in which AWS's messages list them: that of a Java hash table of 32
/// places, in each the last one put first. AWS's services print their enums so; the order was
/// derived from messages of several of them.
fn enum_set(words: &[&'static str]) -> Vec<&'static str> {
    let mut listed: Vec<&str> = words.iter().rev().copied().collect();
    listed.sort_by_key(|word| java_hash(word) % PLACES);
    listed
}

/// Java's `String.hashCode`, for ASCII.
fn java_hash(word: &str) -> u32 {
    word.bytes().fold(0, |hash: u32, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    })
}

/// A number's constraints.
pub(crate) struct Number {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Whether only whole numbers are taken.
    pub(crate) whole: bool,
}

impl Number {
    pub(super) fn type_name(&self) -> &'static str {
        if self.whole { "an Integer" } else { "a Float" }
    }

    pub(super) fn check(&self, path: &str, number: f64, violations: &mut Vec<String>) {
        let (bound, words) = if number < self.min {
            (self.min, "greater")
        } else if number > self.max {
            (self.max, "less")
        } else {
            return;
        };
        violations.push(format!(
            "Value '{number}' at '{path}' failed to satisfy constraint: Member must have value \
             {words} than or equal to {bound}"
        ));
    }
}

/// A list's constraints.
pub(crate) struct List {
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// What its elements are called; messages show it.
    pub(crate) of: &'static str,
}

impl List {
    pub(super) fn check(&self, path: &str, elements: &[Value], violations: &mut Vec<String>) {
        let (bound, words) = if elements.len() < self.min {
            (self.min, "greater")
        } else if elements.len() > self.max {
            (self.max, "less")
        } else {
            return;
        };
        let shown: Vec<String> = elements.iter().map(|element| self.shown(element)).collect();
        let shown = shown.join(", ");
        violations.push(format!(
            "Value '[{shown}]' at '{path}' failed to satisfy constraint: Member must have length \
             {words} than or equal to {bound}"
        ));
    }

    /// An element as Java prints it: `Name(field=value, …)`.
    fn shown(&self, element: &Value) -> String {
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match element {
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{name}={}", plain(value)));
                format!("{}({})", self.of, fields.collect::<Vec<_>>().join(", "))
            }
            other => plain(other),
        }
    }
}

/// `^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$`, without the look-ahead that our crate lacks.
pub(super) fn is_alias_name(text: &str) -> bool {
    static CHARACTERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[a-zA-Z0-9_\-.]+$").expect("a pattern"));
    CHARACTERS.is_match(text) && !text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::enum_set;

    #[test]
    fn enums_are_listed_in_the_order_of_aws() {
        // From messages of Amazon SWF and Amazon DynamoDB.
        let closed = [
            "COMPLETED",
            "FAILED",
            "CANCELED",
            "TERMINATED",
            "CONTINUED_AS_NEW",
            "TIMED_OUT",
        ];
        let listed = "TERMINATED TIMED_OUT COMPLETED CONTINUED_AS_NEW CANCELED FAILED";
        assert_eq!(enum_set(&closed).join(" "), listed);
        let compared = [
            "EQ",
            "NE",
            "IN",
            "LE",
            "LT",
            "GE",
            "GT",
            "BETWEEN",
            "NOT_NULL",
            "NULL",
            "CONTAINS",
            "NOT_CONTAINS",
            "BEGINS_WITH",
        ];
        let listed = "IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE CONTAINS";
        assert_eq!(enum_set(&compared).join(" "), listed);
    }
}
