//! Every state must be reachable from the beginning of its flow: `MISSING_TRANSITION_TARGET`,
//! as AWS calls it.

use super::{Report, reached};
use crate::definition::parse::{Outline, Problem, Spot};

/// Checks all flows. A flow that begins nowhere reaches nothing.
pub(super) fn check(outline: &Outline, report: &mut Report<'_>) {
    let seen = reached(outline, outline.flows.iter().filter_map(|flow| flow.start));
    for (state, _) in outline.states.iter().zip(seen).filter(|(_, seen)| !seen) {
        let message = format!("State \"{}\" is not reachable.", state.name);
        let problem = Problem::error("MISSING_TRANSITION_TARGET", state.location.steps(), message);
        report(
            problem
                .spot(Spot::Name)
                .hint("let a state of the same flow lead to it, or remove it"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    #[test]
    fn states_that_nothing_leads_to() {
        expect_standard(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
                "B": {"Type": "Pass", "Next": "A"}, "a/b": {"Type": "Pass", "End": true}}}"#,
            &["MISSING_TRANSITION_TARGET /States/a/b State \"a/b\" is not reachable."],
        );
        expect_standard(
            r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "W", "States": {"W": {"Type": "Succeed"}, "Ghost": {"Type": "Fail"}}}]}}}"#,
            &[
                "MISSING_TRANSITION_TARGET /States/P/Branches[0]/States/Ghost State \"Ghost\" is not reachable.",
            ],
        );
    }

    #[test]
    fn a_flow_that_begins_nowhere() {
        expect_standard(
            r#"{"StartAt": "Nope", "States": {"A": {"Type": "Pass", "End": true}}}"#,
            &[
                "MISSING_TRANSITION_TARGET /StartAt Missing 'Next' target: Nope",
                "MISSING_TRANSITION_TARGET /States/A State \"A\" is not reachable.",
            ],
        );
    }

    #[test]
    fn catchers_rules_and_defaults_lead_on() {
        expect_standard(
            r#"{"StartAt": "T", "States": {
                "T": {"Type": "Task", "Resource": "wasm:t", "Next": "C",
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]},
                "C": {"Type": "Choice", "Default": "Else", "Choices": [
                    {"Variable": "$.x", "IsPresent": true, "Next": "Then"}]},
                "Caught": {"Type": "Fail"}, "Then": {"Type": "Succeed"}, "Else": {"Type": "Succeed"}}}"#,
            &[],
        );
    }
}
