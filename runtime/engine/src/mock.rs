//! Mocked answers of Tasks, in the file format of AWS Step Functions Local.
//!
//! A test case names, for each state, a mocked response; a response says what each attempt
//! answers. What is not mocked runs as ever. The mocks of an execution are kept with it, so
//! that one which is taken up after a restart goes on with the answers it began with.
//!
//! Source: AWS, "Using mocked service integrations for testing in Step Functions Local".

use std::collections::BTreeMap;

use asl::{Failure, Payload};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answers of one test case, by state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mocks(BTreeMap<String, Vec<Answer>>);

/// What attempts of a state answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    /// The first attempt that answers so; 0 is the one before any retry.
    first: u32,
    last: u32,
    result: Result<Payload, Failure>,
}

/// Why a test case cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Not the file's format.
    #[error("the mock configuration does not parse: {0}")]
    Malformed(#[from] serde_json::Error),
    /// No state machine of this name in it.
    #[error("the mock configuration has no state machine {0:?}")]
    NoMachine(String),
    /// No such test case.
    #[error("the mock configuration has no test case {case:?} of state machine {machine:?}")]
    NoCase {
        /// The state machine's name.
        machine: String,
        /// The test case.
        case: String,
    },
    /// A state names a response that is not there.
    #[error("the mock configuration has no mocked response {0:?}")]
    NoResponse(String),
    /// A response's key is no number and no range.
    #[error("mocked response {response:?}: {key:?} is no attempt; write \"0\" or \"1-3\"")]
    NoAttempt {
        /// The response.
        response: String,
        /// The key.
        key: String,
    },
    /// A response says neither what it returns nor what it throws, or both.
    #[error("mocked response {response:?}, attempt {key:?}: it must have either Return or Throw")]
    NoAnswer {
        /// The response.
        response: String,
        /// The attempt.
        key: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    state_machines: BTreeMap<String, Machine>,
    #[serde(default)]
    mocked_responses: BTreeMap<String, BTreeMap<String, Response>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    /// By case and state: the name of a response.
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Response {
    /// Null is an answer too.
    #[serde(rename = "Return", default, deserialize_with = "present")]
    returned: Option<Value>,
    #[serde(rename = "Throw")]
    thrown: Option<Thrown>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Thrown {
    error: String,
    #[serde(default)]
    cause: String,
}

fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Mocks {
    /// Reads a test case of a state machine from the file's text.
    ///
    /// # Errors
    /// [`MockError`].
    pub fn read(text: &str, machine: &str, case: &str) -> Result<Self, MockError> {
        let file: File = serde_json::from_str(text)?;
        let cases = file.state_machines.get(machine);
        let cases = cases.ok_or_else(|| MockError::NoMachine(machine.to_owned()))?;
        let states = cases
            .test_cases
            .get(case)
            .ok_or_else(|| MockError::NoCase {
                machine: machine.to_owned(),
                case: case.to_owned(),
            })?;
        let mut mocks = BTreeMap::new();
        for (state, name) in states {
            let response = file.mocked_responses.get(name);
            let response = response.ok_or_else(|| MockError::NoResponse(name.clone()))?;
            mocks.insert(state.clone(), answers(name, response)?);
        }
        Ok(Self(mocks))
    }

    /// What an attempt of this state answers, if the state is mocked. Attempts are counted by
    /// retries; one beyond those that are named fails, since nothing is known of it.
    pub(crate) fn answer(&self, state: &str, attempt: u32) -> Option<Result<Payload, Failure>> {
        let answers = self.0.get(state)?;
        let answer = answers
            .iter()
            .find(|answer| (answer.first..=answer.last).contains(&attempt));
        Some(match answer {
            Some(answer) => answer.result.clone(),
            None => {
                let cause = format!("No mocked response of state '{state}' for attempt {attempt}");
                Err(Failure::new(asl::ErrorName::RUNTIME, cause))
            }
        })
    }
}

fn answers(name: &str, response: &BTreeMap<String, Response>) -> Result<Vec<Answer>, MockError> {
    let answers = response.iter().map(|(key, response)| {
        let (first, last) = attempts(key).ok_or_else(|| MockError::NoAttempt {
            response: name.to_owned(),
            key: key.clone(),
        })?;
        let result = match response.clone() {
            Response {
                returned: Some(value),
                thrown: None,
            } => Ok(Payload::from_value(value)),
            Response {
                returned: None,
                thrown: Some(Thrown { error, cause }),
            } => Err(Failure::new(&error, cause)),
            _ => {
                return Err(MockError::NoAnswer {
                    response: name.to_owned(),
                    key: key.clone(),
                });
            }
        };
        Ok(Answer {
            first,
            last,
            result,
        })
    });
    answers.collect()
}

/// `0`, or `1-3`.
fn attempts(key: &str) -> Option<(u32, u32)> {
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(responses: Value) -> String {
        let cases = json!({ "Retries": { "Charge": "Flaky" }, "Plain": {} });
        json!({
            "StateMachines": { "orders": { "TestCases": cases } },
            "MockedResponses": responses,
        })
        .to_string()
    }

    #[test]
    fn each_attempt_answers_as_the_case_says() {
        let text = file(json!({ "Flaky": {
            "0": { "Throw": { "Error": "E", "Cause": "why" } },
            "1-2": { "Return": null },
        }}));
        let mocks = Mocks::read(&text, "orders", "Retries").unwrap();
        assert_eq!(
            mocks.answer("Charge", 0),
            Some(Err(Failure::new("E", "why")))
        );
        for attempt in [1, 2] {
            assert_eq!(
                mocks.answer("Charge", attempt),
                Some(Ok(Payload::from_value(Value::Null)))
            );
        }
        let beyond = mocks.answer("Charge", 3).unwrap().unwrap_err();
        assert!(beyond.cause.unwrap().contains("for attempt 3"));
        assert_eq!(mocks.answer("Ship", 0), None);
        let kept = serde_json::to_string(&mocks).unwrap();
        assert_eq!(serde_json::from_str::<Mocks>(&kept).unwrap(), mocks);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let told = |responses, machine, case| {
            Mocks::read(&file(responses), machine, case)
                .unwrap_err()
                .to_string()
        };
        let flaky = |key: &str, answer: Value| json!({ "Flaky": { key: answer } });
        for (told, words) in [
            (
                told(json!({}), "bills", "Plain"),
                "no state machine \"bills\"",
            ),
            (told(json!({}), "orders", "None"), "no test case \"None\""),
            (
                told(json!({}), "orders", "Retries"),
                "no mocked response \"Flaky\"",
            ),
            (
                told(flaky("2-1", json!({ "Return": 1 })), "orders", "Retries"),
                "\"2-1\" is no attempt",
            ),
            (
                told(flaky("x", json!({ "Return": 1 })), "orders", "Retries"),
                "\"x\" is no attempt",
            ),
            (
                told(flaky("0", json!({})), "orders", "Retries"),
                "either Return or Throw",
            ),
            (
                told(flaky("0", json!({ "Retrun": 1 })), "orders", "Retries"),
                "does not parse",
            ),
        ] {
            assert!(told.contains(words), "{told:?} does not say {words:?}");
        }
    }
}
