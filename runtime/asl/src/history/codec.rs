//! The stored form of records: one format byte, then JSON.
//!
//! JSON, since a stored history must outlive this version: a field that is added later
//! is absent in what was written before, and both read. The byte tells formats apart
//! should that ever not suffice.
//!
//! A payload is a text where it is first met in a row, and afterwards the number of that text
//! in the row: what leaves one state enters the next, so most are met twice or more.

use super::Record;
use crate::payload::{Numbered, Repeated};

/// The format this version writes.
const FORMAT: u8 = 2;
/// The format in which every payload was a text. It reads as today's, which has those, too.
const FORMAT_OF_TEXTS: u8 = 1;

/// Why stored bytes are not records.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the row is empty")]
    Empty,
    /// Written by a newer version.
    #[error("the row has format {0}; this program knows {FORMAT}: use a newer stepwell")]
    UnknownFormat(u8),
    /// Not what was written.
    #[error("the row does not parse: {0}")]
    Damaged(#[source] serde_json::Error),
}

/// The stored form of one step's records.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + 160 * records.len());
    bytes.push(FORMAT);
    let _repeated = Repeated::in_a_row();
    serde_json::to_writer(&mut bytes, records)
        .expect("records are plain data, and a Vec takes all");
    bytes
}

/// The records of one stored row.
///
/// # Errors
/// [`DecodeError`] when the bytes are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<Vec<Record>, DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&(FORMAT_OF_TEXTS | FORMAT), json)) => {
            let _numbered = Numbered::in_a_row();
            serde_json::from_slice(json).map_err(DecodeError::Damaged)
        }
        Some((&format, _)) => Err(DecodeError::UnknownFormat(format)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Detail, EventId, HistoryEvent, ScopeId, StateType};
    use crate::{Payload, Timestamp};

    fn passed(input: &Payload) -> [Record; 2] {
        let event = |id, detail| {
            let event = HistoryEvent {
                id: EventId(id),
                previous: EventId(id - 1),
                timestamp: Timestamp(5),
                detail,
            };
            Record::Event(ScopeId::ROOT, event)
        };
        let (state, name) = (StateType::Pass, "A".into());
        let entered = Detail::StateEntered {
            state,
            name,
            input: input.clone(),
        };
        let exited = Detail::StateExited {
            state,
            name: "A".into(),
            output: input.clone(),
            assigned: vec![("x".into(), input.clone())],
            next: None,
        };
        [event(2, entered), event(3, exited)]
    }

    const TEXTS: &str = r#"[{"e":[0,{"i":2,"p":1,"t":5,"d":{"StateEntered":{"state":"Pass","name":"A","input":"{ }"}}}]},{"e":[0,{"i":3,"p":2,"t":5,"d":{"StateExited":{"state":"Pass","name":"A","output":"{ }","assigned":[["x","{ }"]]}}}]}]"#;

    /// What is stored must be read for as long as there are data directories.
    #[test]
    fn rows_are_stored_so() {
        let records = passed(&Payload::from_text("{ }").unwrap());
        let numbered = TEXTS.replace(r#""output":"{ }""#, r#""output":0"#);
        let numbered = numbered.replace(r#"["x","{ }"]"#, r#"["x",0]"#);
        assert_eq!(encode(&records), [b"\x02", numbered.as_bytes()].concat());
        for stored in [[b"\x01", TEXTS.as_bytes()], [b"\x02", numbered.as_bytes()]] {
            assert_eq!(decode(&stored.concat()).unwrap(), records);
        }
        assert!(matches!(
            decode(b"\x03[]"),
            Err(DecodeError::UnknownFormat(3))
        ));
        assert!(matches!(decode(b"\x02[0]"), Err(DecodeError::Damaged(_))));
        assert!(matches!(decode(b""), Err(DecodeError::Empty)));
    }
}
