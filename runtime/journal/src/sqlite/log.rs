//! The log: rows of open executions, by the chunk, in the order of their arrival.
//!
//! It says where a row is put, and takes rows out again. It does not know what may be put
//! there. Read [`Store::log`] and [`Store::unlog`].

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::chunk::{self, Entry};
use super::error;
use super::store::Store;

/// Which rows leave the log: of each execution, by id, those before this sequence.
pub(super) type Leaving = HashMap<i64, u64>;

/// Chunks that were read, by position.
pub(super) type Chunks = HashMap<i64, Vec<u8>>;

impl Store {
    /// Puts a row into the chunk that fills, and answers that chunk's position.
    pub(super) fn log(&mut self, entry: Entry<'_>) -> Result<i64, rusqlite::Error> {
        if !chunk::has_room(&self.chunk, &entry) {
            self.end_chunk()?;
        }
        chunk::push(&mut self.chunk, entry);
        Ok(self.next_position)
    }

    /// Writes the chunk that fills, if there is anything in it.
    pub(super) fn end_chunk(&mut self) -> Result<(), rusqlite::Error> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        self.connection
            .prepare_cached("INSERT INTO log (position, rows) VALUES (?1, ?2)")?
            .execute(params![self.next_position, self.chunk])?;
        self.chunk.clear();
        self.next_position += 1;
        Ok(())
    }

    /// Takes rows out of these chunks. One that is empty then goes; others keep their place.
    pub(super) fn unlog(&self, chunks: &Chunks, leaving: &Leaving) -> Result<(), rusqlite::Error> {
        let mut kept = Vec::new();
        for (position, chunk) in chunks {
            kept.clear();
            for entry in chunk::entries(chunk) {
                let Ok(entry) = entry else {
                    // A reader will be told; nothing may be lost that could be saved by hand.
                    tracing::error!(position, "a chunk of the log is torn");
                    kept.clone_from(chunk);
                    break;
                };
                let end = leaving.get(&entry.execution);
                if end.is_none_or(|end| entry.sequence >= *end) {
                    chunk::push(&mut kept, entry);
                }
            }
            if kept.len() < chunk.len() {
                self.replace_chunk(*position, &kept)?;
            }
        }
        Ok(())
    }

    fn replace_chunk(&self, position: i64, rows: &[u8]) -> Result<(), rusqlite::Error> {
        if rows.is_empty() {
            self.connection
                .prepare_cached("DELETE FROM log WHERE position = ?1")?
                .execute([position])?;
        } else {
            self.connection
                .prepare_cached("UPDATE log SET rows = ?2 WHERE position = ?1")?
                .execute(params![position, rows])?;
        }
        Ok(())
    }
}

/// Looks into the chunk at a position, where it lies: a chunk is a whole commit, of which a
/// reader mostly wants one row. Empty when there is none.
pub(super) fn look_into_chunk<T>(
    connection: &Connection,
    position: i64,
    look: impl FnOnce(&[u8]) -> T,
) -> Result<T, rusqlite::Error> {
    let mut chunk = connection.prepare_cached("SELECT rows FROM log WHERE position = ?1")?;
    let mut found = chunk.query([position])?;
    Ok(match found.next()? {
        Some(row) => look(row.get_ref(0)?.as_blob()?),
        None => look(&[]),
    })
}

/// A copy of the chunk at a position, if there is one.
pub(super) fn read_chunk(
    connection: &Connection,
    position: i64,
) -> Result<Option<Vec<u8>>, rusqlite::Error> {
    let chunk = look_into_chunk(connection, position, <[u8]>::to_vec)?;
    Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
}

/// The records of one row of a chunk, if it is there.
pub(super) fn row_of(chunk: &[u8], execution: i64, sequence: u64) -> Option<&[u8]> {
    chunk::entries(chunk)
        .map_while(Result::ok)
        .find(|entry| entry.execution == execution && entry.sequence == sequence)
        .map(|entry| entry.records)
}

/// What is said of a chunk that cannot be read.
pub(super) fn torn(path: &str, position: i64) -> crate::Error {
    error::damaged(path, format_args!("chunk {position} of the log is torn"))
}
