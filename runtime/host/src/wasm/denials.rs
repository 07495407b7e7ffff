//! What a guest tried and was not granted, each with the flag that would grant it: told in the
//! attempt's log at once, and in its cause should it fail.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use asl::{Failure, limits::CAUSE_CHARS_MAX};

/// Denials that are told of one attempt. A guest may try as often as it likes.
const DENIALS_MAX: usize = 8;
/// One of them, in bytes: it names what the guest named.
const DENIAL_BYTES_MAX: usize = 512;

/// The denials of one attempt.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<BTreeSet<String>>);

impl Denials {
    /// Notes a denial, and answers what is to be logged: each is told once.
    pub(super) fn note(&self, mut denial: String) -> Option<String> {
        denial.truncate(denial.floor_char_boundary(DENIAL_BYTES_MAX));
        let mut denials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = denials.len() < DENIALS_MAX && denials.insert(denial.clone());
        is_new.then(|| format!("denied: {denial}"))
    }

    /// Adds the denials to the cause of a failure that they may be the reason of.
    pub(super) fn explain(&self, failure: &mut Failure) {
        let denials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.is_empty() {
            return;
        }
        let mut cause = failure.cause.take().unwrap_or_default();
        for denial in denials.iter() {
            if !cause.is_empty() {
                cause.push_str("; ");
            }
            cause.push_str("denied: ");
            cause.push_str(denial);
        }
        failure.cause = Some(cause.chars().take(CAUSE_CHARS_MAX).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_and_few_in_all() {
        let denials = Denials::default();
        assert_eq!(denials.note("a".into()).as_deref(), Some("denied: a"));
        assert_eq!(denials.note("a".into()), None);
        for number in 0..100 {
            denials.note(format!("{number:03}"));
        }
        let mut failure = Failure::new("E", "why");
        denials.explain(&mut failure);
        let cause = failure.cause.unwrap();
        assert!(cause.starts_with("why; denied: 000; "), "{cause}");
        assert_eq!(cause.matches("denied: ").count(), DENIALS_MAX);
    }

    #[test]
    fn without_denials_a_failure_is_what_it_was() {
        let mut failure = Failure::named("E");
        Denials::default().explain(&mut failure);
        assert_eq!(failure.cause, None);
    }
}
