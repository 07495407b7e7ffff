//! Map: runs one flow for each item.

use super::{Catcher, Expression, Flow, Retrier, Template};

/// What is particular to a Map state.
#[derive(Clone, Debug)]
pub struct Map {
    /// `ItemsPath` or `Items`: where the items are.
    pub items: Items,
    /// `ItemSelector`, or the legacy `Parameters`: each iteration's input.
    pub item_selector: Option<Template>,
    /// `ItemProcessor`, or the legacy `Iterator`.
    pub processor: Flow,
    /// `MaxConcurrency` or its Path; 0 or absent: as many as may be.
    pub max_concurrency: Option<Number>,
    /// In DISTRIBUTED mode, what that mode adds.
    pub distributed: Option<Distributed>,
    /// `ToleratedFailurePercentage` or its Path.
    pub tolerated_failure_percentage: Option<Number>,
    /// `ToleratedFailureCount` or its Path.
    pub tolerated_failure_count: Option<Number>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}

/// Where a Map's items are.
#[derive(Clone, Debug)]
pub enum Items {
    /// The effective input itself.
    Input,
    /// `ItemsPath`, or `Items` with expressions in it, or a fixed array or object.
    Template(Template),
}

/// What DISTRIBUTED mode adds.
#[derive(Clone, Debug)]
pub struct Distributed {
    /// `ProcessorConfig.ExecutionType`
    pub execution_type: ExecutionType,
    /// `Label`
    pub label: Option<String>,
    /// `ItemReader`, unevaluated.
    pub item_reader: Option<Template>,
    /// `ItemBatcher`, unevaluated.
    pub item_batcher: Option<Template>,
    /// `ResultWriter`, unevaluated.
    pub result_writer: Option<Template>,
}

/// The type of a Map Run's child executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionType {
    /// `STANDARD`
    Standard,
    /// `EXPRESS`
    Express,
}

/// A number, or where to find one.
#[derive(Clone, Debug)]
pub enum Number {
    /// As it stands.
    Literal(f64),
    /// A path or JSONata.
    Expression(Expression),
}
