//! What a request says of its signature, in its head or in its query, before anything of it is
//! believed.

use asl::Timestamp;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, DATE};

use super::canonical::parameters;
use super::refusal;
use api::ApiError;

/// The only algorithm that is taken.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What every credential's scope ends with.
pub(super) const TERMINATOR: &str = "aws4_request";
/// How far a request's time may be from ours, in seconds, either way: also how long a
/// signature that was overheard can be sent again. Source: AWS, "Signature Version 4": a
/// request must reach AWS within five minutes of its time.
pub(super) const SKEW_SECONDS: i64 = 5 * 60;
/// How long a presigned request may be valid, in seconds. Source: AWS, `X-Amz-Expires`.
const LIFETIME_SECONDS_MAX: i64 = 7 * 24 * 3600;
/// Headers that a signature may name. Ours: twice as many as any SDK sends.
const SIGNED_HEADERS_MAX: usize = 64;

/// What a request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) key_id: String,
    /// `YYYYMMDD`
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    /// In the order in which they were signed.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    /// When it was signed: `YYYYMMDDTHHMMSSZ`.
    pub(super) at: String,
    /// For how many seconds it is valid; only presigned ones say so.
    pub(super) lifetime_seconds: Option<i64>,
    /// Whether there is a session token, which no key of ours has.
    pub(super) has_token: bool,
}

impl Claim {
    /// Reads what a request claims, if anything.
    ///
    /// # Errors
    /// `MissingAuthenticationTokenException`, `IncompleteSignatureException`,
    /// `InvalidSignatureException`.
    pub(super) fn read(head: &HeaderMap, query: &str) -> Result<Self, ApiError> {
        if let Some(value) = head.get(AUTHORIZATION) {
            let value = value.to_str().unwrap_or_default();
            return Self::of_head(value, head);
        }
        let presigned = Presigned::of(query);
        match presigned.algorithm.is_some() || presigned.signature.is_some() {
            true => presigned.claim(),
            false => Err(refusal::missing_token()),
        }
    }

    fn of_head(value: &str, head: &HeaderMap) -> Result<Self, ApiError> {
        let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
        let part = |name: &str| {
            let parts = rest
                .split(',')
                .filter_map(|part| part.trim().split_once('='));
            parts
                .into_iter()
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value)
        };
        let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
        let date = text("x-amz-date").or_else(|| text(DATE.as_str()));
        let (credential, signed, signature) =
            (part("Credential"), part("SignedHeaders"), part("Signature"));
        let (Some(credential), Some(signed), Some(signature), Some(date)) =
            (credential, signed, signature, date)
        else {
            let missing = [
                (credential.is_none(), "requires 'Credential' parameter."),
                (signature.is_none(), "requires 'Signature' parameter."),
                (signed.is_none(), "requires 'SignedHeaders' parameter."),
                (
                    date.is_none(),
                    "requires existence of either a 'X-Amz-Date' or a 'Date' header.",
                ),
            ];
            let missing = missing.into_iter().filter(|(is_missing, _)| *is_missing);
            let all: Vec<String> = missing
                .map(|(_, words)| format!("Authorization header {words}"))
                .collect();
            return Err(refusal::incomplete(all.join(" ")));
        };
        check_algorithm(algorithm)?;
        let has_token = head.contains_key("x-amz-security-token");
        Self::of_parts(credential, signed, signature, date, None, has_token)
    }

    fn of_parts(
        credential: &str,
        signed: &str,
        signature: &str,
        at: &str,
        lifetime_seconds: Option<i64>,
        has_token: bool,
    ) -> Result<Self, ApiError> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [key_id, date, region, service, terminator] = parts[..] else {
            return Err(refusal::incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{credential}'"
            )));
        };
        if terminator != TERMINATOR {
            return Err(refusal::invalid(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not \
                 '{terminator}'."
            )));
        }
        check_date(at, date)?;
        Ok(Self {
            key_id: key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers(signed)?,
            signature: signature.to_owned(),
            at: at.to_owned(),
            lifetime_seconds,
            has_token,
        })
    }

    /// Checks the time it was signed at against the present.
    ///
    /// # Errors
    /// `InvalidSignatureException`
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), ApiError> {
        let at = moment(&self.at).ok_or_else(|| not_a_date(&self.at))?;
        let minutes = SKEW_SECONDS / 60;
        let (said, present) = (&self.at, basic(now));
        let latest = now.plus_seconds(SKEW_SECONDS);
        if at > latest {
            return Err(refusal::invalid(format!(
                "Signature not yet current: {said} is still later than {} ({present} + {minutes} \
                 min.)",
                basic(latest)
            )));
        }
        let oldest = now.plus_seconds(-self.lifetime_seconds.unwrap_or(SKEW_SECONDS));
        if at < oldest {
            let span = match self.lifetime_seconds {
                Some(seconds) => format!("{seconds} sec."),
                None => format!("{minutes} min."),
            };
            return Err(refusal::invalid(format!(
                "Signature expired: {said} is now earlier than {} ({present} - {span})",
                basic(oldest)
            )));
        }
        Ok(())
    }
}

