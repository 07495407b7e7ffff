//! The catalogue: one entry written, if nobody else wrote it since it was read.
//!
//! It knows no rows. Read [`Store::put`].

use rusqlite::{OptionalExtension, params};

use super::queue::Put;
use super::store::{Applied, Store};
use crate::{Error, ROW_BYTES_MAX};

impl Store {
    /// Writes an entry, or deletes it, and answers its revision.
    pub(super) fn put(&self, entry: &Put) -> Applied {
        let Put {
            kind,
            key,
            expected,
            document,
        } = entry;
        let bytes = document.as_ref().map_or(0, String::len);
        if bytes > ROW_BYTES_MAX {
            return Ok(Err(Error::TooLarge {
                bytes,
                bytes_max: ROW_BYTES_MAX,
            }));
        }
        let actual = self
            .connection
            .prepare_cached("SELECT revision FROM entries WHERE kind = ?1 AND key = ?2")?
            .query_row([kind, key], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        if actual != *expected {
            return Ok(Err(Error::Conflict {
                kind: kind.clone(),
                key: key.clone(),
                expected: *expected,
                actual,
            }));
        }
        let Some(document) = document else {
            self.connection
                .prepare_cached("DELETE FROM entries WHERE kind = ?1 AND key = ?2")?
                .execute([kind, key])?;
            return Ok(Ok(0));
        };
        self.connection
            .prepare_cached(
                "INSERT INTO entries (kind, key, revision, document) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (kind, key) DO UPDATE SET revision = ?3, document = ?4",
            )?
            .execute(params![kind, key, expected + 1, document])?;
        Ok(Ok(expected + 1))
    }
}
