//! What AWS answered to TestState, against ours: each call of each recording, compared whole.

use std::collections::HashMap;
use std::sync::Arc;

use asl::arn::Place;
use asl::test_state::{Answer, Refusal, Request};
use engine::{Clock, Crew, test_state};
use serde_json::{Value, json};

use crate::recorded::{ACCOUNT, Bindings, Functions, as_sent, compare};
use crate::recordings;
use crate::virtual_time::{FixedEntropy, VirtualClock};

/// Fields of a call that hold JSON as text; recordings show most of it parsed.
const JSON: [&str; 4] = ["definition", "input", "variables", "context"];

fn request(params: &Value) -> Request {
    let mut params = params.clone();
    for (field, value) in params.as_object_mut().expect("parameters").iter_mut() {
        if JSON.contains(&field.as_str()) && !value.is_string() {
            *value = as_sent(Some(value)).into();
        }
    }
    serde_json::from_value(params).expect("a call in the shape of AWS's model")
}

fn test(request: &Request, functions: &HashMap<String, String>) -> Result<Answer, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
        let functions = Arc::new(Functions {
            behaviours: functions.clone(),
            clock: Arc::clone(&clock),
        });
        let crew = Crew {
            host: functions.clone(),
            modules: functions,
            clock,
            entropy: Arc::new(FixedEntropy),
            services: Arc::new(engine::NoServices),
        };
        let place = Place {
            account_id: ACCOUNT.into(),
            ..Place::default()
        };
        test_state(request, &place, crew).await
    })
}

/// The recorded answer: the response, or the exception and its message.
fn answered(recorded: &Value) -> Value {
    if let Some(error) = recorded.get("Error") {
        return error.clone();
    }
    if let Some(name) = recorded.get("exception_typename") {
        let value = recorded["exception_value"].as_str().unwrap_or_default();
        let message = value
            .split_once(" operation: ")
            .map_or(value, |(_, told)| told);
        return json!({ "Code": name, "Message": message });
    }
    let mut answer = recorded.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("ResponseMetadata");
    }
    answer
}

fn ours(request: &Request, functions: &HashMap<String, String>) -> Value {
    match test(request, functions) {
        Ok(answer) => serde_json::to_value(answer).expect("an answer is JSON"),
        Err(refusal) => json!({ "Code": refusal.exception(), "Message": refusal.to_string() }),
    }
}

fn check(text: &str) -> Result<usize, String> {
    let text = text.replace("000000000000", ACCOUNT);
    let case: Value = serde_json::from_str(&text).expect("a case is JSON");
    let name = case["case"].as_str().unwrap_or_default();
    let calls = case["calls"].as_array().into_iter().flatten();
    let (mut functions, mut requests) = (HashMap::new(), Vec::new());
    for call in calls {
        let (op, params) = (call["op"].as_str().unwrap_or_default(), &call["params"]);
        let text = |field: &str| params[field].as_str().unwrap_or_default().to_owned();
        match op {
            "lambda:CreateFunction" => {
                functions.insert(text("FunctionName"), text("behaviour"));
            }
            "TestState" => requests.push(request(params)),
            _ => {}
        }
    }
    let recorded = case["recorded"].as_object().into_iter().flatten();
    for ((key, recorded), request) in recorded.zip(&requests) {
        let (expected, found) = (answered(recorded), ours(request, &functions));
        let mut bindings = Bindings::default();
        compare("", &expected, &found, &mut bindings)
            .map_err(|why| format!("{name}, {key}: {why}\n    ours {found}"))?;
    }
    Ok(requests.len())
}

#[test]
fn test_state_answers_as_recorded() {
    let Some(folder) = recordings::folder("aws") else {
        return;
    };
    let only = std::env::var("STEPWELL_CASE").unwrap_or_default();
    let (mut calls, mut failed) = (0, Vec::new());
    for path in recordings::files(&folder) {
        if !path.to_string_lossy().contains(&only) {
            continue;
        }
        match check(&std::fs::read_to_string(&path).expect("a readable case")) {
            Ok(checked) => calls += checked,
            Err(why) => failed.push(why),
        }
    }
    println!("recorded calls of TestState: {calls} as recorded");
    assert!(
        failed.is_empty(),
        "{}:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
