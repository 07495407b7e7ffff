//! Regular expressions with JavaScript semantics, backed by `regress` (see ADR 0002).
//!
//! A regex literal evaluates to a function. Applied to a string it returns a match object
//! `{match, start, end, groups, next}` (or undefined), where `start`/`end` are UTF-16 offsets
//! and `next()` continues the global search, exactly like the closure jsonata-js creates.
//! Matches run through the evaluator, so its timeout and cancellation token stop them (ADR 0009).

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::eval::Evaluator;
use crate::meter;
use crate::value::{self, Function, Map, Value};

/// A compiled regular expression literal.
pub(crate) struct Regex {
    pub re: regress::Regex,
    pub pattern: String,
}

impl Regex {
    /// Compiles `/pattern/flags`. Flags are `i` and `m`; matching is always global, as in
    /// jsonata-js.
    pub fn new(pattern: &str, flags: &str) -> Result<Regex> {
        if pattern.len() > PATTERN_MAX {
            return Err(too_long("A regular expression", PATTERN_MAX));
        }
        let re = regress::Regex::with_flags(pattern, flags).map_err(|e| {
            // jsonata-js surfaces the JavaScript SyntaxError; jlens reports it as a regex
            // syntax error.
            Error::new("S0302")
                .with("value", pattern)
                .with("message", e.to_string())
        })?;
        Ok(Regex {
            re,
            pattern: pattern.to_owned(),
        })
    }
}

// Stepwell: the UTF-16 length of a text. Offsets are counted from the match before, not from the
// beginning, which made a search for all matches quadratic.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

// Stepwell: bytes of a pattern that is compiled; what a longer one takes was not measured.
const PATTERN_MAX: usize = 4_096;

// Stepwell: bytes of a text that is searched. The backtracker counts its steps, but between two of
// them it may run over the whole text.
const TEXT_MAX: usize = 1 << 18;

/// Stepwell: a pattern or a text is too long.
fn too_long(what: &str, max: usize) -> Error {
    Error::new("U1001").with(
        "message",
        format!("{what} would exceed the size limit of {max} bytes"),
    )
}

/// Stepwell: fails where a text is too long to be searched.
pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.len() > TEXT_MAX {
        return Err(too_long("The text for a regular expression", TEXT_MAX));
    }
    Ok(())
}

/// Converts a UTF-16 offset into a byte offset (clamped to the end of the text).
pub(crate) fn byte_offset(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    for (i, c) in text.char_indices() {
        if units >= utf16 {
            return i;
        }
        units += c.len_utf16();
    }
    text.len()
}

/// Finds the first match at or after byte offset `from`.
pub(crate) fn exec<'a>(
    ev: &Evaluator<'_, 'a>,
    re: &Rc<Regex>,
    text: &Rc<str>,
    from: usize,
    // Stepwell: the UTF-16 offset of `from`.
    from_units: usize,
) -> Result<Value<'a>> {
    if from > text.len() {
        return Ok(Value::Undefined);
    }
    // Stepwell: each search prepares for every group, of which there may be hundreds.
    meter::items(re.pattern.len())?;
    let Some(m) = ev.find_regex(&re.re, text, from)? else {
        meter::bytes(text.len() - from)?;
        return Ok(Value::Undefined);
    };
    let range = m.range();
    meter::bytes(range.end - from)?;
    let start = from_units + units(&text[from..range.start]);
    let end = start + units(&text[range.clone()]);
    let groups: Vec<Value<'a>> = m
        .captures
        .iter()
        .map(|g| {
            // Stepwell: each may be a copy of the whole text.
            meter::items(1)?;
            Ok(match g {
                Some(r) => Value::string(&text[r.clone()]),
                None => Value::Undefined,
            })
        })
        .collect::<Result<_>>()?;
    let mut obj = Map::default();
    obj.insert("match".into(), Value::string(&text[range.clone()]));
    obj.insert("start".into(), Value::Number(start as f64));
    obj.insert("end".into(), Value::Number(end as f64));
    obj.insert("groups".into(), Value::array(groups, 0));
    obj.insert(
        "next".into(),
        Value::function(Function::RegexNext {
            re: re.clone(),
            text: text.clone(),
            last: range.end,
            units: end,
            _held: value::function_held(0),
        }),
    );
    Ok(Value::object(obj))
}

/// The `next()` of a match object: the following match, or undefined at the end. A regex that
/// matches the empty string would never progress, so that raises D1004.
pub(crate) fn next<'a>(
    ev: &Evaluator<'_, 'a>,
    re: &Rc<Regex>,
    text: &Rc<str>,
    last: usize,
    units: usize,
) -> Result<Value<'a>> {
    if last >= text.len() {
        return Ok(Value::Undefined);
    }
    let result = exec(ev, re, text, last, units)?;
    if let Value::Object(o) = &result
        && o.borrow().get("match").and_then(Value::as_str) == Some("")
    {
        return Err(Error::new("D1004").with("value", re.pattern.as_str()));
    }
    Ok(result)
}
