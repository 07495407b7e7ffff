//! What passes between the store library and S3: here a request gets what the library does not
//! send, and what S3 answers is kept as far as the library forgets it.
//!
//! Read [`Asked`] first: it goes with a request, through all its repetitions, and comes back
//! with what they came to.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Buf;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Extensions, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::listing::Page;
use super::words;

/// Largest answer that is read whole, in bytes: a page has a thousand keys of 1,024 bytes, each
/// byte of which XML may take six for; and some hundred bytes of what is said of each.
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest explanation of a refusal, in bytes. S3's have a few hundred.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

/// The path of a request whose key the library cannot hold; the key stands in its place later.
pub(super) const STAND_IN: &str = "-";
/// What S3 wants encoded in a path. Source: Amazon S3 API reference, "Create a signed request".
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

const OWNER_HEADER: &str = "x-amz-expected-bucket-owner";
const DIGEST_HEADER: &str = "x-amz-content-sha256";

/// A request, as whoever makes it knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    key: Option<String>,
    is_listing: bool,
    story: Mutex<Story>,
}

#[derive(Debug, Default)]
struct Story {
    told: Told,
    page: Option<Page>,
}

/// What came of a request so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// How often it was made.
    pub(super) attempts: u32,
    /// How it was refused the last time, if it was.
    pub(super) refusal: Option<Refused>,
}

/// An answer that is none.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Who answered, and the status; or why nobody did.
    answer: String,
    /// The status, where there was an answer.
    pub(super) status: Option<StatusCode>,
    /// S3's code and message, where it gave them.
    pub(super) reason: Option<(String, String)>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some((code, message)) => write!(f, "{}, {code}: {message}", self.answer),
            None => f.write_str(&self.answer),
        }
    }
}

impl Asked {
    /// For an object. `key` is given where the library's path is [`STAND_IN`].
    pub(super) fn object(key: Option<&str>) -> Self {
        Self(Arc::new(Inner {
            key: key.map(str::to_owned),
            ..Inner::default()
        }))
    }

    /// For a page of a listing.
    pub(super) fn page() -> Self {
        Self(Arc::new(Inner {
            is_listing: true,
            ..Inner::default()
        }))
    }

    /// What goes with the request.
    pub(super) fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(self.clone());
        extensions
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.0.story.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of it so far.
    pub(super) fn told(&self) -> Told {
        self.story().told.clone()
    }

    /// The page that was answered.
    pub(super) fn take_page(&self) -> Option<Page> {
        self.story().page.take()
    }

    /// Keeps what an attempt came to.
    fn attempted(&self, refusal: Option<Refused>) {
        let told = &mut self.story().told;
        told.attempts += 1;
        told.refusal = refusal;
    }
}

/// Makes the connections to one bucket.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    /// Who must own the bucket.
    pub(super) owner: Option<HeaderValue>,
    pub(super) credentials: AwsCredentialProvider,
    pub(super) region: String,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Wire {
            connector: self.clone(),
            client: ReqwestConnector::default().connect(options)?,
        }))
    }
}

#[derive(Debug)]
struct Wire {
    connector: Connector,
    client: HttpClient,
}

#[async_trait::async_trait]
impl HttpService for Wire {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked = request.extensions().get::<Asked>().cloned();
        let key = asked.as_ref().and_then(|asked| asked.0.key.as_deref());
        let changed = self.connector.change(&mut request, key).await;
        changed.map_err(|error| HttpError::new_boxed(HttpErrorKind::Unknown, error))?;
        let Some(asked) = asked else {
            return self.client.execute(request).await;
        };
        let host = request.uri().authority().map(ToString::to_string);
        let host = host.unwrap_or_default();
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                let answer = format!("no answer from {host}: {}", words(&error));
                asked.attempted(Some(Refused {
                    answer,
                    status: None,
                    reason: None,
                }));
                return Err(error);
            }
        };
        if !response.status().is_success() {
            return Ok(self.refused(&asked, &host, response).await);
        }
        asked.attempted(None);
        match asked.0.is_listing {
            true => listed(&asked, response).await,
            false => Ok(response),
        }
    }
}

