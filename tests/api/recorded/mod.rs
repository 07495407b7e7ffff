//! Cases recorded from AWS, made again through the API, every answer compared whole.
//!
//! The recordings are no part of the project: `recordings` finds them. What cannot be made
//! here is listed by name with its reason, never dropped in silence.

mod case;
mod replay;
mod world;

use case::{Case, OF_OTHER_SERVICES};

use super::stand::in_virtual_time;
use crate::recorded::{OF_BUCKETS, RESOURCES, other_order, unsupported};
use crate::recordings;

/// Cases that cannot be as recorded, by the end of their names, and why.
const LEFT_OUT: [(&str, &str); 2] = [
    (
        "lambda_task/test_invoke_pipe",
        "its echo_function answered {\"Return\": \"HelloWorld\"}, not its event",
    ),
    (
        "sfn_api_map_run/test_map_state_label_too_long_fail",
        "an emulator's answer, not AWS's: it tells of a Python exception",
    ),
];

/// Why a case cannot be made here, if it cannot.
fn out_of_reach(case: &Case) -> Option<String> {
    if let Some((_, why)) = LEFT_OUT.iter().find(|(name, _)| case.name.ends_with(name)) {
        return Some((*why).to_owned());
    }
    if let Some(why) = other_order(&case.name) {
        return Some(why);
    }
    let known = |operation: &str| api::OPERATIONS.contains(&operation);
    let unknown = case.calls.iter().find(|call| !known(&call.operation));
    if let Some(call) = unknown {
        return Some(format!("calls {}", call.operation));
    }
    if !case
        .calls
        .iter()
        .any(|call| call.operation == "StartExecution")
    {
        return None;
    }
    let definitions = case.calls.iter();
    let definitions = definitions.filter_map(|call| call.parameters["definition"].as_str());
    let played = [&RESOURCES[..], &OF_BUCKETS, &["aws-sdk:sfn:startExecution"]].concat();
    unsupported(&definitions.collect::<String>(), &played)
}

#[test]
fn answers_are_as_recorded() {
    let Some(folder) = recordings::folder("aws") else {
        return;
    };
    let only = std::env::var("STEPWELL_CASE").unwrap_or_default();
    let (mut passed, mut answers, mut left_out, mut failed) = (0, 0, Vec::new(), Vec::new());
    for path in recordings::files(&folder) {
        let case = Case::parse(&std::fs::read_to_string(&path).expect("a readable case"));
        if !case.name.contains(&only) {
            continue;
        }
        if let Some(reason) = out_of_reach(&case) {
            left_out.push(format!("{}: {reason}", case.name));
            continue;
        }
        match in_virtual_time(replay::check(&case)) {
            Ok(()) => {
                passed += 1;
                answers += case.answers.len();
            }
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    println!(
        "recorded API cases: {passed} pass with {answers} answers, {} left out",
        left_out.len()
    );
    for line in &left_out {
        println!("  left out  {line}");
    }
    for (name, why) in OF_OTHER_SERVICES {
        println!("  left out  {name} of any case: {why}");
    }
    assert!(
        failed.is_empty(),
        "{} of {} differ:\n{}",
        failed.len(),
        failed.len() + passed,
        failed.join("\n")
    );
}
