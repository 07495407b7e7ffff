//! Who calls: the region and account that the answer's ARNs are made of.

use asl::arn::Place;

/// The place in AWS that a request pretends to be made in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Region and account.
    pub place: Place,
    /// The trace that the request is part of, as a header of its says: AWS's
    /// `X-Amzn-Trace-Id`, or W3C's `traceparent`.
    pub trace_header: Option<String>,
}

impl From<Place> for Caller {
    fn from(place: Place) -> Self {
        Self {
            place,
            trace_header: None,
        }
    }
}

impl Caller {
    /// The caller with this access key id: one of twelve digits names its account, as other
    /// emulators have it; any other stays at `home`.
    pub fn of_access_key(home: &Place, access_key_id: &str, region: Option<&str>) -> Self {
        let mut place = home.clone();
        if access_key_id.len() == 12 && access_key_id.bytes().all(|byte| byte.is_ascii_digit()) {
            place.account_id = access_key_id.to_owned();
        }
        if let Some(region) = region {
            place.region = region.to_owned();
        }
        Self::from(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_name_the_account() {
        let home = Place::default();
        let account = |key| Caller::of_access_key(&home, key, None).place.account_id;
        assert_eq!(account("000000000000"), "000000000000");
        assert_eq!(account("AKIAIOSFODNN"), home.account_id);
        assert_eq!(account("1234"), home.account_id);
    }
}
