//! The stored form of a Map Run's rows: a format byte, where to begin to read, then JSON.

use super::Record;

/// The first byte of a row: the form of what follows.
const FORMAT: u8 = 2;
/// The form before: without `base`, which was 0.
const FORMAT_WITHOUT_BASE: u8 = 1;

/// The stored form of a row.
///
/// Whoever wants to know how the run stands reads from row `base` on: it begins the run, or
/// says how it stood.
pub fn encode(base: u64, records: &[Record]) -> Vec<u8> {
    let mut row = vec![FORMAT];
    row.extend_from_slice(&base.to_be_bytes());
    serde_json::to_writer(&mut row, records).expect("records are plain data");
    row
}

/// Reads a stored row: `base`, and its records.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(row: &[u8]) -> Result<(u64, Vec<Record>), DecodeError> {
    let (format, rest) = row.split_first().ok_or(DecodeError::Format(None))?;
    let (base, json) = match *format {
        FORMAT_WITHOUT_BASE => (0, rest),
        FORMAT => {
            let (base, json) = rest.split_first_chunk().ok_or(DecodeError::Short)?;
            (u64::from_be_bytes(*base), json)
        }
        other => return Err(DecodeError::Format(Some(other))),
    };
    Ok((base, serde_json::from_slice(json)?))
}

/// Why a stored row cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A newer program wrote it, or it is none.
    #[error("a Map Run's row of format {0:?}, where {FORMAT} is known")]
    Format(Option<u8>),
    /// It ends within its head.
    #[error("a Map Run's row ends where it begins")]
    Short,
    /// It is not what it says.
    #[error("a Map Run's row does not parse: {0}")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_both_forms_are_read() {
        let records = [Record::Pinned("etag".into())];
        assert_eq!(decode(&encode(7, &records)).unwrap(), (7, records.to_vec()));
        let old = [&[1][..], br#"[{"p":"etag"}]"#].concat();
        assert_eq!(decode(&old).unwrap(), (0, records.to_vec()));
    }

    #[test]
    fn what_is_no_row_is_refused() {
        let says = |row: &[u8]| decode(row).unwrap_err().to_string();
        assert_eq!(
            says(&[]),
            "a Map Run's row of format None, where 2 is known"
        );
        assert_eq!(
            says(&[3]),
            "a Map Run's row of format Some(3), where 2 is known"
        );
        assert_eq!(says(&[2, 0]), "a Map Run's row ends where it begins");
        assert!(says(&[1, b'{']).starts_with("a Map Run's row does not parse"));
    }
}
