//! Who may do what: requests signed with Signature Version 4, against the keys of a file.
//!
//! It knows no socket and no operation's work: a request's head and body go in, a
//! [`Principal`] or AWS's refusal comes out. Read [`Gate`] first. `claim` is what a request
//! says of its signature, `canonical` what was signed, `signature` whether it was, `keys` by
//! whom.
//!
//! A signature that was seen may be sent again while it is valid, as on AWS: two requests of
//! the same content in one second have the same signature, so that refusing the second would
//! refuse honest workers. What bounds a replay is the short time that a signature is valid.

mod canonical;
mod claim;
mod gate;
mod keys;
mod refusal;
mod signature;

pub(crate) use gate::{Gate, Principal};
pub(crate) use keys::Keys;