/// The parameters of a presigned request.
#[derive(Default)]
struct Presigned {
    algorithm: Option<String>,
    credential: Option<String>,
    signed_headers: Option<String>,
    signature: Option<String>,
    at: Option<String>,
    expires: Option<String>,
    has_token: bool,
}

impl Presigned {
    fn of(query: &str) -> Self {
        let mut presigned = Self::default();
        for (name, value) in parameters(query) {
            let place = match &name[..] {
                b"X-Amz-Algorithm" => &mut presigned.algorithm,
                b"X-Amz-Credential" => &mut presigned.credential,
                b"X-Amz-SignedHeaders" => &mut presigned.signed_headers,
                b"X-Amz-Signature" => &mut presigned.signature,
                b"X-Amz-Date" => &mut presigned.at,
                b"X-Amz-Expires" => &mut presigned.expires,
                b"X-Amz-Security-Token" => {
                    presigned.has_token = true;
                    continue;
                }
                _ => continue,
            };
            *place = String::from_utf8(value).ok();
        }
        presigned
    }

    fn claim(self) -> Result<Claim, ApiError> {
        let part = |part: Option<String>, name: &str| {
            let words = format!("AWS query-string parameters must include '{name}'.");
            part.ok_or_else(|| refusal::incomplete(words))
        };
        check_algorithm(&part(self.algorithm, "X-Amz-Algorithm")?)?;
        let credential = part(self.credential, "X-Amz-Credential")?;
        let signed = part(self.signed_headers, "X-Amz-SignedHeaders")?;
        let signature = part(self.signature, "X-Amz-Signature")?;
        let at = part(self.at, "X-Amz-Date")?;
        let expires = part(self.expires, "X-Amz-Expires")?;
        let seconds = expires.parse().ok();
        let seconds = seconds.filter(|seconds| (1..=LIFETIME_SECONDS_MAX).contains(seconds));
        let Some(seconds) = seconds else {
            return Err(refusal::incomplete(format!(
                "X-Amz-Expires must be a number of seconds from 1 to {LIFETIME_SECONDS_MAX}, not \
                 '{expires}'"
            )));
        };
        Claim::of_parts(
            &credential,
            &signed,
            &signature,
            &at,
            Some(seconds),
            self.has_token,
        )
    }
}

fn check_algorithm(algorithm: &str) -> Result<(), ApiError> {
    match algorithm == ALGORITHM {
        true => Ok(()),
        false => Err(refusal::incomplete(format!(
            "Unsupported AWS 'algorithm': '{algorithm}'."
        ))),
    }
}

fn signed_headers(text: &str) -> Result<Vec<String>, ApiError> {
    let names: Vec<String> = text.split(';').map(str::to_ascii_lowercase).collect();
    if !names.iter().any(|name| name == "host") {
        return Err(refusal::invalid(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ));
    }
    match names.len() > SIGNED_HEADERS_MAX {
        true => Err(refusal::invalid(format!(
            "At most {SIGNED_HEADERS_MAX} headers may be signed."
        ))),
        false => Ok(names),
    }
}

fn not_a_date(text: &str) -> ApiError {
    refusal::invalid(format!(
        "Date must be in ISO-8601 'basic format'. Got '{text}'. See \
         http://en.wikipedia.org/wiki/ISO_8601"
    ))
}

