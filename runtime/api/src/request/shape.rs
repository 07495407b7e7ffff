//! The shapes of AWS's model that requests are made of, under their own names.
//!
//! Source: the service model of `stepfunctions`, 2016-11-23, as AWS's SDKs publish it.

use asl::limits;

use super::constraint::{List, Number, Text, is_alias_name};

/// `Name`
pub(crate) const NAME: Text = Text::of(1, limits::NAME_CHARS_MAX);
/// `Arn`
pub(crate) const ARN: Text = Text::of(1, 256);
/// `LongArn`
pub(crate) const LONG_ARN: Text = Text::of(1, 2_000);
/// `Definition`
pub(crate) const DEFINITION: Text = Text::sensitive(1, limits::DEFINITION_BYTES_MAX);
/// `SensitiveData`
pub(crate) const DATA: Text = Text::sensitive(0, limits::PAYLOAD_BYTES_MAX);
/// `SensitiveError`
pub(crate) const ERROR: Text = Text::sensitive(0, limits::ERROR_CHARS_MAX);
/// `SensitiveCause`
pub(crate) const CAUSE: Text = Text::sensitive(0, limits::CAUSE_CHARS_MAX);
/// `TaskToken`
pub(crate) const TASK_TOKEN: Text = Text::of(1, 2_048);
/// `PageToken`
pub(crate) const PAGE_TOKEN: Text = Text::of(1, 1_024);
/// `ListExecutionsPageToken`
pub(crate) const EXECUTIONS_PAGE_TOKEN: Text = Text::of(1, 3_096);
/// `VersionDescription`, `AliasDescription`
pub(crate) const DESCRIPTION: Text = Text::sensitive(0, 256);
/// `RevisionId`
pub(crate) const REVISION_ID: Text = Text::of(0, usize::MAX);
/// `ClientToken`
pub(crate) const CLIENT_TOKEN: Text = Text::like(1, 64, "[!-~]+", |text| {
    text.bytes().all(|byte| byte.is_ascii_graphic())
});
/// `TraceHeader`
pub(crate) const TRACE_HEADER: Text = Text::like(0, 256, r"\p{ASCII}*", str::is_ascii);
/// `CharacterRestrictedName`
pub(crate) const ALIAS_NAME: Text = Text::like(
    1,
    80,
    r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
    is_alias_name,
);
/// `TagKey`
pub(crate) const TAG_KEY: Text = Text::of(1, 128);
/// `TagValue`
pub(crate) const TAG_VALUE: Text = Text::of(0, 256);
/// `StateMachineType`
pub(crate) const MACHINE_TYPE: Text = Text::one_of(&["STANDARD", "EXPRESS"]);
/// `LogLevel`
pub(crate) const LOG_LEVEL: Text = Text::one_of(&["ALL", "ERROR", "FATAL", "OFF"]);
/// `EncryptionType`
pub(crate) const ENCRYPTION_TYPE: Text =
    Text::one_of(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);
/// `KmsKeyId`
pub(crate) const KMS_KEY_ID: Text = Text::of(1, 2_048);
/// `IncludedData`
pub(crate) const INCLUDED_DATA: Text = Text::one_of(&["ALL_DATA", "METADATA_ONLY"]);
/// `ExecutionStatus`
pub(crate) const EXECUTION_STATUS: Text = Text::one_of(&[
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "ABORTED",
    "PENDING_REDRIVE",
]);
/// `ExecutionRedriveFilter`
pub(crate) const REDRIVE_FILTER: Text = Text::one_of(&["REDRIVEN", "NOT_REDRIVEN"]);
/// `ValidateStateMachineDefinitionSeverity`
pub(crate) const SEVERITY: Text = Text::one_of(&["ERROR", "WARNING"]);

/// `InspectionLevel`
pub(crate) const INSPECTION_LEVEL: Text = Text::one_of(&["INFO", "DEBUG", "TRACE"]);
/// `MockResponseValidationMode`
pub(crate) const VALIDATION_MODE: Text = Text::one_of(&["STRICT", "PRESENT", "NONE"]);
/// `StateName`
pub(crate) const STATE_NAME: Text = Text::sensitive(1, limits::NAME_CHARS_MAX);

/// `RetrierRetryCount`, `MapIterationFailureCount`, `MaxConcurrency`
pub(crate) const COUNT: Number = Number {
    min: 0.0,
    max: i32::MAX as f64,
    whole: true,
};
/// `ToleratedFailureCount`; 2^53, up to which JSON's numbers are exact, is more than any.
pub(crate) const WHOLE: Number = Number {
    min: 0.0,
    max: 9_007_199_254_740_992.0,
    whole: true,
};
/// `ToleratedFailurePercentage`
pub(crate) const PERCENTAGE: Number = Number {
    min: 0.0,
    max: 100.0,
    whole: false,
};
/// `PageSize`
pub(crate) const PAGE_SIZE: Number = Number {
    min: 0.0,
    max: 1_000.0,
    whole: true,
};
/// `ValidateStateMachineDefinitionMaxResult`
pub(crate) const VALIDATE_MAX_RESULT: Number = Number {
    min: 0.0,
    max: 100.0,
    whole: true,
};
/// `KmsDataKeyReusePeriodSeconds`
pub(crate) const KMS_REUSE_SECONDS: Number = Number {
    min: 60.0,
    max: 900.0,
    whole: true,
};
/// `VersionWeight`
pub(crate) const VERSION_WEIGHT: Number = Number {
    min: 0.0,
    max: 100.0,
    whole: true,
};

/// `RoutingConfigurationList`
pub(crate) const ROUTING: List = List {
    min: 1,
    max: 2,
    of: "RoutingConfigurationListItem",
};
/// `TagList`, `TagKeyList`, `LogDestinationList`: the model does not bound them; a request of
/// 1 MB does.
pub(crate) const UNBOUNDED: List = List {
    min: 0,
    max: usize::MAX,
    of: "",
};
