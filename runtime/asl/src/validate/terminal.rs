//! A machine must be able to end: `MISSING_END_STATE`.
//!
//! AWS refuses a machine whose own flow has no terminal state at all, names no place, and
//! then does not look for unreachable states; it looks at no inner flow. We warn of those
//! and of loops that nothing but a failure leaves.

use super::{Report, reached};
use crate::definition::StateId;
use crate::definition::parse::{FlowOutline, Outline, Problem, Spot};

const CODE: &str = "MISSING_END_STATE";

/// Whether the machine's own flow can end, so that the other rules of the graph make sense.
pub(super) fn check(outline: &Outline, report: &mut Report<'_>) -> bool {
    let mut flows = outline.flows.iter();
    let Some(machine) = flows.next() else {
        return false;
    };
    let ends = has_end(outline, machine);
    if !ends {
        let message = "Workflow has no terminal state";
        let problem = Problem::error(CODE, Vec::new(), message).nowhere();
        report(problem.hint("give one state \"End\": true, or add a Succeed or Fail state"));
    }
    for flow in flows.filter(|flow| !has_end(outline, flow)) {
        let message = "No state ends this flow: it can only fail or go on for ever";
        let problem = Problem::error(CODE, flow.location.steps(), message);
        report(problem.warning().spot(Spot::Name));
    }
    if ends {
        check_loops(outline, report);
    }
    ends
}

fn has_end(outline: &Outline, flow: &FlowOutline) -> bool {
    let ends = |id: &StateId| outline.states[id.0 as usize].ends;
    flow.states.iter().any(ends)
}

/// Warns of the first state in each flow from which no terminal state can be reached; where
/// a state cannot be reached either, that is the better complaint.
fn check_loops(outline: &Outline, report: &mut Report<'_>) {
    let mut before: Vec<Vec<StateId>> = vec![Vec::new(); outline.states.len()];
    let mut todo = Vec::new();
    for (id, state) in (0..).map(StateId).zip(&outline.states) {
        for next in &state.next {
            before[next.0 as usize].push(id);
        }
        if state.ends {
            todo.push(id);
        }
    }
    let mut can_end = vec![false; outline.states.len()];
    while let Some(StateId(id)) = todo.pop() {
        if !std::mem::replace(&mut can_end[id as usize], true) {
            todo.extend(&before[id as usize]);
        }
    }
    let seen = reached(outline, outline.flows.iter().filter_map(|flow| flow.start));
    for flow in outline.flows.iter().filter(|flow| has_end(outline, flow)) {
        if !flow.states.iter().all(|id| seen[id.0 as usize]) {
            continue;
        }
        let stuck = |id: &&StateId| {
            let leads_on = !outline.states[id.0 as usize].next.is_empty();
            leads_on && !can_end[id.0 as usize]
        };
        if let Some(StateId(id)) = flow.states.iter().find(stuck) {
            let state = &outline.states[*id as usize];
            let message = format!(
                "No terminal state can be reached from state \"{}\"",
                state.name
            );
            let problem = Problem::error("ENDLESS_LOOP", state.location.steps(), message);
            report(problem.warning().spot(Spot::Name));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    #[test]
    fn a_machine_without_a_terminal_state() {
        expect_standard(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
                "B": {"Type": "Pass", "Next": "A"}, "Unused": {"Type": "Pass", "Next": "A"}}}"#,
            &["MISSING_END_STATE null Workflow has no terminal state"],
        );
        expect_standard(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "NOPE"}}}"#,
            &[
                "MISSING_TRANSITION_TARGET /States/A/Next Missing 'Next' target: NOPE",
                "MISSING_END_STATE null Workflow has no terminal state",
            ],
        );
    }

    #[test]
    fn an_inner_flow_without_one_is_only_warned_of() {
        expect_standard(
            r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
                "StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
                "B": {"Type": "Pass", "Next": "A"}}}}}}"#,
            &[
                "warning: MISSING_END_STATE /States/M/ItemProcessor No state ends this flow: it can only fail or go on for ever",
            ],
        );
    }

    #[test]
    fn a_loop_that_nothing_leaves() {
        expect_standard(
            r#"{"StartAt": "C", "States": {
                "C": {"Type": "Choice", "Default": "End", "Choices": [
                    {"Variable": "$.x", "IsPresent": true, "Next": "A"}]},
                "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"},
                "End": {"Type": "Succeed"}}}"#,
            &["warning: ENDLESS_LOOP /States/A No terminal state can be reached from state \"A\""],
        );
    }
}