/// The scope's date must be that of the request's time.
fn check_date(at: &str, date: &str) -> Result<(), ApiError> {
    moment(at).ok_or_else(|| not_a_date(at))?;
    match at.get(..8) == Some(date) {
        true => Ok(()),
        false => Err(refusal::invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '{date}' != '{}', from '{at}'.",
            &at[..8]
        ))),
    }
}

/// The moment of `YYYYMMDDTHHMMSSZ`.
fn moment(text: &str) -> Option<Timestamp> {
    let is_plain = |(place, byte): (usize, u8)| match place {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 16 || !text.bytes().enumerate().all(is_plain) {
        return None;
    }
    let part = |from: usize, to: usize| &text[from..to];
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    ))
}

/// A moment as `YYYYMMDDTHHMMSSZ`.
pub(super) fn basic(at: Timestamp) -> String {
    let extended = at.to_string();
    let whole = extended
        .split_once('.')
        .map_or(&*extended, |(whole, _)| whole);
    let digits = whole.chars().filter(|char| !"-:".contains(*char));
    digits.chain(['Z']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &str = "AKID/20150830/us-east-1/states/aws4_request";

    fn head(authorization: &str, date: &str) -> HeaderMap {
        let mut head = HeaderMap::new();
        head.insert(AUTHORIZATION, authorization.parse().unwrap());
        head.insert("x-amz-date", date.parse().unwrap());
        head
    }

    fn told(authorization: &str, date: &str) -> String {
        Claim::read(&head(authorization, date), "")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_is_missing_is_named() {
        let none = Claim::read(&HeaderMap::new(), "").unwrap_err();
        assert_eq!(none.name, "MissingAuthenticationTokenException");
        let sound = format!("{ALGORITHM} Credential={SCOPE}, SignedHeaders=host, Signature=00");
        let date = "20150830T123600Z";
        assert!(Claim::read(&head(&sound, date), "").is_ok());
        for (from, to, words) in [
            (
                "Credential=",
                "X=",
                "Authorization header requires 'Credential' parameter.",
            ),
            (
                "Signature=00",
                "",
                "Authorization header requires 'Signature' parameter.",
            ),
            (
                "SHA256",
                "SHA1",
                "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.",
            ),
            ("us-east-1/", "", "exactly 5 slash-delimited elements"),
            (
                "aws4_request",
                "x",
                "valid terminator: 'aws4_request', not 'x'",
            ),
            (
                "=host",
                "=date",
                "'Host' or ':authority' must be a 'SignedHeader'",
            ),
            (
                "20150830",
                "20150831",
                "'20150831' != '20150830', from '20150830T123600Z'",
            ),
        ] {
            let told = told(&sound.replace(from, to), date);
            assert!(told.contains(words), "{told}");
        }
        assert!(told(&sound, "today").contains("Got 'today'"));
        assert!(told(&sound, "20151330T123600Z").contains("ISO-8601"));
    }

    #[test]
    fn presigned_ones_say_how_long_they_are_valid() {
        let query = |expires: &str| {
            format!(
                "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date=20150830T123600Z&\
                 X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
                SCOPE.replace('/', "%2F")
            )
        };
        let read = |expires| Claim::read(&HeaderMap::new(), &query(expires));
        assert_eq!(read("60").unwrap().lifetime_seconds, Some(60));
        for expires in ["0", "604801", "-1", "soon", ""] {
            let refused = read(expires).unwrap_err();
            assert!(
                refused.message.starts_with("X-Amz-Expires must be"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_signature_is_valid_for_minutes() {
        let sound = format!("{ALGORITHM} Credential={SCOPE}, SignedHeaders=host, Signature=00");
        let claim = Claim::read(&head(&sound, "20150830T123600Z"), "").unwrap();
        let signed = moment("20150830T123600Z").unwrap();
        let told = |seconds: i64| {
            let checked = claim.check_time(signed.plus_seconds(seconds));
            checked.map_or_else(|refused| refused.message, |()| "valid".into())
        };
        assert_eq!((told(300), told(-300)), ("valid".into(), "valid".into()));
        assert_eq!(
            told(301),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
             (20150830T124101Z - 5 min.)"
        );
        assert_eq!(
            told(-301),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
             (20150830T123059Z + 5 min.)"
        );
    }
}
