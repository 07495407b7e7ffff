//! The gate: lets a request in, and says who sent it.

use std::sync::{Arc, PoisonError, RwLock};

use api::{ApiError, Role};
use asl::arn::Place;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::Clock;

use super::canonical::Signed;
use super::claim::Claim;
use super::keys::{Key, Keys};
use super::{refusal, signature};

/// Lets requests in: all, or those that are signed with a key.
pub(crate) struct Gate {
    /// None lets everyone in.
    keys: Option<RwLock<Arc<Keys>>>,
    place: Place,
    clock: Arc<dyn Clock>,
}

/// Who sent a request, and what they may do.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// The access key id; without keys the one that the request names, if any.
    pub(crate) key_id: Option<Arc<str>>,
    /// Who has the key; none without keys.
    pub(crate) user: Option<Arc<str>>,
    pub(crate) role: Role,
}

/// A request whose head is sound, and whose signature is yet to be checked.
pub(crate) struct Checked(Said);

enum Said {
    /// Everyone is let in.
    Open(Option<Arc<str>>),
    /// Of this key, it says.
    Claimed(Box<Claim>, Arc<Key>),
}

impl Gate {
    /// A gate that is open, or takes these keys.
    pub(crate) fn new(keys: Option<Keys>, place: Place, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys: keys.map(|keys| RwLock::new(Arc::new(keys))),
            place,
            clock,
        }
    }

    /// How many keys it takes; none when everyone is let in.
    pub(crate) fn keys(&self) -> Option<usize> {
        let keys = self.keys.as_ref()?;
        Some(keys.read().unwrap_or_else(PoisonError::into_inner).count())
    }

    /// Whether a head has a key as HTTP's Basic user and password, or none is asked for.
    pub(crate) fn knows(&self, head: &HeaderMap) -> bool {
        let Some(keys) = &self.keys else { return true };
        let keys = Arc::clone(&keys.read().unwrap_or_else(PoisonError::into_inner));
        let Some((id, secret)) = basic(head) else {
            return false;
        };
        let key = keys.get(&id);
        key.is_some_and(|key| signature::is_same(&secret, &key.secret))
    }

    /// Takes other keys from now on; an open gate stays open.
    pub(crate) fn replace(&self, keys: Keys) {
        if let Some(standing) = &self.keys {
            *standing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
    }

    /// Checks all that the head alone can tell, so that nobody without a key makes us read a
    /// body. `service` is the one that the request is for.
    ///
    /// # Errors
    /// AWS's refusal.
    pub(crate) fn check(&self, head: &request::Parts, service: &str) -> Result<Checked, ApiError> {
        let query = head.uri.query().unwrap_or_default();
        let claim = Claim::read(&head.headers, query);
        let Some(keys) = &self.keys else {
            return Ok(Checked(Said::Open(
                claim.ok().map(|claim| claim.key_id.into()),
            )));
        };
        let claim = claim?;
        let keys = Arc::clone(&keys.read().unwrap_or_else(PoisonError::into_inner));
        let key = keys.get(&claim.key_id).filter(|_| !claim.has_token);
        let key = key.ok_or_else(refusal::unknown_key)?;
        self.check_scope(&claim, service)?;
        claim.check_time(self.clock.now())?;
        check_signed(&claim, head)?;
        Ok(Checked(Said::Claimed(Box::new(claim), Arc::clone(key))))
    }

    fn check_scope(&self, claim: &Claim, service: &str) -> Result<(), ApiError> {
        let (region, home) = (&claim.region, &self.place.region);
        if region != home {
            return Err(refusal::invalid(format!(
                "Credential should be scoped to a valid region, not '{region}' (this is '{home}')."
            )));
        }
        match claim.service == service {
            true => Ok(()),
            false => Err(refusal::invalid(format!(
                "Credential should be scoped to correct service: '{service}'."
            ))),
        }
    }

    /// Checks that the role allows an operation.
    ///
    /// # Errors
    /// `AccessDeniedException`
    pub(crate) fn allow(
        &self,
        principal: &Principal,
        needed: Role,
        action: &str,
        resource: Option<&str>,
    ) -> Result<(), ApiError> {
        if principal.role >= needed {
            return Ok(());
        }
        let account = &self.place.account_id;
        let user = principal.user.as_deref().unwrap_or("anonymous");
        let user = format!("arn:aws:iam::{account}:user/{user}");
        Err(refusal::denied(
            &user,
            action,
            resource.unwrap_or("*"),
            needed,
        ))
    }
}

impl Checked {
    /// Checks the signature, now that the body is there.
    ///
    /// # Errors
    /// `InvalidSignatureException`
    pub(crate) fn verify(self, head: &request::Parts, body: &[u8]) -> Result<Principal, ApiError> {
        let (claim, key) = match self.0 {
            Said::Open(key_id) => {
                return Ok(Principal {
                    key_id,
                    user: None,
                    role: Role::Admin,
                });
            }
            Said::Claimed(claim, key) => (claim, key),
        };
        let signed = Signed {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            head: &head.headers,
            body_sha256: &signature::sha256(body),
        };
        let canonical = signed.canonical(&claim.signed_headers)?;
        if !signature::verifies(&claim, &key.secret, &canonical) {
            tracing::debug!(canonical, key = &*key.id, "a signature does not match");
            return Err(refusal::mismatch());
        }
        Ok(Principal {
            key_id: Some(Arc::clone(&key.id)),
            user: Some(Arc::clone(&key.user)),
            role: key.role,
        })
    }
}

/// The user and password of HTTP's Basic scheme. Source: RFC 7617.
fn basic(head: &HeaderMap) -> Option<(String, String)> {
    let value = head.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok();
    let decoded = decoded.filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// What decides what a request does must be signed: an operation's name above all.
fn check_signed(claim: &Claim, head: &request::Parts) -> Result<(), ApiError> {
    let is_signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    let names = head.headers.keys().map(|name| name.as_str());
    let unsigned = names.filter(|name| name.starts_with("x-amz-") && !is_signed(name));
    match unsigned.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        names => Err(refusal::invalid(format!(
            "There were headers present in the request which were not signed: {}",
            names.join(", ")
        ))),
    }
}
