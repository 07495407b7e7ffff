//! What a module version may reach beyond its own memory: data, kept with the version and the
//! same for as long as the version lives.
//!
//! Without grants a module is pure: see [`Grants::are_pure`]. Every grant has one textual form,
//! the same in a flag, in a request and where it is kept. Read [`Grants`] first.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

/// Grants of one kind that a version may have. Each is looked at for each request or attempt.
pub const GRANTS_MAX: usize = 64;
/// The longest name of a host, in bytes. Source: RFC 1035, 2.3.4.
const HOST_BYTES_MAX: usize = 253;
/// The longest name of a secret, in bytes: it names a file, too.
const SECRET_NAME_BYTES_MAX: usize = 64;
/// The port that a host is reached on when none is named: HTTPS.
const PORT: u16 = 443;

/// What a module version may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Grants {
    /// Where HTTP requests may go, if the host's name leads to a public address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Endpoint>,
    /// Where they may go although that is an address of a private network or of this machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_http: Vec<Endpoint>,
    /// Directories of the host, and what they are called inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<Directory>,
    /// Environment variables: part of the version, and no secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Secrets of the host, each an environment variable inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
    /// Whether the clocks tell the real time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub clock: bool,
    /// Whether randomness is real.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub randomness: bool,
    /// What becomes of an attempt that a crash cut off.
    pub on_interruption: OnInterruption,
}

/// What becomes of an attempt that a crash cut off. That of a pure module is always repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnInterruption {
    /// It failed, with `Stepwell.TaskInterrupted`: nothing is done twice.
    #[default]
    Fail,
    /// It is repeated, with the same idempotency key.
    Retry,
}

impl Grants {
    /// No grants, shared by all who have none.
    pub fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<Grants>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }

    /// Whether the same input always gives the same outcome, and nothing outside is touched.
    /// Environment variables do not change that: they are as much part of the version as code.
    pub fn are_pure(&self) -> bool {
        self.http.is_empty()
            && self.private_http.is_empty()
            && self.directories.is_empty()
            && self.secrets.is_empty()
            && !self.clock
            && !self.randomness
    }

    /// Whether an attempt that a crash cut off is begun again.
    pub fn repeat_attempts(&self) -> bool {
        self.are_pure() || self.on_interruption == OnInterruption::Retry
    }
}

/// Why a text is no grant: a sentence for who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadGrant(String);

fn bad(why: impl Into<String>) -> BadGrant {
    BadGrant(why.into())
}

/// Serialises by `Display` and `FromStr`.
macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Where HTTP requests may go: `HOST[:PORT]`, 443 when no port is named. A host is a name or an
/// address; one of IPv6 stands in brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// In lower case, without a dot at its end.
    host: String,
    port: u16,
}

as_text!(Endpoint);

impl Endpoint {
    /// The endpoint of a request's authority; `port` is what its scheme has.
    pub fn of(host: &str, port: u16) -> Self {
        Self {
            host: plain_host(host),
            port,
        }
    }

