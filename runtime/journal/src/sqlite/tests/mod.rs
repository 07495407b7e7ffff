//! What the contract does not say: files, locks, formats, folding, damage, a full disk.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use asl::Timestamp;
use asl::arn::Place;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::conformance::{Subject, check};
use crate::{Change, Opened, Origin, Under};

mod formats;

impl Subject for TempDir {
    type Journal = SqliteJournal;

    fn open(&mut self) -> SqliteJournal {
        open(self.path())
    }
}

#[test]
fn keeps_the_contract() {
    check(|| TempDir::new().unwrap());
}

/// Of each start the journal is asked whether there is one of that name: for a while SQLite
/// planned that question anew each time, which cost more than answering it.
#[test]
fn a_statement_is_planned_once() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    let machine = Place::default().state_machine("machine");
    for _ in 0..3 {
        assert_eq!(journal.open_count(Some(&machine)).unwrap(), 0);
    }
    let planned_anew = journal.readers.with(|connection| {
        let asked = connection.prepare_cached(list::ID_OF)?;
        Ok(Ok(asked.get_status(rusqlite::StatementStatus::RePrepare)))
    });
    assert_eq!(planned_anew.unwrap(), 0);
}

fn open(dir: &Path) -> SqliteJournal {
    SqliteJournal::open(dir, Options::default()).unwrap()
}

fn refused(dir: &Path) -> String {
    SqliteJournal::open(dir, Options::default())
        .unwrap_err()
        .to_string()
}

/// A connection beside the journal, to look at its file or to harm it.
fn beside(dir: &Path) -> Connection {
    Connection::open(files::data_file(dir)).unwrap()
}

fn count(dir: &Path, table: &str) -> u64 {
    let query = format!("SELECT count(*) FROM {table}");
    beside(dir).query_row(&query, [], |row| row.get(0)).unwrap()
}

fn row(name: &str, sequence: u64, last: bool) -> Append {
    let place = Place::default();
    let change = match (sequence, last) {
        (0, _) => Change::Opened(Opened {
            state_machine: place.state_machine("machine"),
            name: name.into(),
            started_at: Timestamp(1),
            origin: Origin::default(),
        }),
        (_, false) => Change::None,
        (_, true) => Change::Closed {
            status: Status::Succeeded,
            stopped_at: Timestamp(2),
        },
    };
    let execution = place.execution("machine", name);
    Append {
        execution,
        sequence,
        records: vec![sequence as u8; 1000],
        change,
        rest: None,
    }
}

/// Appends an execution of `rows` rows and waits for the last.
async fn run(journal: &SqliteJournal, name: &str, rows: u64, ends: bool) -> Result<(), Error> {
    let durables: Vec<_> = (0..rows)
        .map(|sequence| journal.append(row(name, sequence, ends && sequence + 1 == rows)))
        .collect();
    for durable in durables {
        durable.await?;
    }
    Ok(())
}

/// How many rows are in the log.
fn logged(dir: &Path) -> usize {
    let connection = beside(dir);
    let mut chunks = connection.prepare("SELECT rows FROM log").unwrap();
    let chunks = chunks
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap();
    chunks
        .map(|chunk| chunk::entries(&chunk.unwrap()).map(Result::unwrap).count())
        .sum()
}

/// Waits until the writer has folded what it can.
fn wait_until_folded(journal: &SqliteJournal) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let unfolded = || {
        let index = journal.readers.index();
        index
            .tracked
            .values()
            .any(|tracked| tracked.status != Status::Running)
    };
    while unfolded() {
        assert!(Instant::now() < deadline, "nothing folds");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn ended_executions_leave_the_log() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    run(&journal, "open", 3, false).await.unwrap();
    for number in 0..40 {
        run(&journal, &format!("e{number}"), 2 + number, true)
            .await
            .unwrap();
    }
    // More than one segment, by rows and by bytes.
    run(&journal, "long", 9000, true).await.unwrap();
    wait_until_folded(&journal);
    assert_eq!(logged(dir.path()), 3);
    assert!(count(dir.path(), "archive") > 45);
    drop(journal);
    let journal = open(dir.path());
    let long = Place::default().execution("machine", "long");
    for from in [0, 1, 4095, 4096, 8999] {
        let rows = journal.rows(&long, from, 3).unwrap();
        let expected: Vec<_> = (from..9000).take(3).collect();
        assert_eq!(
            rows.iter().map(|row| row.sequence).collect::<Vec<_>>(),
            expected
        );
        assert_eq!(rows[0].records, vec![from as u8; 1000]);
    }
}

/// Deletes all that ended; answers how many.
async fn expire_all(journal: &SqliteJournal) -> usize {
    let mut expired = 0;
    loop {
        match journal
            .expire(Timestamp(i64::MAX), usize::MAX)
            .await
            .unwrap()
        {
            0 => return expired,
            some => expired += some,
        }
    }
}

