//! Map, inline and distributed.

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::{Problem, Spot};
use super::{distributed, retry};
use crate::definition::{ExecutionType, Flow, Items, Map, Number, QueryLanguage, Template};

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

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Option<Map> {
    let processor = processor(site, fields);
    let execution_type = processor
        .as_ref()
        .and_then(|(_, execution_type)| *execution_type);
    let distributed =
        execution_type.map(|execution_type| distributed::read(fields, execution_type));
    if processor.is_some() && distributed.is_none() {
        for name in DISTRIBUTED_ONLY {
            report_inline(fields, name);
        }
    }
    if distributed.is_some() && fields.has("ItemReader") {
        for name in ["ItemsPath", "Items"] {
            warn_unused(fields, name);
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

/// Source: Step Functions developer guide, "ItemsPath": only for items that the state is given.
fn warn_unused(fields: &Fields<'_>, name: &str) {
    if fields.has(name) {
        let place = fields.place.key(name);
        let message = format!("Field '{name}' is not used: ItemReader says where the items are");
        let problem = Problem::error("ITEMS_NOT_USED", place.steps(), message).warning();
        let hint = "for a part of a JSON object that is read, use ReaderConfig.ItemsPointer";
        fields.report(problem.hint(hint));
    }
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