    /// The name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, if it is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// A host as it is compared: names do not tell case, nor whether they end in a dot.
fn plain_host(host: &str) -> String {
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

impl FromStr for Endpoint {
    type Err = BadGrant;

    fn from_str(text: &str) -> Result<Self, BadGrant> {
        if text.contains("//") {
            return Err(bad(format!("`{text}` is a URL: name HOST or HOST:PORT")));
        }
        let end_of_host = text.find(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match text[end_of_host..].split_once(':') {
            Some((rest, port)) => (&text[..end_of_host + rest.len()], Some(port)),
            None => (text, None),
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                bad(format!(
                    "`{text}` names no port: HOST:PORT with 1 to 65535, and an address of IPv6 \
                     in brackets"
                ))
            })?,
            None => PORT,
        };
        let endpoint = Self::of(host, port);
        let is_name = !host.starts_with('[')
            && endpoint
                .host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        let sound = (1..=HOST_BYTES_MAX).contains(&endpoint.host.len())
            && (is_name || endpoint.address().is_some());
        match sound {
            true => Ok(endpoint),
            false => Err(bad(format!(
                "`{text}` names no host: each is named in full, without a pattern"
            ))),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// A directory of the host: `PATH[:INSIDE][:ro|rw]`, under the same path inside and read-only
/// unless said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Directory {
    /// The absolute path on the host.
    pub host: PathBuf,
    /// What it is called inside.
    pub inside: String,
    /// Whether it may be written.
    pub writable: bool,
}

as_text!(Directory);

impl Directory {
    /// Whether it lies in another, or is it, wherever links lead. One that is not there lies
    /// nowhere.
    pub fn lies_in(&self, outer: &Path) -> bool {
        let (host, outer) = (self.host.canonicalize(), outer.canonicalize());
        host.is_ok_and(|host| outer.is_ok_and(|outer| host.starts_with(outer)))
    }
}

impl FromStr for Directory {
    type Err = BadGrant;

    fn from_str(text: &str) -> Result<Self, BadGrant> {
        let (paths, writable) = match text.rsplit_once(':') {
            Some((paths, "rw")) => (paths, true),
            Some((paths, "ro")) => (paths, false),
            _ => (text, false),
        };
        let (host, inside) = paths.split_once(':').unwrap_or((paths, paths));
        if inside.contains(':') || inside.is_empty() {
            return Err(bad(format!("`{text}` is no PATH[:INSIDE][:ro|rw]")));
        }
        if !Path::new(host).is_absolute() {
            return Err(bad(format!(
                "`{host}` is no absolute path: name the directory from / on"
            )));
        }
        Ok(Self {
            host: host.into(),
            inside: inside.to_owned(),
            writable,
        })
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = if self.writable { "rw" } else { "ro" };
        write!(f, "{}:{}:{access}", self.host.display(), self.inside)
    }
}

/// The name of a secret: 1 to 64 letters, digits and `_`, not beginning with a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName(String);

as_text!(SecretName);

impl SecretName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = BadGrant;

    fn from_str(text: &str) -> Result<Self, BadGrant> {
        let sound = text.len() <= SECRET_NAME_BYTES_MAX
            && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match sound {
            true => Ok(Self(text.to_owned())),
            false => Err(bad(format!(
                "`{text}` is no name of a secret: 1 to {SECRET_NAME_BYTES_MAX} letters, digits \
                 and _, not beginning with a digit"
            ))),
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a grant reads as, or why it does not.
    fn check<T: FromStr<Err = BadGrant> + fmt::Display>(table: &[(&str, Result<&str, &str>)]) {
        for (text, expected) in table {
            match (text.parse::<T>(), expected) {
                (Ok(read), Ok(expected)) => {
                    assert_eq!(read.to_string(), *expected, "{text}");
                    let again: T = expected.parse().unwrap();
                    assert_eq!(again.to_string(), *expected);
                }
                (Err(why), Err(expected)) => assert!(why.0.contains(expected), "{text}: {why}"),
                (read, _) => panic!("{text}: {:?}", read.map(|read| read.to_string())),
            }
        }
    }

    #[test]
    fn endpoints_are_hosts_and_ports() {
        check::<Endpoint>(&[
            ("api.example.com", Ok("api.example.com:443")),
            ("API.Example.com.:8080", Ok("api.example.com:8080")),
            ("127.0.0.1:80", Ok("127.0.0.1:80")),
            ("[::1]", Ok("[::1]:443")),
            ("[FE80::1]:9", Ok("[fe80::1]:9")),
            ("::1", Err("no port")),
            ("https://api.example.com", Err("URL")),
            ("*.example.com", Err("without a pattern")),
            ("user@example.com", Err("no host")),
            ("example.com:0", Err("no port")),
            ("example.com:http", Err("no port")),
            ("[example.com]", Err("no host")),
            ("", Err("no host")),
        ]);
    }

    #[test]
    fn directories_are_paths_with_a_place_inside() {
        check::<Directory>(&[
            ("/data", Ok("/data:/data:ro")),
            ("/data:rw", Ok("/data:/data:rw")),
            ("/data:/in:ro", Ok("/data:/in:ro")),
            ("data:/in", Err("absolute")),
            ("/a:/b:/c", Err("PATH[:INSIDE][:ro|rw]")),
            ("", Err("PATH[:INSIDE]")),
        ]);
    }

    #[test]
    fn a_directory_lies_where_links_lead() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, link) = (folder.path().join("inner"), folder.path().join("link"));
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink("/", &link).unwrap();
        let lies = |path: &Path| {
            let directory: Directory = path.display().to_string().parse().unwrap();
            directory.lies_in(folder.path())
        };
        assert!(lies(folder.path()) && lies(&inner));
        assert!(!lies(&link) && !lies(&inner.join("..").join("..")));
        assert!(!lies(&folder.path().join("missing")));
    }

    #[test]
    fn secrets_are_named_as_variables_are() {
        check::<SecretName>(&[
            ("API_KEY", Ok("API_KEY")),
            ("../etc/passwd", Err("no name of a secret")),
            ("1ST", Err("not beginning with a digit")),
            ("", Err("no name of a secret")),
        ]);
    }

    #[test]
    fn a_variable_is_part_of_the_version_and_all_else_is_the_world() {
        let mut grants = Grants::default();
        assert!(grants.are_pure());
        grants.environment.insert("STAGE".into(), "test".into());
        assert!(grants.are_pure() && grants.repeat_attempts());
        grants.clock = true;
        assert!(!grants.are_pure() && !grants.repeat_attempts());
        grants.on_interruption = OnInterruption::Retry;
        assert!(!grants.are_pure() && grants.repeat_attempts());
    }

    #[test]
    fn grants_are_kept_as_they_are_written() {
        let grants = Grants {
            http: vec!["api.example.com".parse().unwrap()],
            secrets: vec!["API_KEY".parse().unwrap()],
            clock: true,
            ..Grants::default()
        };
        let kept = serde_json::to_string(&grants).unwrap();
        assert_eq!(
            kept,
            r#"{"http":["api.example.com:443"],"secrets":["API_KEY"],"clock":true,"onInterruption":"fail"}"#
        );
        assert_eq!(serde_json::from_str::<Grants>(&kept).unwrap(), grants);
        assert_eq!(
            serde_json::from_str::<Grants>("{}").unwrap(),
            Grants::default()
        );
    }
}