#[tokio::test]
async fn what_expired_leaves_the_file() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    run(&journal, "open", 3, false).await.unwrap();
    for number in 0..300 {
        run(&journal, &format!("e{number}"), 2, true).await.unwrap();
    }
    // More segments than are swept at once.
    run(&journal, "long", 9000, true).await.unwrap();
    run(&journal, "lately", 3, true).await.unwrap();
    assert_eq!(expire_all(&journal).await, 302);
    // A name is free before what it held is swept, and what it holds now stays.
    run(&journal, "long", 5, true).await.unwrap();
    drop(journal);
    let journal = open(dir.path());
    let deadline = Instant::now() + Duration::from_secs(20);
    while count(dir.path(), "expired") > 0 {
        assert!(Instant::now() < deadline, "nothing is swept");
        std::thread::yield_now();
    }
    wait_until_folded(&journal);
    assert_eq!(count(dir.path(), "executions"), 2);
    assert_eq!(logged(dir.path()), 3);
    assert_eq!(count(dir.path(), "archive"), 1);
    let long = Place::default().execution("machine", "long");
    assert_eq!(journal.rows(&long, 0, 9).unwrap().len(), 5);
}

/// The id of one that is expired and not swept must not be given to another.
#[test]
fn unswept_rows_are_nobody_elses() {
    let dir = TempDir::new().unwrap();
    let store = || {
        let connection = files::open(dir.path(), &Options::default()).unwrap();
        Store::new(connection, "the file".into()).unwrap()
    };
    let begun_and_ended = |name| {
        let rows = [row(name, 0, false), row(name, 1, true)];
        rows.map(Work::Append)
    };
    let mut first = store();
    first.commit(begun_and_ended("a").iter()).unwrap();
    first.fold().unwrap();
    assert_eq!(first.expire(Timestamp(9), 9).unwrap(), 1);
    drop(first);
    let mut second = store();
    second.commit(begun_and_ended("b").iter()).unwrap();
    second.fold().unwrap();
    drop(second);
    let journal = open(dir.path());
    let b = Place::default().execution("machine", "b");
    assert_eq!(journal.rows(&b, 0, 9).unwrap().len(), 2);
}

#[test]
fn a_second_opener_learns_who_was_first() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    let refusal = refused(dir.path());
    let pid = std::process::id().to_string();
    assert!(
        refusal.contains("in use") && refusal.contains(&pid),
        "{refusal}"
    );
    assert!(
        refusal.contains(&dir.path().display().to_string()),
        "{refusal}"
    );
    drop(journal);
    open(dir.path());
}

#[test]
fn other_files_and_newer_formats_are_left_alone() {
    let dir = TempDir::new().unwrap();
    let file = files::data_file(dir.path());
    fs::write(
        &file,
        "this is not a database, but long enough to be looked at".repeat(99),
    )
    .unwrap();
    let before = fs::read(&file).unwrap();
    assert!(
        refused(dir.path()).contains("is damaged"),
        "{}",
        refused(dir.path())
    );
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::remove_file(&file).unwrap();
    beside(dir.path())
        .execute_batch("CREATE TABLE somebody_elses (a)")
        .unwrap();
    assert!(refused(dir.path()).contains("not a journal of stepwell"));
    fs::remove_file(&file).unwrap();
    drop(open(dir.path()));
    beside(dir.path())
        .pragma_update(None, "user_version", 9)
        .unwrap();
    let known = files::MIGRATIONS.len();
    let says = format!("has format 9; this program knows up to {known}");
    assert!(refused(dir.path()).contains(&says));
}

/// However long an execution goes on, its file holds what it has not forgotten and no more.
#[tokio::test]
async fn what_is_forgotten_leaves_the_file() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    run(&journal, "a", 1, false).await.unwrap();
    for sequence in 1..200 {
        let mut row = row("a", sequence, false);
        if sequence % 10 == 0 {
            row.change = Change::Forgets { before: sequence };
        }
        journal.append(row).await.unwrap();
    }
    assert_eq!(logged(dir.path()), 10);
    let pages = || {
        let count = beside(dir.path()).pragma_query_value(None, "page_count", |row| row.get(0));
        count.map(|count: u64| count).unwrap()
    };
    assert!(
        pages() < 60,
        "{} pages hold ten rows of 1,000 bytes",
        pages()
    );
}

#[tokio::test]
async fn missing_rows_are_found_at_open() {
    // A chunk of one row says its sequence in bytes 9 to 16, and that is its position less 1.
    let later = "UPDATE log SET rows = CAST(substr(rows, 1, 15)
         || unhex(printf('%02x', position + 4)) || substr(rows, 17) AS BLOB)";
    for (harm, told) in [
        (
            "DELETE FROM log WHERE position = 2",
            "has row 2 of execution 1 where 1 belongs",
        ),
        (
            "UPDATE log SET rows = substr(rows, 1, 500) WHERE position = 2",
            "chunk 2 of the log is torn",
        ),
        ("DELETE FROM log", "the rows of"),
        ("DELETE FROM executions", "does not exist"),
        (later, "lacks rows from 0 to 5"),
        (
            "UPDATE executions SET status = 2, row_count = 9",
            "has 9 rows, but",
        ),
        (
            "UPDATE executions SET status = 77, row_count = 4",
            "77 is no status",
        ),
    ] {
        let dir = TempDir::new().unwrap();
        let journal = open(dir.path());
        for sequence in 0..4 {
            // One after the other, so that each has a chunk of its own.
            journal.append(row("a", sequence, false)).await.unwrap();
        }
        drop(journal);
        beside(dir.path()).execute_batch(harm).unwrap();
        let refusal = refused(dir.path());
        assert!(
            refusal.contains("is damaged") && refusal.contains(told),
            "{harm}: {refusal}"
        );
        assert!(refusal.contains("restore"), "{refusal}");
    }
}

