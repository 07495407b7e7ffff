//! TestState: one state alone, with its data flow laid open.

use asl::test_state::{
    FieldValidationMode, Level, Mock, MockErrorOutput, Refusal, Request as Test, StateConfiguration,
};
use serde_json::Value;

use crate::request::{
    ARN, CAUSE, COUNT, DATA, DEFINITION, ERROR, INSPECTION_LEVEL, Request, STATE_NAME,
    VALIDATION_MODE,
};
use crate::{Api, ApiError, Caller};

pub(crate) async fn test_state(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let test = Test {
        definition: request.required("definition", &DEFINITION),
        role_arn: request.optional("roleArn", &ARN),
        input: request.optional("input", &DATA),
        inspection_level: level(request.optional("inspectionLevel", &INSPECTION_LEVEL)),
        reveal_secrets: request.boolean("revealSecrets"),
        variables: request.optional("variables", &DATA),
        state_name: request.optional("stateName", &STATE_NAME),
        mock: request.structure("mock", mock),
        context: request.optional("context", &DATA),
        state_configuration: request.structure("stateConfiguration", configuration),
    };
    request.finish()?;
    let crew = api.engine.crew();
    let answer = engine::test_state(&test, &caller.place, crew).await;
    let answer = answer.map_err(|refusal| refused(&refusal))?;
    serde_json::to_value(answer).map_err(|error| ApiError::internal(&error))
}

fn refused(refusal: &Refusal) -> ApiError {
    ApiError::new(refusal.exception(), refusal.to_string())
}

fn level(word: Option<String>) -> Option<Level> {
    word.map(|word| match word.as_str() {
        "DEBUG" => Level::Debug,
        "TRACE" => Level::Trace,
        _ => Level::Info,
    })
}

fn mock(fields: &mut Request) -> Mock {
    let mode = fields.optional("fieldValidationMode", &VALIDATION_MODE);
    Mock {
        result: fields.optional("result", &DATA),
        error_output: fields.structure("errorOutput", |fields| MockErrorOutput {
            error: fields.optional("error", &ERROR),
            cause: fields.optional("cause", &CAUSE),
        }),
        field_validation_mode: mode.map(|word| match word.as_str() {
            "PRESENT" => FieldValidationMode::Present,
            "NONE" => FieldValidationMode::None,
            _ => FieldValidationMode::Strict,
        }),
    }
}

fn configuration(fields: &mut Request) -> StateConfiguration {
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    StateConfiguration {
        retrier_retry_count: count(fields.integer("retrierRetryCount", &COUNT)),
        error_caused_by_state: fields.optional("errorCausedByState", &STATE_NAME),
        map_iteration_failure_count: count(fields.integer("mapIterationFailureCount", &COUNT)),
        map_item_reader_data: fields.optional("mapItemReaderData", &DATA),
    }
}
