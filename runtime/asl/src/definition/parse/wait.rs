//! Wait.

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::report::Problem;
use crate::Timestamp;
use crate::definition::{Until, Wait};
use crate::limits;

pub(super) const SHAPE: Shape = Shape {
    required: &[],
    both: &["Assign", "Seconds", "Timestamp"],
    jsonpath: &["SecondsPath", "TimestampPath"],
    jsonata: &[],
    exclusive: &[],
    one_of: &[&["SecondsPath", "Seconds", "TimestampPath", "Timestamp"]],
};

pub(super) fn read(fields: &Fields<'_>) -> Option<Wait> {
    let until = if fields.is_braced("Seconds") {
        Until::SecondsOf(fields.jsonata_field("Seconds")?)
    } else if fields.has("Seconds") {
        Until::Seconds(fields.integer("Seconds", 0, limits::SECONDS_MAX)?)
    } else if fields.has("SecondsPath") {
        Until::SecondsOf(fields.path("SecondsPath", Kind::Definite)?)
    } else if fields.has("TimestampPath") {
        Until::TimestampOf(fields.path("TimestampPath", Kind::Definite)?)
    } else if fields.is_braced("Timestamp") {
        Until::TimestampOf(fields.jsonata_field("Timestamp")?)
    } else {
        Until::Timestamp(timestamp(fields, "Timestamp")?)
    };
    Some(Wait { until })
}

/// A literal timestamp.
pub(super) fn timestamp(fields: &Fields<'_>, name: &str) -> Option<Timestamp> {
    let parsed = Timestamp::parse(fields.string(name)?);
    if parsed.is_none() {
        let place = fields.place.key(name);
        let problem = Problem::schema(&place, "String does not match RFC3339 timestamp");
        fields.report(problem.hint("write it as 2016-03-14T01:59:00Z, with a capital T"));
    }
    parsed
}
