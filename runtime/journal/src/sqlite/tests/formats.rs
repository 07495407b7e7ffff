//! Data directories of older formats: opened, brought to today's, and nothing lost.

use asl::arn::{ExecutionArn, StateMachineArn};

use super::*;
use crate::sqlite::files::MIGRATIONS;
use crate::{Summary, Under};

/// A data directory of format 1; see the file.
fn format_1() -> TempDir {
    of_format(1)
}

/// The same, as a program that knew this format left it.
fn of_format(format: usize) -> TempDir {
    let dir = TempDir::new().unwrap();
    let old = beside(dir.path());
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.execute_batch(include_str!("format_1.sql")).unwrap();
    for migration in &MIGRATIONS[1..format] {
        old.execute_batch(migration).unwrap();
    }
    old.pragma_update(None, "user_version", format).unwrap();
    dir
}

fn machine(name: &str) -> StateMachineArn {
    Place::default().state_machine(name)
}

/// Name, status, when it ended and how often it was redriven, newest first.
type Shown = (&'static str, Status, Option<i64>, u32);

fn expect_list(journal: &SqliteJournal, under: Option<Under>, expected: &[Shown]) {
    let listing = Listing {
        under,
        limit: 100,
        ..Listing::default()
    };
    let found = journal.list(&listing).unwrap().summaries;
    let shown = |one: &Summary| {
        let stopped_at = one.stopped_at.map(|at| at.0);
        let name = one.opened.name.clone();
        (name, one.status, stopped_at, one.redrive_count)
    };
    let found: Vec<_> = found.iter().map(shown).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, status, stopped_at, redrives)| {
            ((*name).to_owned(), *status, *stopped_at, *redrives)
        })
        .collect();
    assert_eq!(found, expected);
}

fn expect_rows(journal: &SqliteJournal, machine: &str, name: &str, count: usize) -> ExecutionArn {
    let arn = Place::default().execution(machine, name);
    let rows = journal.rows(&arn, 0, usize::MAX).unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|row| String::from_utf8(row.records.clone()).unwrap())
        .collect();
    let expected: Vec<_> = (0..count).map(|row| format!("{name}#{row}")).collect();
    assert_eq!(found, expected);
    arn
}

/// What [`format_1`] holds.
fn expect_format_1(journal: &SqliteJournal) {
    let orders = [
        ("failed", Status::Failed, Some(3100), 0),
        ("redriven", Status::Running, None, 0),
        ("waits", Status::Running, None, 0),
    ];
    let payments = [
        ("aborted", Status::Aborted, Some(5100), 0),
        ("whole", Status::Succeeded, Some(4001), 0),
    ];
    let of = |name| Some(Under::StateMachine(machine(name)));
    expect_list(journal, of("orders"), &orders);
    expect_list(journal, of("payments"), &payments);
    expect_list(journal, None, &[&payments[..], &orders[..]].concat());
    for (machine, name, rows) in [
        ("orders", "waits", 2),
        ("orders", "redriven", 4),
        ("orders", "failed", 3),
        ("payments", "whole", 1),
        ("payments", "aborted", 2),
    ] {
        expect_rows(journal, machine, name, rows);
    }
    assert_eq!(journal.open_count(None).unwrap(), 2);
    assert_eq!(journal.open_count(Some(&machine("orders"))).unwrap(), 2);
    let entry = journal.get("task-module", "charge").unwrap().unwrap();
    assert_eq!((entry.revision, &*entry.document), (2, r#"{"two":2}"#));
}

#[tokio::test]
async fn format_1_is_taken_over_whole() {
    let dir = format_1();
    expect_format_1(&open(dir.path()));
    // Once more: what was brought to today's format opens as such.
    let journal = open(dir.path());
    expect_format_1(&journal);
    // And it goes on.
    let waits = Place::default().execution("orders", "waits");
    let change = Change::Closed {
        status: Status::TimedOut,
        stopped_at: Timestamp(9000),
    };
    let last = Append {
        execution: waits,
        sequence: 2,
        records: b"waits#2".to_vec(),
        change,
        rest: None,
    };
    journal.append(last).await.unwrap();
    let failed = Append {
        execution: Place::default().execution("orders", "failed"),
        sequence: 3,
        records: b"failed#3".to_vec(),
        change: Change::Reopened {
            at: Timestamp(9001),
        },
        rest: None,
    };
    journal.append(failed).await.unwrap();
    expect_rows(&journal, "orders", "waits", 3);
    expect_rows(&journal, "orders", "failed", 4);
    let orders = [
        ("failed", Status::Running, None, 1),
        ("redriven", Status::Running, None, 0),
        ("waits", Status::TimedOut, Some(9000), 0),
    ];
    let under = Under::StateMachine(machine("orders"));
    expect_list(&journal, Some(under), &orders);
}

#[test]
fn every_older_format_is_taken_over() {
    for format in 1..MIGRATIONS.len() {
        let dir = of_format(format);
        expect_format_1(&open(dir.path()));
    }
}

/// Rows keep every byte when the log is brought to chunks.
#[test]
fn format_1_rows_keep_their_bytes() {
    let dir = format_1();
    let rows: [&[u8]; 3] = [b"", b"a\0b\0\0", &[0xff; 10_000]];
    for (place, records) in rows.iter().enumerate() {
        let insert = "INSERT INTO log (position, execution, sequence, records) VALUES (?, 1, ?, ?)";
        beside(dir.path())
            .execute(insert, (100 + place, 2 + place, records))
            .unwrap();
    }
    let journal = open(dir.path());
    let waits = Place::default().execution("orders", "waits");
    let found = journal.rows(&waits, 2, 9).unwrap();
    let found: Vec<&[u8]> = found.iter().map(|row| &*row.records).collect();
    assert_eq!(found, rows);
}
