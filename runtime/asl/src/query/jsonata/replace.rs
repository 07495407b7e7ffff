//! `$replace`, whose result the engine would build without looking at its size.
//!
//! The engine still finds the matches ([`guard`](super::guard) says how): it can interrupt a
//! regular expression, and steps count its matches.

use jlens_core::{Error, HostCall, Result};
use serde_json::{Value, json};

use super::functions::{number, string, too_large};
use crate::limits;

/// What is to be done: `"text"`, `"match"`, `"none"`; undefined for an undefined argument.
pub(super) fn check(args: &[Option<Value>], call: &HostCall<'_>) -> Result<Option<Value>> {
    let [Some(Value::String(_)), pattern, limit] = args else {
        return Ok(None);
    };
    let pattern = string(pattern);
    if pattern.is_none() && call.function(1).is_none() {
        return Ok(None);
    }
    if pattern == Some("") {
        return Err(Error::new("D3010").with("value", ""));
    }
    let limit = number(limit);
    if let Some(limit) = limit
        && limit < 0.0
    {
        return Err(Error::new("D3011").with("value", limit));
    }
    Ok(Some(Value::from(match (limit, pattern) {
        (Some(0.0), _) => "none",
        (_, Some(_)) => "text",
        (_, None) => "match",
    })))
}

/// Replaces a string.
pub(super) fn text(args: &[Option<Value>], _: &HostCall<'_>) -> Result<Option<Value>> {
    let [
        Some(Value::String(text)),
        Some(Value::String(pattern)),
        replacement,
        limit,
    ] = args
    else {
        return Ok(None);
    };
    let replacement = string(replacement).unwrap_or_default();
    let limit = number(limit).map_or(usize::MAX, |limit| limit.ceil() as usize);
    let found = text.matches(pattern.as_str()).take(limit).count();
    let built = text.len() + found.saturating_mul(replacement.len());
    if built > limits::JSONATA_BYTES_MAX + found * pattern.len() {
        return Err(too_large());
    }
    Ok(Some(Value::from(text.replacen(
        pattern,
        replacement,
        limit,
    ))))
}

/// Replaces matches: `(text, [{match, index, groups}], replacement)`, where the replacement is
/// a string with `$n` in it, or a function of a match.
pub(super) fn matches(args: &[Option<Value>], call: &HostCall<'_>) -> Result<Option<Value>> {
    let [
        Some(Value::String(text)),
        Some(Value::Array(found)),
        replacement,
    ] = args
    else {
        return Ok(args.first().cloned().flatten());
    };
    let function = call.function(2);
    let mut cursor = Cursor::new(text);
    let mut out = String::new();
    for found in found {
        let matched = found["match"].as_str().unwrap_or_default();
        let start = cursor.at(found["index"].as_u64().unwrap_or(0));
        out.push_str(text.get(cursor.done..start).unwrap_or_default());
        match (&function, replacement) {
            (Some(function), _) => {
                let units = matched.encode_utf16().count() as u64;
                let argument = json!({
                    "match": found["match"],
                    "start": found["index"],
                    "end": found["index"].as_u64().unwrap_or(0) + units,
                    "groups": found["groups"],
                });
                match function.call(&[Some(argument)])? {
                    Some(Value::String(replaced)) => out.push_str(&replaced),
                    Some(other) => return Err(Error::new("D3012").with("value", other)),
                    None => return Err(Error::new("D3012")),
                }
            }
            (None, Some(Value::String(template))) => {
                expand(template, matched, &found["groups"], &mut out)?
            }
            (None, _) => return Err(Error::new("D3012")),
        }
        if out.len() > limits::JSONATA_BYTES_MAX {
            return Err(too_large());
        }
        cursor.done = start + matched.len();
    }
    out.push_str(text.get(cursor.done..).unwrap_or_default());
    Ok(Some(Value::from(out)))
}

/// Byte offsets of UTF-16 offsets that only grow.
struct Cursor<'t> {
    text: &'t str,
    /// Where the part of the text ends that is already replaced.
    done: usize,
    byte: usize,
    units: u64,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            done: 0,
            byte: 0,
            units: 0,
        }
    }

    fn at(&mut self, units: u64) -> usize {
        for c in self.text[self.byte..].chars() {
            if self.units >= units {
                break;
            }
            self.units += c.len_utf16() as u64;
            self.byte += c.len_utf8();
        }
        self.byte
    }
}

/// Appends `template` with `$0`, `$1`, … and `$$` expanded, as jsonata-js expands them: a
/// group's number takes as many digits as there are groups, and one fewer if that is too many.
fn expand(template: &str, matched: &str, groups: &Value, out: &mut String) -> Result<()> {
    let groups = groups.as_array().map_or(&[][..], Vec::as_slice);
    let digits_max = groups.len().checked_ilog10().unwrap_or(0) as usize + 1;
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let index = |digits: usize| {
            let end = rest
                .bytes()
                .take(digits)
                .take_while(u8::is_ascii_digit)
                .count();
            rest[..end].parse::<usize>().ok()
        };
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('0') {
            out.push_str(matched);
            rest = after;
        } else {
            let mut group = index(digits_max);
            if digits_max > 1 && group.is_some_and(|group| group > groups.len()) {
                group = index(digits_max - 1);
            }
            match group {
                Some(group) => {
                    let value = group.checked_sub(1).and_then(|group| groups.get(group));
                    out.push_str(value.and_then(Value::as_str).unwrap_or_default());
                    rest = &rest[group.to_string().len().min(rest.len())..];
                }
                None => out.push('$'),
            }
        }
        if out.len() > limits::JSONATA_BYTES_MAX {
            return Err(too_large());
        }
    }
    out.push_str(rest);
    Ok(())
}