#[tokio::test]
async fn a_damaged_archive_is_told_to_its_reader_alone() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    run(&journal, "a", 3, true).await.unwrap();
    run(&journal, "b", 3, true).await.unwrap();
    wait_until_folded(&journal);
    beside(dir.path())
        .execute_batch("UPDATE archive SET rows = substr(rows, 1, 1500) WHERE id = 1 << 24")
        .unwrap();
    let [a, b] = ["a", "b"].map(|name| Place::default().execution("machine", name));
    assert!(matches!(journal.rows(&a, 0, 9), Err(Error::Damaged { .. })));
    assert_eq!(journal.rows(&b, 0, 9).unwrap().len(), 3);
}

/// However much is written without a pause, the write-ahead log starts over in time.
#[tokio::test]
async fn the_write_ahead_log_stays_short() {
    const MIB: u64 = 1 << 20;
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    for sequence in 0..180 {
        let mut row = row("a", sequence, false);
        row.records = vec![7; MIB as usize];
        journal.append(row).await.unwrap();
    }
    let wal = dir.path().join("journal.sqlite3-wal");
    let length = fs::metadata(&wal).unwrap().len();
    assert!(length < 100 * MIB, "{length} bytes");
    drop(journal);
    assert!(!wal.exists(), "a clean end leaves a write-ahead log");
    let arn = Place::default().execution("machine", "a");
    assert_eq!(open(dir.path()).rows(&arn, 0, 999).unwrap().len(), 180);
}

/// The writer's side alone, so that a test can make the file as large as it may get.
#[test]
fn a_full_disk_keeps_nothing_of_the_batch_and_recovers() {
    let dir = TempDir::new().unwrap();
    let connection = files::open(dir.path(), &Options::default()).unwrap();
    let mut store = Store::new(connection, "the file".into()).unwrap();
    let rows = |range: std::ops::Range<u64>| {
        range
            .map(|sequence| Work::Append(row("a", sequence, false)))
            .collect::<Vec<_>>()
    };
    store.commit(rows(0..2).iter()).unwrap();
    let limit = |store: &Store, pages: i64| {
        let set = store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0));
        set.unwrap();
    };
    limit(&store, 1);
    let fault = store.commit(rows(2..500).iter()).unwrap_err();
    assert!(
        matches!(fault, store::Fault::Refused(Error::DiskFull(_))),
        "{fault:?}"
    );
    limit(&store, 1 << 20);
    let answers = store.commit(rows(2..500).iter()).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    drop(store);
    let journal = open(dir.path());
    let arn = Place::default().execution("machine", "a");
    assert_eq!(journal.rows(&arn, 0, usize::MAX).unwrap().len(), 500);
}

#[tokio::test]
async fn a_panicking_writer_answers_everyone() {
    let queue = Queue::default();
    let waiting = queue.submit(Work::Append(row("a", 0, false)));
    queue.poison(&Error::Poisoned("why".into()));
    queue.finish();
    assert!(matches!(waiting.await.unwrap(), Err(Error::Poisoned(_))));
    let later = queue.submit(Work::Append(row("a", 0, false)));
    assert!(matches!(later.await.unwrap(), Err(Error::Poisoned(_))));
    assert!(matches!(
        queue.close().await.unwrap(),
        Err(Error::Poisoned(_))
    ));
}

/// A page must cost the same among any number of executions: an index has all of its places,
/// in order; nothing is sorted, and nothing walked past but what began in the millisecond that
/// the page before ended with.
#[test]
fn lists_are_read_from_an_index_alone() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    let connection = beside(dir.path());
    let unders = [
        None,
        Some(Under::StateMachine("a".into())),
        Some(Under::Version("a".into())),
        Some(Under::Alias("a".into())),
        Some(Under::MapRun("a".into())),
    ];
    for query in unders.map(|under| list::newest(under.as_ref())) {
        let mut explained = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
            .unwrap();
        let unbound = vec![None::<i64>; explained.parameter_count()];
        let plan: Vec<String> = explained
            .query_map(rusqlite::params_from_iter(unbound), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let [step] = &plan[..] else {
            panic!("{query}: {plan:?}");
        };
        assert!(
            step.contains("SEARCH executions USING COVERING INDEX")
                && step.contains("status=? AND started_at"),
            "{query}: {step}"
        );
    }
}
