//! What tests ask of buckets that speak S3's protocol.

use std::sync::Arc;

use serde_json::{Value, json};

use super::s3::Patience;
use super::*;

/// The account of folders, and of what the tests' servers keep.
pub(super) const ACCOUNT: &str = "123456789012";

/// All buckets of the server at `url`.
pub(super) fn buckets(url: &str) -> Arc<Buckets> {
    patient(url, Patience::default())
}

/// The same, waiting no longer than this.
pub(super) fn patient(url: &str, patience: Patience) -> Arc<Buckets> {
    let variables = [
        ("AWS_ENDPOINT_URL_S3", url),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("OTHER", "x"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut s3 = S3Settings::from_variables(variables.into_iter(), "us-east-1").unwrap();
    s3.patience = patience;
    Arc::new(Buckets::new([], ACCOUNT, Some(s3)).unwrap())
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The items that come.
pub(super) async fn read(buckets: &Arc<Buckets>, reader: Value) -> Result<Vec<Value>, String> {
    let told = |failure: Failure| failure.cause.unwrap_or_default();
    let reader = Payload::from_value(reader);
    let (mut items, _) = buckets
        .open(&reader, Known::default())
        .await
        .map_err(told)?;
    let mut values = Vec::new();
    while let Some(item) = items.next().await.map_err(told)? {
        values.push(item.value);
    }
    Ok(values)
}

/// A reader of lines of JSON.
pub(super) fn object(bucket: &str, key: &str) -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": bucket, "Key": key},
        "ReaderConfig": {"InputType": "JSONL"},
    })
}

/// A reader of a listing.
pub(super) fn list(bucket: &str, prefix: &str, config: Value) -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": bucket, "Prefix": prefix},
        "ReaderConfig": config,
    })
}
