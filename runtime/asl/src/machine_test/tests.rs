//! Cases that pass, cases that fail with their reason, files that are not sound.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Branch, Coverage, TestFile, run};
use crate::Payload;
use crate::definition::{StateMachine, parse};

/// A Task with everything around it, and a Choice.
fn machine() -> Value {
    json!({
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work",
                "TimeoutSeconds": 60,
                "HeartbeatSeconds": 20,
                "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2 }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Route" }],
                "Next": "Route"
            },
            "Route": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.Error", "IsPresent": true, "Next": "Sorry" }],
                "Default": "Rest"
            },
            "Rest": { "Type": "Wait", "Seconds": 86400, "End": true },
            "Sorry": { "Type": "Fail", "ErrorPath": "$.Error" }
        }
    })
}

fn parsed(definition: &Value) -> Arc<StateMachine> {
    let parsed = parse(&definition.to_string());
    Arc::new(parsed.machine.expect("a sound definition"))
}

/// Plays one case; answers what it complains of, and the branches it reached.
fn played(definition: &Value, case: Value) -> (Vec<String>, Vec<(String, Branch)>) {
    let mut case = case;
    if case.get("name").is_none() {
        case["name"] = json!("a case");
    }
    let file = json!({ "definition": "x", "fieldValidationMode": "NONE", "cases": [case] });
    let file = TestFile::parse(&file.to_string()).expect("a sound file");
    let machine = parsed(definition);
    let problems = file.check(&machine);
    assert!(problems.is_empty(), "{problems:?}");
    let mut coverage = Coverage::new(Arc::clone(&machine));
    let case = &file.cases[0];
    let input = Payload::from_value(case.input.clone().unwrap_or_else(|| json!({})));
    let report = run(&machine, &file, case, input, &mut coverage);
    let complaints = report.complaints.iter().map(ToString::to_string);
    let reached = coverage.branches().into_iter().filter(|one| one.is_reached);
    let reached = reached.map(|one| (one.state.name.to_string(), one.branch));
    (complaints.collect(), reached.collect())
}

fn check(definition: &Value, case: Value, complaints: &[&str]) {
    let (found, _) = played(definition, case);
    assert_eq!(found, complaints);
}

#[test]
fn answers_come_in_order_and_time_is_virtual() {
    let case = json!({
        "mocks": { "Work": [
            { "error": "Busy", "times": 2 },
            { "return": { "a": 1 }, "after": 50, "heartbeat": 20 },
        ]},
        "expect": {
            "path": ["Work", "Route", "Rest"],
            "output": { "a": 1 },
            "seconds": 2 + 4 + 50 + 86_400,
        },
    });
    let (complaints, reached) = played(&machine(), case);
    assert_eq!(complaints, [""; 0]);
    let expected = [
        ("Work", Branch::State),
        ("Work", Branch::Retrier(0)),
        ("Route", Branch::State),
        ("Route", Branch::Default),
        ("Rest", Branch::State),
    ];
    assert_eq!(
        reached,
        expected.map(|(state, branch)| (state.to_owned(), branch))
    );
}

#[test]
fn silence_and_slowness_are_timeouts() {
    for (answer, seconds) in [
        (json!({ "never": true }), 20),
        (json!({ "return": 1, "after": 30 }), 20),
        (json!({ "never": true, "heartbeat": 5 }), 60),
        (json!({ "return": 1, "after": 61, "heartbeat": 20 }), 60),
    ] {
        let case = json!({
            "mocks": { "Work": answer },
            "expect": { "error": "States.Timeout", "seconds": seconds },
        });
        check(&machine(), case, &[]);
    }
}

