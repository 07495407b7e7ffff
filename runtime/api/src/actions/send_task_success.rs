//! SendTaskSuccess: answered once the outcome is durable.

use asl::Payload;
use asl::json_complaint::Complaint;
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
        let complaint = Complaint::of(&output);
        let why = complaint.map_or_else(|| error.to_string(), |told| told.message());
        ApiError::new("InvalidOutput", format!("Invalid Output: '{why}'"))
    })?;
    api.engine
        .task_succeeded(&token, output)
        .await
        .map_err(refused)?;
    Ok(json!({}))
}
