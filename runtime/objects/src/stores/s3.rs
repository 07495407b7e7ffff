//! Where S3 is, and who asks: as the SDKs find it in the environment.

use std::time::Duration;

use http::HeaderValue;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::wire::Connector;

/// Longest without a byte of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a request is made again when S3 says to try again (5xx, SlowDown), breaks off or
/// cannot be reached, and for how long.
const RETRIES_MAX: usize = 16;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long is waited before that: first so long, then between that and three times as long as
/// before, by chance. Half of those who are refused for ever wait 50 s or more in all.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
const WAIT_FACTOR: f64 = 3.0;
/// Longest until an answer is whole, with all repetitions of the request: a range of 4 MiB that
/// takes longer comes at less than 14 KB a second.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a store is waited for.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    pub(super) read: Duration,
    pub(super) answer: Duration,
    pub(super) retry: RetryConfig,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            read: READ_TIMEOUT,
            answer: ANSWER_TIMEOUT,
            retry: RetryConfig {
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_TIMEOUT,
                backoff: BackoffConfig {
                    init_backoff: FIRST_WAIT,
                    max_backoff: LONGEST_WAIT,
                    base: WAIT_FACTOR,
                },
            },
        }
    }
}

/// Where S3 is: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the region, credentials.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Names and values of the environment, those that begin with `AWS_`.
    variables: Vec<(String, String)>,
    /// The region, where they name none.
    region: String,
    pub(super) patience: Patience,
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
            patience: Patience::default(),
        })
    }

    /// A client for one bucket, and for that of one owner, where that is given.
    pub(super) fn client(
        &self,
        bucket: &str,
        owner: Option<HeaderValue>,
    ) -> object_store::Result<AmazonS3> {
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
            .with_read_timeout(self.patience.read)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(is_plain);
        let builder = builder
            .with_client_options(options)
            .with_retry(self.patience.retry.clone())
            .with_bucket_name(bucket);
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        // Credentials are asked for elsewhere, and so over connections of their own.
        let credentials = builder.clone().build()?.credentials().clone();
        let connector = Connector {
            owner,
            credentials: credentials.clone(),
            region: region.unwrap_or_else(|| self.region.clone()),
        };
        builder
            .with_credentials(credentials)
            .with_http_connector(connector)
            .build()
    }
}
