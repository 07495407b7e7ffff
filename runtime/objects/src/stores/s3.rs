//! Where S3 is, and who asks: as the SDKs find it in the environment.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// Longest without a byte of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a request is made again when S3 says to try again (5xx, SlowDown) or cannot be
/// reached, and for how long.
const RETRIES_MAX: usize = 8;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// Where S3 is: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the region, credentials.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Names and values of the environment, those that begin with `AWS_`.
    variables: Vec<(String, String)>,
    /// The region, where they name none.
    region: String,
}

impl S3Settings {
    /// From the environment; none where it names neither an endpoint nor credentials: then
    /// nothing is called. `region` is where a bucket is unless the environment says.
    pub fn from_variables(
        variables: impl Iterator<Item = (String, String)>,
        region: &str,
    ) -> Option<Self> {
        let variables: Vec<(String, String)> = variables
            .filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty())
            .collect();
        let says = [
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ];
        let is_set = variables
            .iter()
            .any(|(name, _)| says.contains(&name.as_str()));
        is_set.then(|| Self {
            variables,
            region: region.to_owned(),
        })
    }

    /// A client for one bucket.
    pub(super) fn client(&self, bucket: &str) -> object_store::Result<AmazonS3> {
        // The process may have one already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new().with_region(&self.region);
        let mut is_plain = false;
        for (name, value) in &self.variables {
            is_plain |= name.starts_with("AWS_ENDPOINT_URL") && value.starts_with("http://");
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        let options = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(READ_TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(is_plain);
        let retry = RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIMEOUT,
            backoff: BackoffConfig::default(),
        };
        builder
            .with_client_options(options)
            .with_retry(retry)
            .with_bucket_name(bucket)
            .build()
    }
}