#[test]
fn what_differs_is_told_with_state_and_event() {
    let one = |answer: Value, expect: Value, complaints: &[&str]| {
        check(
            &machine(),
            json!({ "mocks": { "Work": answer }, "expect": expect }),
            complaints,
        );
    };
    let result = json!({ "return": { "a": 1, "b": [true] } });
    one(
        result.clone(),
        json!({ "path": ["Work", "Route", "Sorry"] }),
        &[r#"path at state 3: expected "Sorry", got "Rest" (event 9)"#],
    );
    one(
        result.clone(),
        json!({ "path": ["Work", "Route"], "seconds": 1 }),
        &[
            r#"path at state 3: expected "the end", got "Rest" (event 9)"#,
            "seconds: expected 1.0, got 86400.0",
        ],
    );
    one(
        result.clone(),
        json!({ "output": { "b": [false], "c": 2 } }),
        &[
            "output /a: expected nothing, got 1 (state Rest, event 9)",
            "output /b/0: expected false, got true (state Rest, event 9)",
            "output /c: expected 2, got nothing (state Rest, event 9)",
        ],
    );
    one(
        result.clone(),
        json!({ "error": "Busy" }),
        &[r#"end: expected a failure, "Busy", but it succeeded (state Rest, event 9)"#],
    );
    one(
        json!({ "error": "Other", "cause": "x" }),
        json!({ "outputHas": {} }),
        &["end: expected an output, but it failed: Other (state Sorry, event 9)"],
    );
    one(
        json!({ "error": "Other", "cause": "x" }),
        json!({ "error": "Busy" }),
        &[r#"error: expected "Busy", got "Other" (state Sorry, event 9)"#],
    );
}

#[test]
fn the_script_must_fit_what_is_asked() {
    let one = |answers: Value, complaints: &[&str]| {
        let case = json!({ "mocks": answers, "expect": { "seconds": 86_400 } });
        check(&machine(), case, complaints);
    };
    one(
        json!({}),
        &["mock: attempt 1 was given {}, and the case has no answer for it (state Work, event 3)"],
    );
    let busy = json!({ "error": "Busy" });
    one(
        json!({ "Work": [busy] }),
        &[
            "mock: attempt 2 was given {}, and the case's one answer is used up or does not fit \
           (state Work, event 6)",
        ],
    );
    one(
        json!({ "Work": { "when": { "a": 1 }, "return": 1 } }),
        &[
            "mock: attempt 1 was given {}, and the case's one answer is used up or does not fit \
           (state Work, event 3)",
        ],
    );
    one(
        json!({ "Work": [{ "return": 1 }, { "error": "Busy", "times": 3 }, { "error": "E", "times": "any" }] }),
        &["mock: answer 2 would answer 3 more times, and nobody asked (state Work)"],
    );
}

#[test]
fn what_never_ends_is_stopped() {
    let task = |resource: &str| {
        json!({ "StartAt": "A", "States": {
            "A": { "Type": "Task", "Resource": resource, "End": true },
        }})
    };
    let activity = task("arn:aws:states:us-east-1:123456789012:activity:a");
    let never = json!({ "mocks": { "A": { "never": true } }, "expect": { "seconds": 1 } });
    let stuck = "end: it waits for ever in A: an answer that never comes, and no timeout";
    check(&activity, never, &[stuck]);
    let endless = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Next": "A" } } });
    let case = json!({ "name": "express", "expect": { "seconds": 1 } });
    let file = json!({ "definition": "x", "type": "EXPRESS", "cases": [case] }).to_string();
    let file = TestFile::parse(&file).expect("a sound file");
    let machine = parsed(&endless);
    let mut coverage = Coverage::new(Arc::clone(&machine));
    let report = run(
        &machine,
        &file,
        &file.cases[0],
        json!({}).into(),
        &mut coverage,
    );
    let told = report.complaints[0].to_string();
    assert!(
        told.starts_with("end: no end after 100000 events"),
        "{told}"
    );
}

#[test]
fn workers_and_token_holders_answer_too() {
    for (resource, parameters) in [
        (
            "arn:aws:states:us-east-1:123456789012:activity:a",
            json!({}),
        ),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            json!({ "QueueUrl": "u", "MessageBody": "b" }),
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            json!({ "StateMachineArn": "arn" }),
        ),
    ] {
        let definition = json!({ "StartAt": "A", "States": { "A": {
            "Type": "Task", "Resource": resource, "TimeoutSeconds": 9, "HeartbeatSeconds": 3,
            "Parameters": parameters,
            "Retry": [{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1 }],
            "End": true,
        }}});
        let case = json!({
            "mocks": { "A": [
                { "never": true },
                { "error": "States.Timeout", "after": 1 },
                { "return": {}, "after": 8, "heartbeat": 2 },
            ]},
            "expect": { "output": {}, "seconds": 3 + 1 + 1 + 2 + 8 },
        });
        check(
            &definition,
            json!({ "mocks": case["mocks"], "expect": case["expect"] }),
            &[],
        );
    }
}

/// A Map in DISTRIBUTED mode with a Task for each child.
fn distributed(more: Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Each",
            "States": { "Each": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:each",
                "End": true,
            }},
        },
        "End": true,
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        map[field] = value.clone();
    }
    json!({ "StartAt": "All", "States": { "All": map } })
}

