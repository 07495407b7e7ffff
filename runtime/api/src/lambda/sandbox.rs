//! `Stepwell`, a structure beside Lambda's own settings: what AWS does not know of a sandbox. Its
//! fuel, memory below Lambda's least, further limits, and what it may reach.

use std::str::FromStr;

use host::{BadGrant, GRANTS_MAX, Grants, LIMITS_MAX, OnInterruption};
use serde_json::{Value, json};

use super::shape::{ANY, FUEL, MEMORY, ON_INTERRUPTION, SOURCE};
use crate::registry::{FunctionSettings, FurtherLimits};
use crate::request::{List, Number, Request};

/// How many grants of one kind there may be.
const GRANTS: List = List {
    min: 0,
    max: GRANTS_MAX,
    of: "a String",
};

/// What a request gives of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sandbox {
    pub(super) fuel_max: Option<i64>,
    pub(super) memory_mebibytes: Option<i64>,
    limits: FurtherLimits,
    /// All of them: what is not among them is not granted any more.
    pub(super) grants: Option<Grants>,
    on_interruption: Option<OnInterruption>,
    pub(super) source: Option<String>,
    /// What is wrong with a grant.
    pub(super) wrong: Option<BadGrant>,
}

/// Reads it, if it is there.
pub(super) fn read(request: &mut Request) -> Sandbox {
    let read = request.structure("Stepwell", |ours| {
        let mut wrong = None;
        let grants = ours.structure("Grants", |given| grants(given, &mut wrong));
        Sandbox {
            fuel_max: ours.integer("Fuel", &FUEL),
            memory_mebibytes: ours.integer("Memory", &MEMORY),
            limits: ours.structure("Limits", limits).unwrap_or_default(),
            grants,
            on_interruption: match ours.optional("OnInterruption", &ON_INTERRUPTION).as_deref() {
                Some("Retry") => Some(OnInterruption::Retry),
                Some(_) => Some(OnInterruption::Fail),
                None => None,
            },
            source: ours.optional("Source", &SOURCE),
            wrong,
        }
    });
    read.unwrap_or_default()
}

fn limits(given: &mut Request) -> FurtherLimits {
    let mut limit = |name, min: u64, max: u64| {
        let shape = Number {
            min: min as f64,
            max: max as f64,
            whole: true,
        };
        let number = given.integer(name, &shape);
        number.and_then(|number| u64::try_from(number).ok())
    };
    FurtherLimits {
        table_elements: limit("TableElements", 0, LIMITS_MAX.table_elements_max.into()),
        instances: limit("Instances", 1, LIMITS_MAX.instances_max.into()),
        output_bytes: limit("OutputBytes", 1, LIMITS_MAX.output_bytes_max),
        log_bytes: limit("LogBytes", 0, LIMITS_MAX.log_bytes_max),
        connections: limit("Connections", 0, LIMITS_MAX.connections_max.into()),
        http_bytes: limit("HttpBytes", 0, LIMITS_MAX.http_bytes_max),
    }
}

fn grants(given: &mut Request, wrong: &mut Option<BadGrant>) -> Grants {
    Grants {
        http: all(given, "Http", wrong),
        private_http: all(given, "PrivateHttp", wrong),
        directories: all(given, "Directories", wrong),
        secrets: all(given, "Secrets", wrong),
        clock: given.boolean("Clock").unwrap_or_default(),
        randomness: given.boolean("Randomness").unwrap_or_default(),
        ..Grants::default()
    }
}

fn all<T: FromStr<Err = BadGrant>>(
    given: &mut Request,
    name: &str,
    wrong: &mut Option<BadGrant>,
) -> Vec<T> {
    let texts = given.texts(name, &GRANTS, &ANY).unwrap_or_default();
    let read = texts.iter().filter_map(|text| {
        let grant = text.parse::<T>();
        grant.map_err(|why| wrong.get_or_insert(why)).ok()
    });
    read.collect()
}

impl Sandbox {
    /// What the grants become: what is not given stays.
    pub(super) fn grants_over(&self, standing: &Grants) -> Grants {
        let on_interruption = self.on_interruption.unwrap_or(standing.on_interruption);
        Grants {
            on_interruption,
            ..self.grants.as_ref().unwrap_or(standing).clone()
        }
    }

    /// What the further limits become: what is not given stays.
    pub(super) fn limits_over(&self, standing: FurtherLimits) -> FurtherLimits {
        let (given, old) = (self.limits, standing);
        FurtherLimits {
            table_elements: given.table_elements.or(old.table_elements),
            instances: given.instances.or(old.instances),
            output_bytes: given.output_bytes.or(old.output_bytes),
            log_bytes: given.log_bytes.or(old.log_bytes),
            connections: given.connections.or(old.connections),
            http_bytes: given.http_bytes.or(old.http_bytes),
        }
    }
}

/// What a configuration tells of it, beside what the host found in the code.
pub(super) fn tell(answer: &mut Value, settings: &FunctionSettings) {
    let (limits, grants) = (settings.limits(), &settings.grants);
    answer["Fuel"] = limits.fuel_max.into();
    if !settings.source.is_empty() {
        answer["Source"] = settings.source.as_str().into();
    }
    answer["Pure"] = grants.are_pure().into();
    answer["OnInterruption"] = match grants.on_interruption {
        OnInterruption::Fail => "Fail".into(),
        OnInterruption::Retry => "Retry".into(),
    };
    answer["Limits"] = json!({
        "TableElements": limits.table_elements_max,
        "Instances": limits.instances_max,
        "OutputBytes": limits.output_bytes_max,
        "LogBytes": limits.log_bytes_max,
        "Connections": limits.connections_max,
        "HttpBytes": limits.http_bytes_max,
    });
    answer["Grants"] = json!({
        "Http": grants.http,
        "PrivateHttp": grants.private_http,
        "Directories": grants.directories,
        "Secrets": grants.secrets,
        "Clock": grants.clock,
        "Randomness": grants.randomness,
    });
}
