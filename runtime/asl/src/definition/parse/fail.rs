//! Fail.

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use crate::definition::{Fail, Text};

pub(super) const SHAPE: Shape = Shape {
    required: &[],
    both: &["Cause", "Error"],
    jsonpath: &["CausePath", "ErrorPath"],
    jsonata: &[],
    exclusive: &[&["Error", "ErrorPath"], &["Cause", "CausePath"]],
    one_of: &[],
};

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Fail {
    site.ends();
    Fail {
        error: text(fields, "Error", "ErrorPath"),
        cause: text(fields, "Cause", "CausePath"),
    }
}

fn text(fields: &Fields<'_>, name: &str, path: &str) -> Option<Text> {
    if fields.is_braced(name) {
        return fields.jsonata_field(name).map(Text::Expression);
    }
    if fields.has(path) {
        return fields
            .path(path, Kind::DefiniteOrCall)
            .map(Text::Expression);
    }
    let text = fields.string(name)?;
    fields.warn_no_path(name, text);
    Some(Text::Literal(text.to_owned()))
}
