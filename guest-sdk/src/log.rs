//! The attempt's log: a message, and fields for machines to search by.
//!
//! ```
//! use stepwell_task::log;
//!
//! let sku = "lamp";
//! log::info!("stock reserved", sku = sku, left = 3);
//! log::warn!("stock is low");
//! ```
//!
//! A line holds at most 64 KiB; the host drops what exceeds the attempt's log volume.

use serde::Serialize;

use crate::platform;

pub use crate::{
    __log_debug as debug, __log_error as error, __log_info as info, __log_trace as trace,
    __log_warn as warn,
};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For following one value through the code.
    Trace,
    /// For finding out why.
    Debug,
    /// What an operator wants to know.
    Info,
    /// What should be looked at.
    Warn,
    /// What went wrong.
    Error,
}

/// A value that a log line can carry: whatever `serde` can serialize.
pub trait Field {
    /// Appends the value as JSON; `null` if it has no JSON form.
    fn append_to(&self, line: &mut Vec<u8>);
}

impl<T: Serialize + ?Sized> Field for T {
    fn append_to(&self, line: &mut Vec<u8>) {
        let start = line.len();
        if serde_json::to_writer(&mut *line, self).is_err() {
            line.truncate(start);
            line.extend_from_slice(b"null");
        }
    }
}

/// Writes one line; the macros of this module call it.
pub fn write(level: Level, message: &str, fields: &[(&str, &dyn Field)]) {
    platform::log(level, message, &object(fields));
}

/// The fields as a JSON object; empty text for none, as the contract has it.
fn object(fields: &[(&str, &dyn Field)]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let mut line = Vec::with_capacity(32 * fields.len());
    for (name, value) in fields {
        line.push(if line.is_empty() { b'{' } else { b',' });
        name.append_to(&mut line);
        line.push(b':');
        value.append_to(&mut line);
    }
    line.push(b'}');
    String::from_utf8(line).expect("serde_json writes UTF-8")
}

/// Writes one line of the given level.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $message:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::log::write(
            $crate::log::Level::$level,
            ::core::convert::AsRef::<str>::as_ref(&$message),
            &[$((::core::stringify!($name), &$value as &dyn $crate::log::Field)),*],
        )
    };
}

/// Writes one line of level `trace`: `trace!("message", name = value, …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_trace {
    ($($line:tt)*) => { $crate::__log!(Trace, $($line)*) };
}

/// Writes one line of level `debug`: `debug!("message", name = value, …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($line:tt)*) => { $crate::__log!(Debug, $($line)*) };
}

/// Writes one line of level `info`: `info!("message", name = value, …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($line:tt)*) => { $crate::__log!(Info, $($line)*) };
}

/// Writes one line of level `warn`: `warn!("message", name = value, …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($line:tt)*) => { $crate::__log!(Warn, $($line)*) };
}

/// Writes one line of level `error`: `error!("message", name = value, …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($line:tt)*) => { $crate::__log!(Error, $($line)*) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_one_json_object() {
        let key = "a \"quoted\" one".to_owned();
        let line = object(&[
            ("key", &key),
            ("count", &3),
            ("list", &[1, 2]),
            ("none", &None::<u8>),
        ]);
        assert_eq!(
            line,
            r#"{"key":"a \"quoted\" one","count":3,"list":[1,2],"none":null}"#
        );
        assert_eq!(object(&[]), "");
    }

    #[test]
    fn a_value_without_json_form_is_null() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(object(&[("map", &map)]), r#"{"map":null}"#);
    }

    #[test]
    fn the_macros_take_text_of_any_kind() {
        info!("plain");
        warn!(format!("made of {}", "parts"), count = 1, name = "x",);
    }
}
