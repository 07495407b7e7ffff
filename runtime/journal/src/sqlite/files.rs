//! The data directory: its lock, its database file, and the file's format.
//!
//! It knows nothing of rows. Read [`Lock::take`] and [`open`] first.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::Options;
use super::error;
use crate::Error;

/// The database's name within the data directory.
const DATA_FILE: &str = "journal.sqlite3";
/// The lock's name within the data directory. It holds the holder's process id.
const LOCK_FILE: &str = "lock";
/// `STPW`: tells our files from other SQLite databases.
const APPLICATION_ID: i64 = 0x5354_5057;
/// What brings a file from format *n* to *n* + 1. Never edited once released.
pub(super) const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001_log.sql"),
    include_str!("migrations/0002_lists.sql"),
    include_str!("migrations/0003_expired.sql"),
    include_str!("migrations/0004_chunks.sql"),
    include_str!("migrations/0005_forgotten.sql"),
    include_str!("migrations/0006_rests.sql"),
];
/// The format that this program writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;
/// How long a connection waits for another: only a person's own `sqlite3` can be one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The right to be the one process that has a data directory open.
#[derive(Debug)]
pub(super) struct Lock {
    // Held for its lock, which the system drops with the file, even after kill -9.
    _file: File,
}

impl Lock {
    /// Makes the directory if it is missing, and locks it.
    pub(super) fn take(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| error::file(dir, &error))?;
        let path = dir.join(LOCK_FILE);
        let refused = |error: std::io::Error| error::file(&path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // A process id has at most ten digits; whatever else stands there is no help.
                let _ = file.take(16).read_to_string(&mut holder);
                let path = dir.display().to_string();
                return Err(Error::InUse {
                    path,
                    holder: holder.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        file.set_len(0).map_err(refused)?;
        writeln!(file, "{}", std::process::id()).map_err(refused)?;
        Ok(Self { _file: file })
    }
}

/// Where the database of this data directory is.
pub(super) fn data_file(dir: &Path) -> PathBuf {
    dir.join(DATA_FILE)
}

/// Opens the writer's connection; brings the file to today's format.
pub(super) fn open(dir: &Path, options: &Options) -> Result<Connection, Error> {
    let file = data_file(dir);
    let path = file.display().to_string();
    let connection = Connection::open(&file).map_err(|error| error::storage(&path, &error))?;
    prepare(&connection, &path, options)?;
    // The names of new files are as much part of what must survive as their content.
    for directory in [Some(dir), dir.parent()].into_iter().flatten() {
        if !directory.as_os_str().is_empty() {
            File::open(directory)
                .and_then(|directory| directory.sync_all())
                .map_err(|error| error::file(directory, &error))?;
        }
    }
    Ok(connection)
}

/// Opens a connection that makes checkpoints, and nothing else.
pub(super) fn open_checkpointer(
    dir: &Path,
    options: &Options,
) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(data_file(dir), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // It decides whether the database is synced before the write-ahead log starts over.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", options.cache_pragma())?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &str, options: &Options) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_plans(&connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", options.cache_pragma())?;
    Ok(connection)
}

/// Lets a statement be planned once. SQLite otherwise plans it anew whenever a text is bound to
/// it, in case that changes the plan, which it cannot for statements like ours: measured, that
/// took longer than what it was for.
fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(|_| ())
}

/// Settings, then format: a file that is not ours, or too new, is left untouched.
fn prepare(connection: &Connection, path: &str, options: &Options) -> Result<(), Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(refused)?;
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let format = number("user_version").map_err(refused)?;
    let application = number("application_id").map_err(refused)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(refused)?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(error::damaged(path, "it is not a journal of stepwell"));
    }
    if format > FORMAT {
        return Err(Error::NewerFormat {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    if tables > 0 && format < 1 {
        return Err(error::damaged(path, "it has no format number"));
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(refused)?;
    if mode != "wal" {
        let what = format!("{path}: this file system cannot hold a write-ahead log ({mode})");
        return Err(Error::Storage(what));
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(refused)?;
    connection
        .pragma_update(None, "cache_size", options.cache_pragma())
        .map_err(refused)?;
    keep_plans(connection).map_err(refused)?;
    connection.set_prepared_statement_cache_capacity(32);
    migrate(connection, format).map_err(refused)
}

/// Each migration and the number that says it was done, in one transaction.
fn migrate(connection: &Connection, format: i64) -> Result<(), rusqlite::Error> {
    for (done, migration) in (1..)
        .zip(MIGRATIONS)
        .skip_while(|(done, _)| *done <= format)
    {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update::<i64>(None, "user_version", done)?;
        transaction.commit()?;
    }
    Ok(())
}
