//! A variable is read that no state on any way there could have assigned.
//!
//! Only a warning: AWS takes such a definition, and the execution fails when it comes to it.
//!
//! A state reads the variables as they were when it was entered: of its own flow, what states
//! before it assigned; of outer flows, what was there when the state that holds the inner flow
//! was entered. A distributed Map's children see nothing of outer flows.
//!
//! Source: Step Functions developer guide, "Passing data between states with variables".

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Report, Subject, reached};
use crate::definition::parse::{Location, Problem, Spot};
use crate::definition::{
    Condition, Expression, Items, Number, Operand, Operations, Query, Seconds, Selector, State,
    StateId, StateKind, StateMachine, Template, Test, Text, Until,
};

/// Walks through a flow, at most: each costs as much as the machine is large. A machine with
/// more variables is judged leniently from there on.
const WALKS_MAX: usize = 1_000;

/// The `Assign` of a state that assigns something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    State,
    Rule(usize),
    Catcher(usize),
}

impl Way {
    /// The place of that `Assign`.
    pub(super) fn from(self, state: &Location) -> Location {
        match self {
            Self::State => state.key("Assign"),
            Self::Rule(index) => state.key("Choices").index(index).key("Assign"),
            Self::Catcher(index) => state.key("Catch").index(index).key("Assign"),
        }
    }
}

/// The variables a state may assign.
pub(super) fn assigned(state: &State) -> impl Iterator<Item = (&Arc<str>, Way)> {
    let rules = match &state.kind {
        StateKind::Choice(choice) => choice.rules.as_slice(),
        _ => &[],
    };
    let rules = rules.iter().enumerate().flat_map(|(index, rule)| {
        let names = rule.assign.iter();
        names.map(move |(name, _)| (name, Way::Rule(index)))
    });
    let catchers = state.kind.catchers().iter().enumerate();
    let catchers = catchers.flat_map(|(index, catcher)| {
        let names = catcher.assign.iter();
        names.map(move |(name, _)| (name, Way::Catcher(index)))
    });
    let own = state.operations.assign.iter();
    own.map(|(name, _)| (name, Way::State))
        .chain(rules)
        .chain(catchers)
}

/// The variables that a state reads, sorted.
fn read(state: &State) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    expressions(state, &mut |expression| match &expression.query {
        Query::Path(path) => names.extend(path.variable()),
        Query::Intrinsic(call) => call.for_each_path(&mut |path| names.extend(path.variable())),
        Query::Jsonata(expression) => names.extend(expression.variables()),
    });
    names
}

/// DescribeStateMachine's `variableReferences`: for each state that reads variables, which.
pub fn variable_references(machine: &StateMachine) -> BTreeMap<&str, BTreeSet<&str>> {
    let all = machine
        .states
        .iter()
        .map(|state| (&*state.name, read(state)));
    all.filter(|(_, names)| !names.is_empty()).collect()
}

/// Checks all reads of all states.
pub(super) fn check<'a>(
    subject: &Subject<'a>,
    scopes: &mut Scopes<'a, '_>,
    report: &mut Report<'_>,
) {
    for (index, (state, outline)) in subject.states().enumerate() {
        for name in read(state) {
            if !scopes.is_visible(name, index) {
                let message = format!(
                    "Variable '${name}' is read, but no state before could have assigned it"
                );
                let steps = outline.location.steps();
                report(
                    Problem::error("UNDEFINED_VARIABLE", steps, message)
                        .warning()
                        .spot(Spot::Name),
                );
            }
        }
    }
}

