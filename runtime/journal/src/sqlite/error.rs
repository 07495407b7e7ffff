//! How SQLite's refusals read as the journal's errors.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::Error;

/// What a person can do about a damaged file; SQLite offers no repair that keeps the contract.
const ADVICE: &str = "restore the data directory from a backup, or move it away to begin anew";

/// `error` as the journal says it, of the file at `path`.
pub(super) fn storage(path: &str, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::DiskFull(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, error),
        _ => match error {
            // A column of another type than the schema's: the file is not what we wrote.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => damaged(path, error),
            _ => Error::Storage(error.to_string()),
        },
    }
}

/// The file at `path` contradicts itself.
pub(super) fn damaged(path: &str, what: impl std::fmt::Display) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        what: format!("{what}; {ADVICE}"),
    }
}

/// A file operation on `path` failed.
pub(super) fn file(path: &Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Error::DiskFull(path.display().to_string());
    }
    Error::Storage(format!("{}: {error}", path.display()))
}
