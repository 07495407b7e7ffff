//! Map, inline and distributed.

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::{Problem, Spot};
use super::retry;
use crate::definition::{
    Distributed, ExecutionType, Flow, Items, Map, Number, QueryLanguage, Template,
};

pub(super) const SHAPE: Shape = Shape {
    required: &[],
    both: &[
        "Assign",
        "Catch",
        "ItemBatcher",
        "ItemProcessor",
        "ItemReader",
        "ItemSelector",
        "Iterator",
        "Label",
        "MaxConcurrency",
        "ResultWriter",
        "Retry",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    ],
    jsonpath: &[
        "ItemsPath",
        "MaxConcurrencyPath",
        "Parameters",
        "ResultPath",
        "ResultSelector",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
    ],
    jsonata: &["Items"],
    exclusive: &[
        &["ItemSelector", "Parameters"],
        &["MaxConcurrency", "MaxConcurrencyPath"],
        &["ToleratedFailureCount", "ToleratedFailureCountPath"],
        &[
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
        ],
    ],
    one_of: &[&["ItemProcessor", "Iterator"]],
};

const PROCESSOR: Shape = Shape {
    required: &["States", "StartAt"],
    both: &["Comment", "ProcessorConfig", "StartAt", "States"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

const INLINE: Shape = Shape {
    required: &[],
    both: &["Mode"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

const DISTRIBUTED: Shape = Shape {
    required: &["ExecutionType"],
    both: &["ExecutionType", "Mode"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// Fields that only DISTRIBUTED mode has.
const DISTRIBUTED_ONLY: [&str; 4] = ["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

/// Longest `Label`, in characters (developer guide, "Distributed mode").
const LABEL_CHARS_MAX: usize = 40;

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Option<Map> {
    let processor = processor(site, fields);
    let execution_type = processor
        .as_ref()
        .and_then(|(_, execution_type)| *execution_type);
    let distributed = execution_type.map(|execution_type| distributed(fields, execution_type));
    if processor.is_some() && distributed.is_none() {
        for name in DISTRIBUTED_ONLY {
            report_inline(fields, name);
        }
    }
    let item_selector = fields.template("ItemSelector").or_else(|| {
        let legacy = fields.language == QueryLanguage::JsonPath;
        legacy.then(|| fields.template("Parameters")).flatten()
    });
    let items = items(fields);
    let max_concurrency = number(fields, "MaxConcurrency", "MaxConcurrencyPath", None);
    let count = number(
        fields,
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        None,
    );
    let percentage = number(
        fields,
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        Some(100.0),
    );
    let retry = retry::retriers(fields);
    let catch = retry::catchers(site, fields);
    Some(Map {
        items: items?,
        item_selector,
        processor: processor?.0,
        max_concurrency,
        distributed,
        tolerated_failure_percentage: percentage,
        tolerated_failure_count: count,
        retry: retry?,
        catch: catch?,
    })
}

/// The item processor, and for DISTRIBUTED mode the type of its executions.
fn processor(site: &Site<'_>, fields: &Fields<'_>) -> Option<(Flow, Option<ExecutionType>)> {
    let name = if fields.has("ItemProcessor") {
        "ItemProcessor"
    } else {
        "Iterator"
    };
    let place = fields.place.key(name);
    let processor = fields.part(place, fields.value(name)?)?;
    processor.check(&[&PROCESSOR], false);
    let execution_type = match processor.value("ProcessorConfig") {
        None => Some(None),
        Some(value) => {
            let place = processor.place.key("ProcessorConfig");
            processor
                .part(place, value)
                .and_then(|config| execution_type(&config))
        }
    };
    let flow = site.machine.flow(&processor, Some(site.id));
    flow.zip(execution_type)
}

/// `ProcessorConfig`: nothing for INLINE mode, the default.
fn execution_type(config: &Fields<'_>) -> Option<Option<ExecutionType>> {
    let mode = match config.has("Mode") {
        true => config.one_of("Mode", &["INLINE", "DISTRIBUTED"])?,
        false => "INLINE",
    };
    if mode == "INLINE" {
        config.check(&[&INLINE], false);
        return Some(None);
    }
    config.check(&[&DISTRIBUTED], false);
    Some(Some(
        match config.one_of("ExecutionType", &["STANDARD", "EXPRESS"])? {
            "EXPRESS" => ExecutionType::Express,
            _ => ExecutionType::Standard,
        },
    ))
}

fn report_inline(fields: &Fields<'_>, name: &str) {
    if fields.has(name) {
        let message = format!("Field '{name}' is not supported");
        let problem = Problem::schema(&fields.place, message).spot(Spot::Key(name));
        fields.report(problem.hint("only for ProcessorConfig.Mode DISTRIBUTED"));
    }
}

fn distributed(fields: &Fields<'_>, execution_type: ExecutionType) -> Distributed {
    Distributed {
        execution_type,
        label: label(fields),
        item_reader: service(fields, "ItemReader", &["s3:getObject", "s3:listObjectsV2"]),
        item_batcher: fields.template("ItemBatcher"),
        result_writer: service(fields, "ResultWriter", &["s3:putObject"]),
    }
}

fn label(fields: &Fields<'_>) -> Option<String> {
    let label = fields.string("Label")?;
    // As the names of resources: no space, no brackets, wildcards or other signs.
    let is_odd =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX || label.contains(is_odd) {
        let message = format!(
            "Label '{label}' must have between 1 and {LABEL_CHARS_MAX} characters, without spaces and special characters"
        );
        let steps = fields.place.key("Label").steps();
        fields.report(Problem::error("INVALID_LABEL_NAME", steps, message));
        return None;
    }
    Some(label.to_owned())
}

/// `ItemReader` or `ResultWriter`: a template whose `Resource`, if there is one, is one of these.
fn service(fields: &Fields<'_>, name: &str, allowed: &[&str]) -> Option<Template> {
    let place = fields.place.key(name);
    let service = fields.part(place, fields.value(name)?)?;
    if service.has("Resource") || name == "ItemReader" {
        let resource = service.string("Resource").unwrap_or_default();
        let known = resource
            .strip_prefix("arn:")
            .and_then(|rest| rest.split_once(":states:::"))
            .is_some_and(|(_, action)| allowed.contains(&action));
        if !known {
            let place = service.place.key("Resource");
            let message = "The field 'Resource' does not match any of the allowed values";
            let hint = format!(
                "one of: arn:aws:states:::{}",
                allowed.join(", arn:aws:states:::")
            );
            service.report(Problem::schema(&place, message).hint(hint));
        }
    }
    fields.template(name)
}

fn items(fields: &Fields<'_>) -> Option<Items> {
    if fields.language == QueryLanguage::Jsonata {
        if !fields.has("Items") {
            return Some(Items::Input);
        }
        let template = fields.template("Items")?;
        if let Template::Constant(value) = &template
            && !value.is_array()
            && !value.is_object()
        {
            let place = fields.place.key("Items");
            let message = "Expected value of type [ARRAY, OBJECT] or a JSONata expression";
            fields.report(Problem::schema(&place, message));
            return None;
        }
        return Some(Items::Template(template));
    }
    if !fields.has("ItemsPath") {
        return Some(Items::Input);
    }
    let path = fields.path("ItemsPath", Kind::Definite)?;
    Some(Items::Template(Template::Expression(path)))
}

/// A number, or where to find one. AWS gives percentages as fractions, counts as wholes.
fn number(fields: &Fields<'_>, name: &str, path: &str, max: Option<f64>) -> Option<Number> {
    if fields.is_braced(name) {
        return fields.jsonata_field(name).map(Number::Expression);
    }
    if fields.has(path) && fields.language == QueryLanguage::JsonPath {
        return fields.path(path, Kind::OwnDefinite).map(Number::Expression);
    }
    match max {
        Some(max) => fields.number(name, 0.0, max).map(Number::Literal),
        None => {
            let whole = fields.integer(name, 0, u64::MAX)?;
            // A count beyond what a double holds exactly is as good as none.
            #[expect(clippy::cast_precision_loss, reason = "no machine has so many items")]
            Some(Number::Literal(whole as f64))
        }
    }
}
