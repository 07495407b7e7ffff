//! A path into the state's data that can never exist: whatever way led there, no state before
//! makes such a field.
//!
//! What is known of the data is what JSONPath states make of it: fixed results, Parameters,
//! ResultSelector, ResultPath. Of an execution's input, of what Tasks answer and of what JSONata
//! makes nothing is known, and nothing is said.
//!
//! A warning: AWS takes such a definition, and the execution fails when it comes to it.

use std::collections::BTreeMap;

use super::shape::Shape;
use super::variables::in_template;
use super::{Report, Subject};
use crate::definition::parse::{Problem, Spot};
use crate::definition::{
    Condition, Expression, Items, Number, Operand, Query, QueryLanguage, Seconds, Selector, State,
    StateId, StateKind, Template, Test, Text, Transition, Until,
};
use crate::query::jsonpath::Path;

/// How often a state's input may turn out to be wider than was known, before it is taken for
/// anything. Ours: each time costs a visit of all that follow.
const VISITS_MAX: u32 = 8;

/// Checks the paths of all JSONPath states.
pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let inputs = inputs(subject);
    for (index, (state, outline)) in subject.states().enumerate() {
        let Some(input) = inputs.get(&index) else {
            continue;
        };
        if state.language != QueryLanguage::JsonPath {
            continue;
        }
        let mut absent: Vec<&str> = Vec::new();
        read(state, input, &mut |path, shape| {
            let may_exist = path.input_names().is_none_or(|names| shape.may_have(names));
            if !may_exist && !absent.contains(&path.as_str()) {
                absent.push(path.as_str());
            }
        });
        for path in absent {
            let message =
                format!("The path '{path}' can never exist: no state before makes such a field");
            let problem = Problem::error("PATH_NEVER_EXISTS", outline.location.steps(), message);
            report(
                problem
                    .warning()
                    .spot(Spot::Name)
                    .hint("ResultPath decides what of the input is kept beside a result"),
            );
        }
    }
}

/// What each state that can be reached may be given.
fn inputs(subject: &Subject<'_>) -> BTreeMap<usize, Shape> {
    let machine = subject.machine;
    let mut inputs: BTreeMap<usize, (Shape, u32)> = BTreeMap::new();
    let mut todo = vec![(machine.flow.start_at, Shape::Any)];
    while let Some((StateId(id), shape)) = todo.pop() {
        let index = id as usize;
        let (known, visits) = match inputs.remove(&index) {
            None => (shape, 0),
            Some((known, visits)) => {
                let wider = match visits {
                    VISITS_MAX.. => Shape::Any,
                    _ => known.clone().or(&shape),
                };
                if wider == known {
                    inputs.insert(index, (known, visits));
                    continue;
                }
                (wider, visits + 1)
            }
        };
        let state = machine.state(StateId(id));
        lead(state, &known, &mut |next, shape| todo.push((next, shape)));
        inputs.insert(index, (known, visits));
    }
    let inputs = inputs.into_iter();
    inputs.map(|(index, (shape, _))| (index, shape)).collect()
}

/// The input after InputPath.
fn effective(state: &State, input: &Shape) -> Shape {
    input.selected(&state.operations.input)
}

/// The input after Parameters.
fn arguments(state: &State, effective: &Shape) -> Shape {
    match &state.operations.arguments {
        Some(template) => Shape::of_template(template, effective),
        None => effective.clone(),
    }
}

/// What OutputPath reads from: the input with the result in it.
fn placed(state: &State, input: &Shape) -> Shape {
    let operations = &state.operations;
    let effective = effective(state, input);
    let result = match &state.kind {
        StateKind::Pass(pass) => match &pass.result {
            Some(result) => Shape::of_value(result),
            None => arguments(state, &effective),
        },
        StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_) => {
            match &operations.result_selector {
                Some(template) => Shape::of_template(template, &Shape::Any),
                None => Shape::Any,
            }
        }
        // These have neither a result nor a ResultPath.
        _ => return effective,
    };
    input.placed(&operations.result, result)
}

