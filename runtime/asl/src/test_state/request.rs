//! What TestState is asked, in the shape of AWS's API model.

use serde::Deserialize;

/// One call. Field by field AWS's `TestStateInput`; JSON in strings is as the caller sent it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// One state, or a whole machine with [`Request::state_name`].
    pub definition: String,
    /// The role a Task would run with. Needed for a Task without a mock.
    pub role_arn: Option<String>,
    /// The state's raw input as JSON; `{}` unless said.
    pub input: Option<String>,
    /// How much the answer tells; [`Level::Info`] unless said.
    pub inspection_level: Option<Level>,
    /// Whether an HTTP Task's secrets may be told.
    pub reveal_secrets: Option<bool>,
    /// Variables as a JSON object: names without `$`.
    pub variables: Option<String>,
    /// Which state of the machine, at any depth.
    pub state_name: Option<String>,
    /// What the state's work gives, instead of being done.
    pub mock: Option<Mock>,
    /// The context object as JSON, instead of one that is made up. Only with a mock.
    pub context: Option<String>,
    /// What had happened before.
    pub state_configuration: Option<StateConfiguration>,
}

/// How much the answer tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Output or error, status and next state.
    #[default]
    Info,
    /// The data flow as well.
    Debug,
    /// An HTTP Task's request and response as well.
    Trace,
}

/// What the state's work gives. One of the first two.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mock {
    /// A result, as JSON.
    pub result: Option<String>,
    /// A failure.
    pub error_output: Option<MockErrorOutput>,
    /// How strictly a service's result is held against its API model.
    pub field_validation_mode: Option<FieldValidationMode>,
}

/// A mocked failure.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MockErrorOutput {
    /// The error name; needed.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
}

/// How strictly a mocked result is held against its API model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FieldValidationMode {
    /// Required fields are there, and those that are there fit.
    #[default]
    Strict,
    /// Those that are there fit.
    Present,
    /// Anything goes.
    None,
}

/// What had happened before the state is tested.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateConfiguration {
    /// How often the Retrier that takes the failure has retried.
    pub retrier_retry_count: Option<u64>,
    /// The state inside a Map or Parallel that the mocked failure comes from.
    pub error_caused_by_state: Option<String>,
    /// How many of a Map's iterations failed.
    pub map_iteration_failure_count: Option<u64>,
    /// What a Map's ItemReader read, as it stands in its source.
    pub map_item_reader_data: Option<String>,
}
