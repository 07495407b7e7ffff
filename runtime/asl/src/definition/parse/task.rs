//! Task.

use serde_json::Value;

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::{Problem, Spot};
use super::{resource, retry};
use crate::definition::api_fields::{self, Given};
use crate::definition::{QueryLanguage, Resource, Seconds, Task, Template};
use crate::limits;

pub(super) const SHAPE: Shape = Shape {
    required: &["Resource"],
    both: &[
        "Assign",
        "Catch",
        "Credentials",
        "HeartbeatSeconds",
        "Resource",
        "Retry",
        "TimeoutSeconds",
    ],
    jsonpath: &[
        "HeartbeatSecondsPath",
        "Parameters",
        "ResultPath",
        "ResultSelector",
        "TimeoutSecondsPath",
    ],
    jsonata: &["Arguments"],
    exclusive: &[
        &["TimeoutSeconds", "TimeoutSecondsPath"],
        &["HeartbeatSeconds", "HeartbeatSecondsPath"],
    ],
    one_of: &[],
};

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Option<Task> {
    let resource = resource::read(fields);
    let credentials = credentials(fields, resource.as_ref());
    if let Some(resource) = &resource {
        check_api_fields(fields, resource);
    }
    let timeout = seconds(fields, "TimeoutSeconds", "TimeoutSecondsPath");
    let heartbeat = seconds(fields, "HeartbeatSeconds", "HeartbeatSecondsPath");
    let retry = retry::retriers(fields);
    let catch = retry::catchers(site, fields);
    Some(Task {
        resource: resource?,
        timeout,
        heartbeat,
        credentials,
        retry: retry?,
        catch: catch?,
    })
}

/// Holds what the definition says of the fields of an API against it.
fn check_api_fields(fields: &Fields<'_>, resource: &Resource) {
    let is_jsonata = fields.language == QueryLanguage::Jsonata;
    let name = match is_jsonata {
        true => "Arguments",
        false => "Parameters",
    };
    let Some(object) = fields.value(name).and_then(Value::as_object) else {
        return;
    };
    let is_braced = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("{%"));
    let given = object
        .iter()
        .map(|(key, value)| match key.strip_suffix(".$") {
            Some(name) if !is_jsonata => (name, Given::Later),
            _ if is_jsonata && is_braced(value) => (key.as_str(), Given::Later),
            _ => (key.as_str(), Given::Value(value)),
        });
    let place = fields.place.key(name);
    for complaint in api_fields::complaints(resource, given) {
        fields.report(Problem::schema(&place, complaint).spot(Spot::Name));
    }
}

fn seconds(fields: &Fields<'_>, name: &str, path: &str) -> Option<Seconds> {
    if fields.is_braced(name) {
        return fields.jsonata_field(name).map(Seconds::Expression);
    }
    if fields.has(path) {
        return fields.path(path, Kind::Definite).map(Seconds::Expression);
    }
    fields
        .integer(name, 1, limits::SECONDS_MAX)
        .map(Seconds::Literal)
}

fn credentials(fields: &Fields<'_>, resource: Option<&Resource>) -> Option<Template> {
    let value = fields.value("Credentials")?;
    let place = fields.place.key("Credentials");
    if let Some(Resource::Activity { .. }) = resource {
        let message = "The field 'Credentials' is not supported for activities";
        fields.report(Problem::schema(&place, message).spot(Spot::Name));
    }
    if let Some(object) = value.as_object()
        && !object.contains_key("RoleArn")
        && !object.contains_key("RoleArn.$")
    {
        let message = "The field 'RoleArn' is required but was missing";
        fields.report(Problem::schema(&place, message).spot(Spot::Name));
    }
    fields.template("Credentials")
}