/// Where a state leads, and with what.
fn lead(state: &State, input: &Shape, to: &mut dyn FnMut(StateId, Shape)) {
    if state.language != QueryLanguage::JsonPath {
        return lead_anything(state, to);
    }
    let output = placed(state, input).selected(&state.operations.output_path);
    if let Transition::Next(next) = state.transition {
        to(next, output.clone());
    }
    if let StateKind::Choice(choice) = &state.kind {
        let rules = choice.rules.iter().map(|rule| rule.next);
        for next in rules.chain(choice.default) {
            to(next, output.clone());
        }
    }
    let failure = BTreeMap::from([
        ("Error".into(), Shape::Plain),
        ("Cause".into(), Shape::Plain),
    ]);
    for catcher in state.kind.catchers() {
        let failure = Shape::Object(failure.clone());
        to(catcher.next, input.placed(&catcher.result, failure));
    }
    match &state.kind {
        StateKind::Parallel(parallel) => {
            for branch in &parallel.branches {
                to(branch.start_at, arguments(state, &effective(state, input)));
            }
        }
        StateKind::Map(map) => {
            let is_batched = map
                .distributed
                .as_ref()
                .is_some_and(|it| it.item_batcher.is_some());
            let item = match &map.item_selector {
                Some(template) if !is_batched => {
                    Shape::of_template(template, &effective(state, input))
                }
                _ => Shape::Any,
            };
            to(map.processor.start_at, item);
        }
        _ => {}
    }
}

/// Where a state leads of whose data nothing is known.
fn lead_anything(state: &State, to: &mut dyn FnMut(StateId, Shape)) {
    if let Transition::Next(next) = state.transition {
        to(next, Shape::Any);
    }
    for catcher in state.kind.catchers() {
        to(catcher.next, Shape::Any);
    }
    match &state.kind {
        StateKind::Choice(choice) => {
            let rules = choice.rules.iter().map(|rule| rule.next);
            rules
                .chain(choice.default)
                .for_each(|next| to(next, Shape::Any));
        }
        StateKind::Parallel(parallel) => {
            let branches = parallel.branches.iter();
            branches.for_each(|branch| to(branch.start_at, Shape::Any));
        }
        StateKind::Map(map) => to(map.processor.start_at, Shape::Any),
        _ => {}
    }
}

/// Calls `found` for each path of a state with what it is read from.
fn read<'a>(state: &'a State, input: &Shape, found: &mut dyn FnMut(&'a Path, &Shape)) {
    if let Selector::Path(path) = &state.operations.input {
        paths(path, input, found);
    }
    let effective = effective(state, input);
    let mut expression = |expression: &'a Expression| paths(expression, &effective, found);
    let mut template = |template: Option<&'a Template>| {
        if let Some(template) = template {
            in_template(template, &mut expression);
        }
    };
    template(state.operations.arguments.as_ref());
    match &state.kind {
        StateKind::Task(task) => {
            template(task.credentials.as_ref());
            for seconds in [&task.timeout, &task.heartbeat].into_iter().flatten() {
                if let Seconds::Expression(path) = seconds {
                    expression(path);
                }
            }
        }
        StateKind::Map(map) => {
            template(map.item_selector.as_ref());
            if let Items::Template(items) = &map.items {
                template(Some(items));
            }
            if let Some(Number::Expression(path)) = &map.max_concurrency {
                expression(path);
            }
        }
        StateKind::Choice(choice) => {
            for rule in &choice.rules {
                in_condition(&rule.condition, &mut expression);
            }
        }
        StateKind::Wait(wait) => {
            if let Until::SecondsOf(path) | Until::TimestampOf(path) = &wait.until {
                expression(path);
            }
        }
        StateKind::Fail(fail) => {
            for text in [&fail.error, &fail.cause].into_iter().flatten() {
                if let Text::Expression(path) = text {
                    expression(path);
                }
            }
        }
        _ => {}
    }
    if let Selector::Path(path) = &state.operations.output_path {
        paths(path, &placed(state, input), found);
    }
}

fn paths<'a>(expression: &'a Expression, shape: &Shape, found: &mut dyn FnMut(&'a Path, &Shape)) {
    match &expression.query {
        Query::Path(path) => found(path, shape),
        Query::Intrinsic(call) => call.for_each_path(&mut |path| found(path, shape)),
        Query::Jsonata(_) => {}
    }
}

