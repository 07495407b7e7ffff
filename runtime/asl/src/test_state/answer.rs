//! What TestState answers, in the shape of AWS's API model.

use serde::Serialize;

use crate::definition::StateKind;

/// The answer. Serialised, it is AWS's `TestStateOutput`, absent fields left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The state's output as JSON, when it was left: by success or by a Catcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The error name, when the state failed, whatever became of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The cause, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How data flowed; nothing at [`super::Level::Info`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspection_data: Option<InspectionData>,
    /// The state that follows, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_state: Option<String>,
    /// How it went.
    pub status: Status,
}

/// AWS's `TestExecutionStatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The state was left by its own Next or End.
    #[default]
    Succeeded,
    /// It failed, and nothing takes the failure.
    Failed,
    /// It failed, and a Retrier takes the failure.
    Retriable,
    /// It failed, and a Catcher takes the failure.
    CaughtError,
}

/// How data flowed. All `String`s are JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "AWS's fields, named as AWS names them")]
pub struct InspectionData {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_arguments: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_parameters: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_result_selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_result_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<HttpRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<HttpResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<ErrorDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_items_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_item_selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_item_batcher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_items_pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u64>,
}

/// What took a failure, by its place in the definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// The Catcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_index: Option<usize>,
    /// The Retrier, also when it has no attempts left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_index: Option<usize>,
    /// The delay before the next attempt, in seconds, before jitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_backoff_interval_seconds: Option<u64>,
}

/// What an HTTP Task sent and got. It is told at [`super::Level::Trace`] as it stands: leave
/// out the secrets that are not to be revealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent, if anything was.
    pub request: Option<HttpRequest>,
    /// What came back, if anything did.
    pub response: Option<HttpResponse>,
}

/// An HTTP Task's request, for [`super::Level::Trace`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "AWS's fields, named as AWS names them")]
pub struct HttpRequest {
    pub protocol: String,
    pub method: String,
    pub url: String,
    pub headers: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// An HTTP Task's response, for [`super::Level::Trace`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "AWS's fields, named as AWS names them")]
pub struct HttpResponse {
    pub protocol: String,
    pub status_code: String,
    pub status_message: String,
    pub headers: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl InspectionData {
    /// Drops what AWS does not show of a state of this kind.
    ///
    /// As recorded, or as the examples of the developer guide have it: result and
    /// Arguments only of a Task; of a Map no Parameters; of a Parallel nothing before its result. Of the types
    /// that have no more than InputPath and OutputPath AWS tells nothing; the fields that
    /// they do not have are left out.
    pub(super) fn trim(&mut self, kind: &StateKind) {
        if !matches!(kind, StateKind::Task(_)) {
            self.result = None;
            self.after_arguments = None;
        }
        if matches!(kind, StateKind::Map(_) | StateKind::Parallel(_)) {
            self.after_parameters = None;
        }
        match kind {
            StateKind::Parallel(_) => self.after_input_path = None,
            StateKind::Wait(_) | StateKind::Succeed(_) | StateKind::Choice(_) => {
                self.after_result_selector = None;
                self.after_result_path = None;
            }
            _ => {}
        }
    }
}