impl Wire {
    /// Keeps the reason of a refusal; the answer goes on to the library as it came.
    async fn refused(&self, asked: &Asked, host: &str, response: HttpResponse) -> HttpResponse {
        let (parts, body) = response.into_parts();
        // Without a reason there is still the status; HEAD has no more.
        let body = whole(body, REFUSAL_BYTES_MAX).await.unwrap_or_default();
        let mut answer = format!("{host} answered {}", parts.status.as_u16());
        if let Some(phrase) = parts.status.canonical_reason() {
            answer = format!("{answer} {phrase}");
        }
        if let (Some(owner), StatusCode::FORBIDDEN) = (&self.connector.owner, parts.status) {
            let owner = owner.to_str().unwrap_or_default();
            answer = format!("{answer} (ExpectedBucketOwner is {owner})");
        }
        let refusal = quick_xml::de::from_reader(body.clone().reader());
        let reason = refusal.map(|Refusal { code, message }| (code, message));
        asked.attempted(Some(Refused {
            answer,
            status: Some(parts.status),
            reason: reason.ok(),
        }));
        HttpResponse::from_parts(parts, body.into())
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

impl Connector {
    /// Adds what the library does not send, and signs again, since S3 wants it signed.
    async fn change(&self, request: &mut HttpRequest, key: Option<&str>) -> Result<(), AnyError> {
        if key.is_none() && self.owner.is_none() {
            return Ok(());
        }
        if let Some(key) = key {
            *request.uri_mut() = with_key(request.uri(), key)?;
        }
        if let Some(owner) = &self.owner {
            request.headers_mut().insert(OWNER_HEADER, owner.clone());
        }
        // A bucket that is read without credentials is asked without a signature.
        if request.headers_mut().remove(AUTHORIZATION).is_none() {
            return Ok(());
        }
        let credential = self.credentials.get_credential().await?;
        let digest = digest(request.headers());
        let authorizer =
            AwsAuthorizer::new(&credential, "s3", &self.region).with_sign_payload(digest.is_some());
        authorizer.try_authorize(request, digest.as_deref())?;
        Ok(())
    }
}

/// The digest of the body that was signed; none where it is not part of the signature.
fn digest(headers: &HeaderMap) -> Option<Vec<u8>> {
    let text = headers.get(DIGEST_HEADER)?.to_str().ok()?;
    let bytes = text.as_bytes().chunks_exact(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    bytes.collect()
}

/// The same address with a key where [`STAND_IN`] stands.
fn with_key(uri: &Uri, key: &str) -> Result<Uri, http::Error> {
    let before = uri.path().strip_suffix(STAND_IN).unwrap_or(uri.path());
    let key = utf8_percent_encode(key, ENCODED);
    let path = match uri.query() {
        Some(query) => format!("{before}{key}?{query}"),
        None => format!("{before}{key}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path)?);
    Ok(Uri::from_parts(parts)?)
}

/// Why S3 refuses. Source: Amazon S3 API reference, "Error responses".
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    code: String,
    #[serde(default)]
    message: String,
}

/// Keeps a page. The library gets an empty one: it takes a key's last slash for no part of it,
/// and fails for keys that it cannot hold.
async fn listed(asked: &Asked, response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (parts, body) = response.into_parts();
    let body = whole(body, PAGE_BYTES_MAX)
        .await
        .map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error))?;
    let page = quick_xml::de::from_reader(body.reader());
    let page = page.map_err(|error| HttpError::new(HttpErrorKind::Decode, error))?;
    asked.story().page = Some(page);
    let empty = "<ListBucketResult/>".to_owned();
    Ok(HttpResponse::from_parts(parts, empty.into()))
}

async fn whole(body: HttpResponseBody, bytes_max: usize) -> Result<bytes::Bytes, AnyError> {
    Ok(Limited::new(body, bytes_max).collect().await?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_where_it_belongs() {
        let address = |uri: &str, key: &str| {
            let uri = with_key(&uri.parse().unwrap(), key).unwrap();
            uri.to_string()
        };
        let cases = [
            ("http://h:1/b/-", "a//b", "http://h:1/b/a//b"),
            ("http://h:1/b/-", "/a", "http://h:1/b//a"),
            (
                "https://b.h/-?versionId=3",
                "p/",
                "https://b.h/p/?versionId=3",
            ),
            (
                "http://h/b/-",
                "\u{e4}%2F \n",
                "http://h/b/%C3%A4%252F%20%0A",
            ),
        ];
        for (uri, key, expected) in cases {
            assert_eq!(address(uri, key), expected);
        }
    }

    #[test]
    fn a_digest_is_read_back() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(DIGEST_HEADER, HeaderValue::from_static(text));
            digest(&headers)
        };
        assert_eq!(read("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(read("UNSIGNED-PAYLOAD"), None);
    }
}
