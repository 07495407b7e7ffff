//! Who signed a request, as its head says.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The access key id of the `Authorization` header, if there is one.
///
/// Source: AWS, "Signature Version 4": `AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/…`.
pub(super) fn access_key_id(head: &HeaderMap) -> Option<&str> {
    let value = head.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = value.split_once("Credential=")?;
    credential.split(['/', ',']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_id_is_found() {
        let mut head = HeaderMap::new();
        assert_eq!(access_key_id(&head), None);
        let value = "AWS4-HMAC-SHA256 Credential=000000000000/20261124/us-east-1/states/\
                     aws4_request, SignedHeaders=host, Signature=00";
        head.insert(AUTHORIZATION, value.parse().unwrap());
        assert_eq!(access_key_id(&head), Some("000000000000"));
    }
}
