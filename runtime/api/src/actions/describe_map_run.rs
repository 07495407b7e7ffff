//! DescribeMapRun: how a Map Run stands.

use serde_json::Value;

use crate::arn::Arn;
use crate::request::{LONG_ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_map_run(
    _api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("mapRunArn", &LONG_ARN);
    request.finish()?;
    let arn = Arn::map_run(&arn)?;
    // No Map runs in DISTRIBUTED mode yet, so there is no Map Run.
    Err(ApiError::resource_not_found(arn.text))
}
