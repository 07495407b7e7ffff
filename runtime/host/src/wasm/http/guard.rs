//! Who may be asked: hosts by name and port, and of those the addresses that names lead to.
//!
//! A name is resolved first, and what is connected to is the very address that was looked at:
//! a name that leads elsewhere the next time is looked at again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use wasmtime_wasi_http::Error;

use super::OnDenial;
use crate::{Endpoint, Grants};

/// How far a grant reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Public addresses only.
    Public,
    /// Whatever address the host has.
    Any,
}

/// Says who may be asked.
#[derive(Clone)]
pub(super) struct Guard {
    grants: Arc<Grants>,
    on_denial: OnDenial,
}

impl Guard {
    pub(super) fn new(grants: Arc<Grants>, on_denial: OnDenial) -> Self {
        Self { grants, on_denial }
    }

    /// How far requests to this host may go; `None`, after telling of it, when not at all.
    pub(super) fn access(&self, wanted: &Endpoint) -> Option<Access> {
        let is_private = wanted.address().is_some_and(|address| !is_public(address));
        // Who names an address, or the one name that can mean nothing but this machine, means it.
        let names_address = wanted.address().is_some() || wanted.host() == "localhost";
        if self.grants.private_http.contains(wanted) {
            return Some(Access::Any);
        }
        if self.grants.http.contains(wanted) {
            return Some(match names_address {
                true => Access::Any,
                false => Access::Public,
            });
        }
        let flag = if is_private {
            "--private-http"
        } else {
            "--http"
        };
        (self.on_denial)(format!("HTTP to {wanted}: grant it with {flag} {wanted}"));
        None
    }

    /// Of the addresses that a host has, those that may be connected to.
    ///
    /// # Errors
    /// [`Error::DestinationIpProhibited`], after telling of it, when there is none.
    pub(super) fn admit(
        &self,
        wanted: &Endpoint,
        access: Access,
        addresses: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Error> {
        let mut refused = None;
        let admitted: Vec<SocketAddr> = addresses
            .filter(|address| {
                let admitted = access == Access::Any || is_public(address.ip());
                if !admitted {
                    refused = Some(address.ip());
                }
                admitted
            })
            .collect();
        match refused {
            Some(address) if admitted.is_empty() => {
                (self.on_denial)(format!(
                    "HTTP to {wanted}, which is {address} here, no public address: if it is meant \
                     to be, grant it with --private-http {wanted}"
                ));
                Err(Error::DestinationIpProhibited)
            }
            _ if admitted.is_empty() => Err(Error::DestinationNotFound),
            _ => Ok(admitted),
        }
    }
}

/// Whether an address is one of the Internet's, reached from anywhere. Source: IANA, the
/// registries of special-purpose addresses of IPv4 and IPv6.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        // Shared by a provider's customers.
        || (a == 100 && (64..128).contains(&b))
        // Of protocols, and the old way from IPv6 to IPv4.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // For benchmarks.
        || (a == 198 && (18..20).contains(&b))
        // Reserved.
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(address) {
        return is_public_v4(inner);
    }
    let [a, b, ..] = address.segments();
    // Of all there is, what is given out to networks; and of that not what documents and
    // protocols have.
    let is_unicast = (a & 0xe000) == 0x2000;
    let is_documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let is_protocol = a == 0x2001 && b < 0x0200;
    is_unicast && !is_documentation && !is_protocol
}

/// The address of IPv4 that one of IPv6 leads to: mapped, translated (RFC 6052) or tunnelled
/// (RFC 3056).
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] if high != 0 || low > 1 => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn addresses_of_the_internet_are_public_and_no_others() {
        for (address, public) in [
            ("93.184.215.14", true),
            ("1.1.1.1", true),
            ("100.63.0.1", true),
            ("172.32.0.1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:1.1.1.1", true),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::101:101", true),
            ("64:ff9b:1::1", false),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    fn guard(grants: Grants) -> (Guard, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        let on_denial: OnDenial = Arc::new(move |denial| telling.lock().unwrap().push(denial));
        (Guard::new(Arc::new(grants), on_denial), told)
    }

    #[test]
    fn what_is_not_named_is_denied_with_the_flag_that_names_it() {
        let (guard, told) = guard(Grants {
            http: vec!["api.example.com".parse().unwrap()],
            ..Grants::default()
        });
        assert_eq!(
            guard.access(&Endpoint::of("API.example.com.", 443)),
            Some(Access::Public)
        );
        for (wanted, flag) in [
            ("api.example.com:80", "--http api.example.com:80"),
            ("example.com", "--http example.com:443"),
            ("169.254.169.254:80", "--private-http 169.254.169.254:80"),
        ] {
            assert_eq!(guard.access(&wanted.parse().unwrap()), None, "{wanted}");
            let last = told.lock().unwrap().pop().unwrap();
            assert!(last.ends_with(flag), "{last}");
        }
    }

    #[test]
    fn a_name_leads_to_public_addresses_only_unless_it_is_named_as_private() {
        let (guard, told) = guard(Grants {
            http: ["rebound.example", "10.0.0.1:80", "localhost:80"]
                .map(|text| text.parse().unwrap())
                .into(),
            private_http: vec!["db.internal".parse().unwrap()],
            ..Grants::default()
        });
        let addresses = ["10.0.0.1:443", "1.1.1.1:443"].map(|text| text.parse().unwrap());
        let admitted = |wanted: &str, addresses: &[SocketAddr]| {
            let wanted: Endpoint = wanted.parse().unwrap();
            let access = guard.access(&wanted).unwrap();
            guard.admit(&wanted, access, addresses.iter().copied())
        };
        let public = admitted("rebound.example", &addresses).unwrap();
        assert_eq!(public, addresses[1..]);
        let refused = admitted("rebound.example", &addresses[..1]);
        assert!(matches!(refused, Err(Error::DestinationIpProhibited)));
        let last = told.lock().unwrap().pop().unwrap();
        assert!(last.contains("which is 10.0.0.1 here"), "{last}");
        assert!(matches!(
            admitted("rebound.example", &[]),
            Err(Error::DestinationNotFound)
        ));
        for named in ["10.0.0.1:80", "localhost:80", "db.internal"] {
            assert_eq!(admitted(named, &addresses).unwrap(), addresses, "{named}");
        }
    }
}
