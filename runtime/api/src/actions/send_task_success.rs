//! SendTaskSuccess: answered once the outcome is durable.

use asl::Payload;
use asl::json_complaint;
use serde_json::{Value, json};

use super::callback::refused;
use crate::request::{DATA, Request, TASK_TOKEN};
use crate::{Api, ApiError, Caller};

pub(crate) async fn send_task_success(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let token = request.required("taskToken", &TASK_TOKEN);
    let output = request.required("output", &DATA);
    request.finish()?;
    let output = Payload::from_text(&*output).map_err(|error| {
        let why = json_complaint::words(&output, &error);
        ApiError::new("InvalidOutput", format!("Invalid Output: '{why}'"))
    })?;
    api.engine
        .task_succeeded(&token, output)
        .await
        .map_err(refused)?;
    Ok(json!({}))
}
