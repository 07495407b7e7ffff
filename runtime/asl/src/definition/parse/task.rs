//! Task.

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::{Problem, Spot};
use super::{resource, retry};
use crate::definition::{Resource, Seconds, Task, Template};
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
