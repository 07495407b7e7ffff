//! What a signature signs: the request in its canonical form.
//!
//! Source: AWS, "Signature Version 4", create a canonical request.

use axum::http::{HeaderMap, HeaderName};

use super::refusal;
use api::ApiError;

/// A request, as far as it is signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// As it was sent, percent-encoding and all.
    pub(super) path: &'a str,
    /// As it was sent.
    pub(super) query: &'a str,
    pub(super) head: &'a HeaderMap,
    pub(super) body_sha256: &'a str,
}

impl Signed<'_> {
    /// The canonical request with these headers signed.
    ///
    /// # Errors
    /// A header that is said to be signed but is not there, or is no text.
    pub(super) fn canonical(&self, signed_headers: &[String]) -> Result<String, ApiError> {
        let mut text = format!(
            "{}\n{}\n{}\n",
            self.method,
            path(self.path),
            query(self.query)
        );
        for name in signed_headers {
            text.push_str(name);
            text.push(':');
            text.push_str(&self.header(name)?);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&signed_headers.join(";"));
        text.push('\n');
        text.push_str(self.body_sha256);
        Ok(text)
    }

    /// All values of a header, in their order, white space folded.
    fn header(&self, name: &str) -> Result<String, ApiError> {
        let missing = || refusal::invalid(format!("The signed header '{name}' is not there."));
        let name: HeaderName = name.parse().map_err(|_| missing())?;
        let mut values = Vec::new();
        for value in self.head.get_all(&name) {
            let value = std::str::from_utf8(value.as_bytes()).map_err(|_| missing())?;
            values.push(value.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        }
        match values.is_empty() {
            true => Err(missing()),
            false => Ok(values.join(",")),
        }
    }
}

/// The path without empty and dotted segments, then encoded once more than it was sent.
fn path(sent: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut path = String::from("/");
    path.push_str(&segments.join("/"));
    let is_folder = sent.ends_with('/') && !segments.is_empty();
    if is_folder {
        path.push('/');
    }
    encode(path.as_bytes(), b"/")
}

/// The parameters, encoded anew, sorted by name and value; without the signature itself.
fn query(sent: &str) -> String {
    let mut parameters: Vec<(String, String)> = parameters(sent)
        .filter(|(name, _)| name != b"X-Amz-Signature")
        .map(|(name, value)| (encode(&name, b""), encode(&value, b"")))
        .collect();
    parameters.sort();
    let pairs: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The parameters of a query, decoded.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// Percent-decodes; what is no encoding stays as it is.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%')
            .then(|| std::str::from_utf8(after.get(..2)?).ok())
            .flatten()
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(hex.unwrap_or(first));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    bytes
}

/// Percent-encodes all but the unreserved characters and those of `also`.
fn encode(bytes: &[u8], also: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || also.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
