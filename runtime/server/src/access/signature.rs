//! Whether a request was signed with a secret.
//!
//! Source: AWS, "Signature Version 4", string to sign and signing key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::claim::{ALGORITHM, Claim, TERMINATOR};

/// The SHA-256 of these bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether the claim's signature is this secret's, of this canonical request. Takes the same
/// time wherever they differ.
pub(super) fn verifies(claim: &Claim, secret: &str, canonical: &str) -> bool {
    let Claim {
        date,
        region,
        service,
        at,
        ..
    } = claim;
    let scope = format!("{date}/{region}/{service}/{TERMINATOR}");
    let signed = format!(
        "{ALGORITHM}\n{at}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [date, region, service, TERMINATOR] {
        key = keyed(&key, part).finalize().into_bytes().to_vec();
    }
    unhex(&claim.signature)
        .is_some_and(|signature| keyed(&key, &signed).verify_slice(&signature).is_ok())
}

/// Whether two secrets are one; takes the same time wherever they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let digest = keyed(other.as_bytes(), "").finalize().into_bytes();
    keyed(one.as_bytes(), "").verify_slice(&digest).is_ok()
}

fn keyed(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text.as_bytes());
    mac
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [_, _] if pair.iter().all(u8::is_ascii_hexdigit) => {
                u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::super::canonical::Signed;
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// One request of AWS's vectors.
    struct Vector<'a> {
        name: &'a str,
        method: &'a str,
        path: &'a str,
        query: &'a str,
        head: HeaderMap,
        body: &'a str,
    }

    fn vectors() -> Vec<Vector<'static>> {
        let text = include_str!("vectors.txt");
        let cases = text.split("\n=== ").skip(1);
        cases.map(vector).collect()
    }

    fn vector(text: &'static str) -> Vector<'static> {
        let (name, rest) = text.split_once('\n').unwrap();
        let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let (lines, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let (method, target) = line
            .strip_suffix(" HTTP/1.1")
            .unwrap()
            .split_once(' ')
            .unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut head = HeaderMap::new();
        // A line that goes on is one line with white space in it.
        for line in lines.replace("\n ", " ").lines() {
            let (name, value) = line.split_once(':').unwrap();
            let name: HeaderName = name.parse().unwrap();
            head.append(name, HeaderValue::from_str(value.trim()).unwrap());
        }
        Vector {
            name,
            method,
            path,
            query,
            head,
            body: body.trim_end_matches('\n'),
        }
    }

    fn canonical(vector: &Vector<'_>, claim: &Claim) -> String {
        let signed = Signed {
            method: vector.method,
            path: vector.path,
            query: vector.query,
            head: &vector.head,
            body_sha256: &sha256(vector.body.as_bytes()),
        };
        signed.canonical(&claim.signed_headers).unwrap()
    }

    #[test]
    fn awss_vectors_verify() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 61);
        for vector in vectors {
            let claim = Claim::read(&vector.head, vector.query).unwrap();
            let canonical = canonical(&vector, &claim);
            assert!(
                verifies(&claim, SECRET, &canonical),
                "{}\n{canonical}",
                vector.name
            );
        }
    }

    #[test]
    fn nothing_else_does() {
        for mut vector in vectors() {
            let claim = Claim::read(&vector.head, vector.query).unwrap();
            let sound = canonical(&vector, &claim);
            assert!(!verifies(
                &claim,
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ",
                &sound
            ));
            vector.method = "PUT";
            assert!(
                !verifies(&claim, SECRET, &canonical(&vector, &claim)),
                "{}",
                vector.name
            );
            for signature in ["", "00", "zz", &claim.signature[..62], &"0".repeat(64)] {
                let claim = Claim {
                    signature: signature.to_owned(),
                    ..claim.clone()
                };
                assert!(
                    !verifies(&claim, SECRET, &sound),
                    "{}: {signature}",
                    vector.name
                );
            }
        }
    }
}