/// Who assigns what, flow by flow.
pub(super) struct Scopes<'a, 's> {
    subject: &'s Subject<'a>,
    flow_of: Vec<usize>,
    assigners: HashMap<(usize, &'a str), Vec<StateId>>,
    /// The states that come after an assignment of a variable, by flow and name.
    after: HashMap<(usize, &'a str), Vec<bool>>,
}

impl<'a, 's> Scopes<'a, 's> {
    pub(super) fn new(subject: &'s Subject<'a>) -> Self {
        let flow_of = subject.flow_by_state();
        let mut assigners: HashMap<(usize, &str), Vec<StateId>> = HashMap::new();
        for ((id, flow), (state, _)) in (0..).map(StateId).zip(&flow_of).zip(subject.states()) {
            for (name, _) in assigned(state) {
                assigners.entry((*flow, name)).or_default().push(id);
            }
        }
        Self {
            subject,
            flow_of,
            assigners,
            after: HashMap::new(),
        }
    }

    /// Whether the variable may have a value when this state is entered.
    fn is_visible(&mut self, name: &'a str, state: usize) -> bool {
        self.is_assigned_before(name, self.flow_of[state], state)
            || self.is_visible_outside(name, state)
    }

    /// Whether it may have one of an outer flow. Each turn goes one flow outwards.
    pub(super) fn is_visible_outside(&mut self, name: &'a str, state: usize) -> bool {
        let mut state = state;
        loop {
            let outline = &self.subject.outline.flows[self.flow_of[state]];
            match outline.owner {
                Some(owner) if !self.subject.is_closed(outline) => state = owner.0 as usize,
                _ => return false,
            }
            if self.is_assigned_before(name, self.flow_of[state], state) {
                return true;
            }
        }
    }

    fn is_assigned_before(&mut self, name: &'a str, flow: usize, state: usize) -> bool {
        let key = (flow, name);
        let Some(states) = self.assigners.get(&key) else {
            return false;
        };
        if !self.after.contains_key(&key) {
            if self.after.len() >= WALKS_MAX {
                return true;
            }
            let outline = self.subject.outline;
            let next = states
                .iter()
                .flat_map(|id| &outline.states[id.0 as usize].next);
            self.after.insert(key, reached(outline, next.copied()));
        }
        self.after[&key][state]
    }
}

/// Calls `found` for every expression of a state, those of its inner flows not included.
pub(super) fn expressions<'a>(state: &'a State, found: &mut dyn FnMut(&'a Expression)) {
    let Operations {
        input,
        arguments,
        result_selector,
        result: _,
        output_path,
        output,
        assign,
    } = &state.operations;
    for selector in [input, output_path] {
        if let Selector::Path(path) = selector {
            found(path);
        }
    }
    for template in [arguments, result_selector, output].into_iter().flatten() {
        in_template(template, found);
    }
    in_assign(assign, found);
    in_kind(&state.kind, found);
    for catcher in state.kind.catchers() {
        in_assign(&catcher.assign, found);
        if let Some(output) = &catcher.output {
            in_template(output, found);
        }
    }
}

fn in_assign<'a>(assign: &'a [(Arc<str>, Template)], found: &mut dyn FnMut(&'a Expression)) {
    for (_, template) in assign {
        in_template(template, found);
    }
}

/// Calls `found` for every expression of a template. Recursion is bounded by the depth of the
/// definition's JSON.
pub(super) fn in_template<'a>(template: &'a Template, found: &mut dyn FnMut(&'a Expression)) {
    match template {
        Template::Constant(_) => {}
        Template::Expression(expression) => found(expression),
        Template::Object(fields) => {
            for (_, field) in fields {
                in_template(field, found);
            }
        }
        Template::Array(items) => {
            for item in items {
                in_template(item, found);
            }
        }
    }
}

fn in_kind<'a>(kind: &'a StateKind, found: &mut dyn FnMut(&'a Expression)) {
    match kind {
        StateKind::Task(task) => {
            for seconds in [&task.timeout, &task.heartbeat].into_iter().flatten() {
                if let Seconds::Expression(expression) = seconds {
                    found(expression);
                }
            }
            if let Some(credentials) = &task.credentials {
                in_template(credentials, found);
            }
        }
        StateKind::Choice(choice) => {
            for rule in &choice.rules {
                in_condition(&rule.condition, found);
                in_assign(&rule.assign, found);
                if let Some(output) = &rule.output {
                    in_template(output, found);
                }
            }
        }
        StateKind::Wait(wait) => match &wait.until {
            Until::SecondsOf(expression) | Until::TimestampOf(expression) => found(expression),
            Until::Seconds(_) | Until::Timestamp(_) => {}
        },
        StateKind::Fail(fail) => {
            for text in [&fail.error, &fail.cause].into_iter().flatten() {
                if let Text::Expression(expression) = text {
                    found(expression);
                }
            }
        }
        StateKind::Map(map) => {
            if let Items::Template(items) = &map.items {
                in_template(items, found);
            }
            let distributed = map.distributed.as_ref();
            let reader = distributed.and_then(|distributed| distributed.item_reader.as_ref());
            let batcher = distributed.and_then(|distributed| distributed.item_batcher.as_ref());
            let writer = distributed.and_then(|distributed| distributed.result_writer.as_ref());
            let selector = map.item_selector.as_ref();
            for template in [selector, reader, batcher, writer].into_iter().flatten() {
                in_template(template, found);
            }
            let numbers = [
                &map.max_concurrency,
                &map.tolerated_failure_count,
                &map.tolerated_failure_percentage,
            ];
            for number in numbers.into_iter().flatten() {
                if let Number::Expression(expression) = number {
                    found(expression);
                }
            }
        }
        StateKind::Pass(_) | StateKind::Succeed(_) | StateKind::Parallel(_) => {}
    }
}

/// Recursion is bounded by the depth of the definition's JSON.
fn in_condition<'a>(condition: &'a Condition, found: &mut dyn FnMut(&'a Expression)) {
    match condition {
        Condition::And(all) | Condition::Or(all) => {
            for condition in all {
                in_condition(condition, found);
            }
        }
        Condition::Not(condition) => in_condition(condition, found),
        Condition::Jsonata(expression) => found(expression),
        Condition::Test { variable, test } => {
            found(variable);
            if let Test::Compare {
                operand: Operand::Path(path),
                ..
            } = test
            {
                found(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    #[test]
    fn reads_of_what_comes_later_or_never() {
        expect_standard(
            r#"{"StartAt": "A", "States": {
                "A": {"Type": "Pass", "Assign": {"x": 1, "y.$": "$x"}, "Next": "B"},
                "B": {"Type": "Pass", "Parameters": {"a.$": "$x", "b.$": "$z", "c.$": "States.Format('{}', $w)"}, "Next": "C"},
                "C": {"Type": "Pass", "Assign": {"z": 1}, "End": true}}}"#,
            &[
                "warning: UNDEFINED_VARIABLE /States/A Variable '$x' is read, but no state before could have assigned it",
                "warning: UNDEFINED_VARIABLE /States/B Variable '$w' is read, but no state before could have assigned it",
                "warning: UNDEFINED_VARIABLE /States/B Variable '$z' is read, but no state before could have assigned it",
            ],
        );
    }

    #[test]
    fn loops_rules_and_catchers_assign() {
        expect_standard(
            r#"{"StartAt": "C", "States": {
                "C": {"Type": "Choice", "Default": "T", "Choices": [
                    {"Variable": "$n", "NumericLessThanPath": "$m", "Next": "T", "Assign": {"m": 1}}]},
                "T": {"Type": "Task", "Resource": "wasm:t", "Next": "C", "Catch": [
                    {"ErrorEquals": ["States.ALL"], "Next": "F", "Assign": {"e.$": "$"}}], "Assign": {"n": 1}},
                "F": {"Type": "Fail", "ErrorPath": "$e.Error", "CausePath": "States.Format('{}', $m)"}}}"#,
            &[],
        );
    }

    fn nested(config: &str) -> String {
        format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{
                "A": {{"Type": "Pass", "Assign": {{"x": 1}}, "Next": "M"}},
                "M": {{"Type": "Map", "Items": "{{% $x %}}", "End": true, "ItemProcessor": {{{config} "StartAt": "B",
                    "States": {{"B": {{"Type": "Pass", "Output": "{{% $x + $count([1]) %}}", "End": true}}}}}}}}}}}}"#
        )
    }

    #[test]
    fn inner_flows_see_outer_variables_but_not_in_a_distributed_map() {
        expect_standard(&nested(""), &[]);
        expect_standard(
            &nested(r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},"#),
            &[
                "warning: UNDEFINED_VARIABLE /States/M/ItemProcessor/States/B Variable '$x' is read, but no state before could have assigned it",
            ],
        );
    }
}