/// A test of IsPresent asks of what may be absent. Recursion is bounded by the depth of the
/// definition's JSON.
fn in_condition<'a>(condition: &'a Condition, found: &mut dyn FnMut(&'a Expression)) {
    match condition {
        Condition::And(all) | Condition::Or(all) => {
            let asks = |condition: &Condition| {
                matches!(
                    condition,
                    Condition::Test {
                        test: Test::IsPresent(_),
                        ..
                    }
                )
            };
            if !all.iter().any(asks) {
                all.iter()
                    .for_each(|condition| in_condition(condition, found));
            }
        }
        Condition::Not(condition) => in_condition(condition, found),
        Condition::Jsonata(_)
        | Condition::Test {
            test: Test::IsPresent(_),
            ..
        } => {}
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

    /// Checks a machine of these states, which begins in A, for the paths that never exist.
    fn check(states: &str, absent: &[&str]) {
        let machine = format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#);
        let expected: Vec<String> = absent
            .iter()
            .map(|place_and_path| {
                let (place, path) = place_and_path.split_once(' ').expect("a place and a path");
                format!(
                    "warning: PATH_NEVER_EXISTS {place} The path '{path}' can never exist: no \
                     state before makes such a field"
                )
            })
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expect_standard(&machine, &expected);
    }

    const TASK: &str = r#""Type": "Task", "Resource": "wasm:t""#;

    #[test]
    fn what_a_state_makes_is_known_to_the_next() {
        check(
            r#""A": {"Type": "Pass", "Result": {"x": {"y": 1}}, "Next": "B"},
               "B": {"Type": "Pass", "Parameters": {"a.$": "$.x.y", "b.$": "$.x.z", "c.$": "States.Format('{}', $.w)", "d.$": "$..z"}, "Next": "C"},
               "C": {"Type": "Pass", "OutputPath": "$.a", "Next": "D"},
               "D": {"Type": "Wait", "SecondsPath": "$.a", "End": true}"#,
            &["/States/B $.x.z", "/States/B $.w", "/States/D $.a"],
        );
    }

    #[test]
    fn of_inputs_and_results_nothing_is_known() {
        check(
            &format!(
                r#""A": {{{TASK}, "Parameters": {{"q.$": "$.anything"}}, "ResultPath": "$.got", "Next": "B"}},
                   "B": {{{TASK}, "InputPath": "$.other.thing", "ResultSelector": {{"r.$": "$.z"}}, "Next": "C"}},
                   "C": {{{TASK}, "InputPath": "$.r.deep", "ResultPath": "$.s", "Next": "D"}},
                   "D": {{"Type": "Pass", "Parameters": {{"s.$": "$.s.x", "t.$": "$.t"}}, "End": true}}"#
            ),
            &["/States/D $.t"],
        );
    }

    #[test]
    fn one_way_that_makes_it_is_enough() {
        check(
            r#""A": {"Type": "Choice", "Default": "B", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "C"}]},
               "B": {"Type": "Pass", "Result": {"b": 1}, "Next": "D"},
               "C": {"Type": "Pass", "Result": {"c": 1}, "Next": "D"},
               "D": {"Type": "Choice", "Default": "E", "Choices": [
                    {"Variable": "$.b", "NumericEqualsPath": "$.c", "Next": "E"},
                    {"Variable": "$.e", "IsPresent": true, "Next": "E"},
                    {"And": [{"Variable": "$.f", "IsPresent": true}, {"Variable": "$.f", "IsNull": true}], "Next": "E"},
                    {"Variable": "$.d", "IsNull": true, "Next": "E"}]},
               "E": {"Type": "Succeed", "OutputPath": "$.b"}"#,
            &["/States/D $.d"],
        );
    }

    #[test]
    fn catchers_give_error_and_cause() {
        check(
            &format!(
                r#""A": {{"Type": "Pass", "Parameters": {{"x": 1}}, "Next": "T"}},
                   "T": {{{TASK}, "End": true, "Catch": [
                        {{"ErrorEquals": ["E"], "Next": "F"}},
                        {{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "G"}}]}},
                   "F": {{"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.failure.Cause"}},
                   "G": {{"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.Cause"}}"#
            ),
            &["/States/F $.failure.Cause", "/States/G $.Cause"],
        );
    }

    #[test]
    fn flows_begin_with_what_their_state_gives_them() {
        check(
            r#""A": {"Type": "Map", "ItemSelector": {"i.$": "$$.Map.Item.Index"}, "Next": "P", "ItemProcessor": {"StartAt": "M",
                    "States": {"M": {"Type": "Pass", "InputPath": "$.item", "End": true}}}},
               "P": {"Type": "Parallel", "Parameters": {"p": 1}, "End": true, "Branches": [
                    {"StartAt": "N", "States": {"N": {"Type": "Pass", "InputPath": "$.q", "End": true}}}]}"#,
            &[
                "/States/A/ItemProcessor/States/M $.item",
                "/States/P/Branches[0]/States/N $.q",
            ],
        );
    }

    #[test]
    fn loops_come_to_an_end() {
        check(
            r#""A": {"Type": "Pass", "Result": {"x": 1}, "Next": "B"},
               "B": {"Type": "Pass", "ResultPath": "$.again", "Next": "C"},
               "C": {"Type": "Choice", "Default": "D", "Choices": [{"Variable": "$.again.x", "IsNull": true, "Next": "B"}]},
               "D": {"Type": "Pass", "InputPath": "$.never", "End": true}"#,
            &["/States/D $.never"],
        );
    }
}
