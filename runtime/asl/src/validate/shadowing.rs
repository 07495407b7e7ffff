//! An inner flow assigns a variable that an outer flow has assigned before it: the inner one
//! hides the outer one and is gone with its flow, which its author will not have meant.
//!
//! A warning. The guide says that inner scopes cannot assign outer variables, but AWS takes
//! the definition where the outer assignment comes later (as recorded), and its answer where
//! it comes before is not known. The item processor of a distributed Map sees no outer
//! variables and may use their names.
//!
//! Source: Step Functions developer guide, "Passing data between states with variables".

use super::variables::{Scopes, assigned};
use super::{Report, Subject};
use crate::definition::parse::{Problem, Spot};

/// Checks the flows that are not closed to the variables of outer ones.
pub(super) fn check<'a>(
    subject: &Subject<'a>,
    scopes: &mut Scopes<'a, '_>,
    report: &mut Report<'_>,
) {
    for (index, (state, outline)) in subject.states().enumerate() {
        for (name, way) in assigned(state) {
            if scopes.is_visible_outside(name, index) {
                let place = way.from(&outline.location);
                let message = format!("Variable '${name}' hides the one of an outer scope");
                let problem = Problem::error("SHADOWED_VARIABLE", place.steps(), message).warning();
                report(
                    problem
                        .spot(Spot::Name)
                        .hint("give the inner variable a name of its own"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    fn machine(config: &str) -> String {
        format!(
            r#"{{"StartAt": "A", "States": {{
                "A": {{"Type": "Pass", "Assign": {{"x": 1, "y": 2}}, "Next": "M"}},
                "M": {{"Type": "Map", "End": true, "Assign": {{"z": 0}}, "ItemProcessor": {{{config} "StartAt": "B",
                    "States": {{"B": {{"Type": "Pass", "Assign": {{"x": 3, "z": 4}}, "End": true}}}}}}}}}}}}"#
        )
    }

    #[test]
    fn inner_variables_that_hide_outer_ones() {
        expect_standard(
            &machine(""),
            &[
                "warning: SHADOWED_VARIABLE /States/M/ItemProcessor/States/B/Assign Variable '$x' hides the one of an outer scope",
            ],
        );
    }

    #[test]
    fn the_children_of_a_distributed_map_may() {
        let config = r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},"#;
        expect_standard(&machine(config), &[]);
    }
}
