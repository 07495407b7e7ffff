//! A moment, in milliseconds since the Unix epoch, and its ISO 8601 forms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest text of a moment, with room for digits that are not kept. Ours: it bounds what
/// thousands of rules on one long text may look at.
const TEXT_BYTES_MAX: usize = 64;

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
///
/// AWS keeps milliseconds: `$$.State.EnteredTime` prints as `2026-11-22T10:00:00.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads an ISO 8601 extended offset date-time, as RFC 3339 profiles it: capital `T`,
    /// and `Z` or a numeric offset. `None` for anything else.
    ///
    /// Source: the States Language, "Timestamps".
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        if text.as_bytes().get(10) != Some(&b'T') || text.contains('z') || text.contains('[') {
            return None;
        }
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self(parsed.as_millisecond()))
    }

    /// This moment `milliseconds` later, saturating.
    #[must_use]
    pub fn plus_milliseconds(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// This moment `seconds` later, saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_milliseconds(seconds.saturating_mul(1000))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_extended_offset_date_times_parse() {
        for good in [
            "2016-03-14T01:59:00Z",
            "2016-03-14T01:59:00.123456Z",
            "2016-03-14T01:59:00+01:00",
        ] {
            assert!(Timestamp::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2016-03-14",
            "2016-03-14T01:59:00",
            "2016-03-14 01:59:00Z",
            "2016-13-05T21:29:29Z",
            "05-12-2016T21:29:29Z",
            "2016-12-05T25:29:29Z",
        ] {
            assert!(Timestamp::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn prints_milliseconds() {
        let moment = Timestamp::parse("2016-03-14T01:59:00.5Z").unwrap();
        assert_eq!(moment.to_string(), "2016-03-14T01:59:00.500Z");
    }
}
