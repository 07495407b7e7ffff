//! How a payload is stored: as a JSON string that holds its text, so that white space survives;
//! within a row of records also as a number, where the row has the text already.
//!
//! serde hands nothing from a row down to the payloads in it. So while a row is written or read,
//! its thread keeps which payloads it has: see [`Repeated`] and [`Numbered`].

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Payload;

/// Among how many texts before it a repeated one is looked for. What passes through states is
/// the text before, or one of a few; one that comes back later is written again.
const LOOKED_BACK: usize = 8;

thread_local! {
    static WRITTEN: RefCell<Option<Written>> = const { RefCell::new(None) };
    static READ: RefCell<Option<Vec<Payload>>> = const { RefCell::new(None) };
}

/// The texts that a row has so far.
#[derive(Default)]
struct Written {
    count: u64,
    /// Where the payloads of the last few are, by number modulo their count: all of them are
    /// borrowed while the row is written, so none takes another's place.
    last: [usize; LOOKED_BACK],
}

impl Written {
    /// The number of a text that is there already; one that is not is there from now on.
    fn number(&mut self, payload: &Payload) -> Option<u64> {
        let place = Arc::as_ptr(&payload.0).addr();
        let looked_back = self.count.saturating_sub(LOOKED_BACK as u64);
        let known = (looked_back..self.count)
            .rev()
            .find(|number| self.last[slot(*number)] == place);
        if known.is_none() {
            self.last[slot(self.count)] = place;
            self.count += 1;
        }
        known
    }
}

fn slot(number: u64) -> usize {
    (number % LOOKED_BACK as u64) as usize
}

/// While it is held, this thread writes the payloads of one row.
pub(crate) struct Repeated(());

impl Repeated {
    pub(crate) fn in_a_row() -> Self {
        WRITTEN.with_borrow_mut(|written| *written = Some(Written::default()));
        Self(())
    }
}

impl Drop for Repeated {
    fn drop(&mut self) {
        WRITTEN.with_borrow_mut(|written| *written = None);
    }
}

/// While it is held, this thread reads the payloads of one row.
pub(crate) struct Numbered(());

impl Numbered {
    pub(crate) fn in_a_row() -> Self {
        READ.with_borrow_mut(|read| *read = Some(Vec::new()));
        Self(())
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        READ.with_borrow_mut(|read| *read = None);
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = WRITTEN.with_borrow_mut(|written| written.as_mut()?.number(self));
        match known {
            Some(number) => serializer.serialize_u64(number),
            None => serializer.serialize_str(self.text()),
        }
    }
}

/// Trusts the text: it was a payload when it was stored. It is parsed when first read.
impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Stored)
    }
}

struct Stored;

impl Visitor<'_> for Stored {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload's text, or the number of one before it")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Payload, E> {
        let payload = Payload::from_trusted(text);
        READ.with_borrow_mut(|read| {
            if let Some(read) = read {
                read.push(payload.clone());
            }
        });
        Ok(payload)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Payload, E> {
        let known = READ.with_borrow(|read| {
            let place = usize::try_from(number).ok()?;
            read.as_ref()?.get(place).cloned()
        });
        known.ok_or_else(|| E::custom(format_args!("there is no payload {number} before it")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(payloads: &[Payload]) -> String {
        let _repeated = Repeated::in_a_row();
        serde_json::to_string(payloads).unwrap()
    }

    fn read(text: &str) -> Result<Vec<Payload>, serde_json::Error> {
        let _numbered = Numbered::in_a_row();
        serde_json::from_str(text)
    }

    #[test]
    fn a_text_that_a_row_has_is_written_once_and_shared_when_read() {
        let [one, two] = ["{ }", "\"two\""].map(|text| Payload::from_text(text).unwrap());
        let row = [one.clone(), one.clone(), two.clone(), one, two];
        let text = written(&row);
        assert_eq!(text, r#"["{ }",0,"\"two\"",0,1]"#);
        let back = read(&text).unwrap();
        assert_eq!(back, row);
        assert!(Arc::ptr_eq(&back[0].0, &back[3].0));
        // Outside of a row each is a text.
        let alone = serde_json::to_string(&row[..2]).unwrap();
        assert_eq!(alone, r#"["{ }","{ }"]"#);
    }

    #[test]
    fn one_that_comes_back_late_is_written_again() {
        let numbers = |count: u64| (0..count).map(|number| Payload::from_value(number.into()));
        for (between, expected) in [(LOOKED_BACK as u64 - 1, true), (LOOKED_BACK as u64, false)] {
            let first = Payload::from_value("first".into());
            let mut row = vec![first.clone()];
            row.extend(numbers(between));
            row.push(first);
            let text = written(&row);
            assert_eq!(text.ends_with(",0]"), expected, "{text}");
            assert_eq!(read(&text).unwrap(), row);
        }
    }

    #[test]
    fn a_number_of_nothing_is_refused() {
        for text in ["[0]", r#"["1",1]"#, r#"["1",-1]"#, "[null]"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Payload>("0").is_err());
        assert_eq!(read(r#"["1",0]"#).unwrap().len(), 2);
    }
}