#[test]
fn children_of_a_map_run_are_played_too() {
    let one = |more: Value, mut case: Value, complaints: &[&str]| {
        case["input"] = json!([1, 2, 3]);
        check(&distributed(more), case, complaints);
    };
    let each = json!([{ "return": "x", "times": 2, "after": 5 }, { "return": "y", "after": 5 }]);
    one(
        json!({ "MaxConcurrency": 1 }),
        json!({
            "mocks": { "Each": each },
            "expect": {
                "path": [{ "All": [["Each"], ["Each"], ["Each"]] }],
                "output": ["x", "x", "y"],
                "seconds": 15,
            },
        }),
        &[],
    );
    let batched = json!({ "Items": [1, 2] });
    one(
        json!({ "ItemBatcher": { "MaxItemsPerBatch": 2 } }),
        json!({
            "mocks": { "Each": [{ "when": batched, "return": 2 }, { "return": 1 }] },
            "expect": { "output": [2, 1], "seconds": 0 },
        }),
        &[],
    );
    one(
        json!({ "ToleratedFailureCount": 1 }),
        json!({
            "mocks": { "Each": [{ "error": "E", "times": 2 }, { "return": 1 }] },
            "expect": { "error": "States.ExceedToleratedFailureThreshold" },
        }),
        &[],
    );
    let reader = json!({ "ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": { "InputType": "JSON", "MaxItems": 2 },
        "Parameters": { "Bucket": "b", "Key": "k" },
    }});
    let asked = "mock: the ItemReader asks for items: answer with \"items\", or for the whole Map \
                 (state All, event 4)";
    one(
        reader.clone(),
        json!({ "expect": { "output": [] } }),
        &[asked],
    );
    let read = json!({ "items": [7, 8, 9] });
    one(
        reader.clone(),
        json!({
            "mocks": { "All": read, "Each": { "return": 0, "times": 2 } },
            "expect": { "output": [0, 0] },
        }),
        &[],
    );
    let mut negative = reader.clone();
    negative["ItemReader"]["ReaderConfig"] = json!({ "InputType": "JSON", "MaxItemsPath": "$[0]" });
    check(
        &distributed(negative),
        json!({
            "input": [-1],
            "mocks": { "All": read },
            "expect": { "error": "States.ItemReaderFailed", "seconds": 0 },
        }),
        &[],
    );
    one(
        reader,
        json!({
            "mocks": { "All": { "error": "States.ItemReaderFailed", "after": 3 } },
            "expect": { "error": "States.ItemReaderFailed", "seconds": 3 },
        }),
        &[],
    );
}

#[test]
fn a_file_that_is_not_sound_says_where() {
    let told = |case: Value| -> Vec<String> {
        let file = json!({ "definition": "x", "cases": [case] }).to_string();
        let file = TestFile::parse(&file).expect("a file");
        let problems = file.check(&parsed(&machine()));
        problems.iter().map(ToString::to_string).collect()
    };
    let answered = |answers: Value| {
        told(json!({ "name": "n", "mocks": { "Work": answers }, "expect": { "seconds": 0 } }))
    };
    for (found, words) in [
        (
            told(json!({ "name": "n", "expect": {} })),
            r#"cases[0] "n": expect: it expects nothing"#,
        ),
        (
            told(json!({ "name": "n", "expect": { "path": ["No"] } })),
            "has no state \"No\"",
        ),
        (
            told(json!({ "name": "n", "expect": { "path": [{ "Rest": [] }] } })),
            "no flows inside",
        ),
        (
            told(json!({ "name": "n", "expect": { "output": 1, "error": "E" } })),
            "an output or an error, never both",
        ),
        (
            told(json!({ "name": "n", "start": "noon", "expect": { "output": 1 } })),
            "\"noon\" is no moment",
        ),
        (
            told(
                json!({ "name": "n", "mocks": { "Rest": { "return": 1 } }, "expect": { "output": 1 } }),
            ),
            "\"Rest\" is a Wait: only a Task",
        ),
        (answered(json!([])), "mocks.Work: there is no answer in it"),
        (
            answered(json!({})),
            "mocks.Work[0]: an answer has one of \"return\"",
        ),
        (
            answered(json!({ "return": 1, "never": true })),
            "an answer has one of",
        ),
        (
            answered(json!({ "return": 1, "cause": "c" })),
            "a cause needs an error",
        ),
        (answered(json!({ "items": [] })), "only a Map reads items"),
        (
            answered(json!({ "return": 1, "after": -1 })),
            "Work[0].after: it is not from 0 to",
        ),
        (
            answered(json!({ "return": 1, "heartbeat": 0 })),
            "at most every millisecond",
        ),
    ] {
        assert!(
            found.iter().any(|one| one.contains(words)),
            "{found:?} does not say {words}"
        );
    }
    for (text, words) in [
        ("{", "EOF"),
        (r#"{"definition": "x"}"#, "missing field `cases`"),
        (
            r#"{"definition": "x", "casez": []}"#,
            "unknown field `casez`",
        ),
        (
            r#"{"definition": "x", "cases": [], "mocks": {"A": [{"retrun": 1}]}}"#,
            "unknown field `retrun`",
        ),
        (
            r#"{"definition": "x", "cases": [], "mocks": {"A": {"times": 0}}}"#,
            "attempts from 1 to",
        ),
        (
            r#"{"definition": "x", "cases": [], "mocks": {"A": 1}}"#,
            "an answer, or a list of",
        ),
    ] {
        let error = TestFile::parse(text).expect_err(text).to_string();
        assert!(error.contains(words) && error.contains("line 1"), "{error}");
    }
}

#[test]
fn a_mocked_result_is_held_against_the_api_model() {
    let definition = json!({ "StartAt": "A", "States": { "A": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "f" }, "End": true,
    }}});
    let file = |mode: &str| {
        let case = json!({
            "name": "n",
            "mocks": { "A": { "return": { "StatusCode": "ok" } } },
            "expect": { "path": ["A"] },
        });
        let file = json!({ "definition": "x", "fieldValidationMode": mode, "cases": [case] });
        TestFile::parse(&file.to_string())
            .expect("a file")
            .check(&parsed(&definition))
    };
    assert!(file("NONE").is_empty());
    assert!(
        file("STRICT")[0]
            .message
            .contains("Field 'StatusCode' must be a number")
    );
}
