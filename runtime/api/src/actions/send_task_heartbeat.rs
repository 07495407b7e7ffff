//! SendTaskHeartbeat: HeartbeatSeconds count anew.

use serde_json::{Value, json};

use super::callback::refused;
use crate::request::{Request, TASK_TOKEN};
use crate::{Api, ApiError, Caller};

pub(crate) async fn send_task_heartbeat(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let token = request.required("taskToken", &TASK_TOKEN);
    request.finish()?;
    api.engine.task_heartbeat(&token).await.map_err(refused)?;
    Ok(json!({}))
}
