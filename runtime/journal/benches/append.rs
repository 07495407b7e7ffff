//! How fast does the SQLite journal take rows, beside a bare file with the same batches?
//!
//! `cargo bench -p journal --features sqlite [-- SECONDS]`. Rows have 280 bytes. Expected from
//! a sketch: a commit costs one sync either way; on top of it SQLite copies a row into a page
//! and the page into the write-ahead log, some 3 µs a row, so half the bare rate from 64
//! appenders on. Where other work keeps the cores busy it is the processor that decides.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Timestamp;
use asl::arn::{ExecutionArn, Place};
use bench::{Figure, Target, memory_bytes};
use journal::sqlite::Options;
use journal::{Append, Change, Found, Journal, Opened, Origin, SqliteJournal, Status};

const ROW_BYTES: usize = 280;
/// How many rows an execution has in the second table.
const SHORT: u64 = 3;
/// How many open executions are recovered, of how many rows.
const OPEN: u64 = 100_000;

/// Tells the child which directory to recover.
const RECOVER: &str = "JOURNAL_BENCH_RECOVER";

fn main() {
    if let Some(dir) = std::env::var_os(RECOVER) {
        return take_up(Path::new(&dir));
    }
    // `cargo bench` passes `--bench`; a bare number is how long each measurement takes.
    let seconds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(4);
    let time = Duration::from_secs(seconds);
    for appenders in [1, 64, 1024] {
        // Halves before and after, so that a disk that changes its mind shows in both.
        let before = bare(appenders, time / 2);
        let (rows, waited) = appended(appenders, u64::MAX, time);
        let bare = (before + bare(appenders, time / 2)) / 2.0;
        let of = |what| format!("{what}, {appenders} appenders");
        let figure = Figure::new("append", of("rows"), rows, "rows/s")
            .beside("append and fdatasync of as many", bare);
        match appenders {
            1024 => figure.ratio_should_be(Target::AtLeast(0.5)).print(),
            _ => figure.print(),
        }
        let milliseconds =
            |percent: usize| waited[waited.len() * percent / 100].as_secs_f64() * 1e3;
        Figure::new("append", of("a row waits, p50"), milliseconds(50), "ms").print();
        Figure::new("append", of("a row waits, p99"), milliseconds(99), "ms").print();
    }
    for appenders in [64, 1024] {
        let (rows, _) = appended(appenders, SHORT, time);
        let name = format!("executions of {SHORT} rows, folded, {appenders} appenders");
        Figure::new("append", name, rows / SHORT as f64, "executions/s").print();
    }
    recover();
}

/// Rows per second of a bare file, synced after every batch.
fn bare(batch: usize, time: Duration) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("bare")).unwrap();
    let rows = vec![7_u8; ROW_BYTES * batch];
    let began = Instant::now();
    let mut batches = 0;
    while began.elapsed() < time {
        file.write_all(&rows).unwrap();
        file.sync_data().unwrap();
        batches += 1;
    }
    (batches * batch) as f64 / began.elapsed().as_secs_f64()
}

fn open(dir: &Path) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(dir, Options::default()).unwrap())
}

/// The ARN is made once an execution, as the engine does it.
fn row(execution: &ExecutionArn, sequence: u64, rows: u64) -> Append {
    let change = match sequence {
        0 => Change::Opened(Opened {
            state_machine: Place::default().state_machine("machine"),
            name: execution.name().into(),
            started_at: Timestamp(1_700_000_000_000),
            origin: Origin::default(),
        }),
        last if last + 1 == rows => Change::Closed {
            status: Status::Succeeded,
            stopped_at: Timestamp(1_700_000_000_001),
        },
        _ => Change::None,
    };
    Append {
        execution: execution.clone(),
        sequence,
        records: vec![7; ROW_BYTES],
        change,
        rest: None,
    }
}

/// Rows per second, and how long each waited, sorted: appenders that each append one row
/// after the other, `rows` to an execution.
fn appended(appenders: usize, rows: u64, time: Duration) -> (f64, Vec<Duration>) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let began = Instant::now();
    let mut waited: Vec<Duration> = runtime.block_on(async {
        let tasks: Vec<_> = (0..appenders)
            .map(|appender| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    let mut waited = Vec::new();
                    for execution in 0_u64.. {
                        // As random as the names that clients draw.
                        let unique = (execution * 4096 + appender as u64)
                            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
                        let name = format!("{unique:016x}-{appender}-{execution}");
                        let arn = Place::default().execution("machine", &name);
                        for sequence in 0..rows {
                            let submitted = Instant::now();
                            journal.append(row(&arn, sequence, rows)).await.unwrap();
                            waited.push(submitted.elapsed());
                            if began.elapsed() >= time {
                                return waited;
                            }
                        }
                    }
                    waited
                })
            })
            .collect();
        let mut waited = Vec::new();
        for task in tasks {
            waited.extend(task.await.unwrap());
        }
        waited
    });
    waited.sort_unstable();
    (waited.len() as f64 / began.elapsed().as_secs_f64(), waited)
}

/// How long a restart takes with many open executions, and what they cost in memory.
fn recover() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let journal = open(dir.path());
    runtime.block_on(async {
        let mut last = None;
        for execution in 0..OPEN {
            let name = format!("{:016x}", execution.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let arn = Place::default().execution("machine", &name);
            for sequence in 0..SHORT {
                last = Some(journal.append(row(&arn, sequence, u64::MAX)));
            }
        }
        last.unwrap().await.unwrap();
    });
    drop(journal);
    // In a process of its own, whose memory nothing else has used.
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this)
        .env(RECOVER, dir.path())
        .status()
        .unwrap();
    assert!(status.success());
}

/// The restart itself.
fn take_up(dir: &Path) {
    let before = memory_bytes();
    let began = Instant::now();
    let journal = open(dir);
    let opened = began.elapsed();
    let after = memory_bytes();
    let mut rows = 0;
    let mut visit = |_: Found<'_>| {
        rows += 1;
        true
    };
    journal.walk_open(&mut visit).unwrap();
    let read = began.elapsed() - opened;
    assert_eq!(rows, OPEN * SHORT);
    let name = |what: &str| format!("{OPEN} open executions of {SHORT} rows: {what}");
    Figure::new("append", name("open"), opened.as_secs_f64(), "s").print();
    Figure::new("append", name("read all rows"), read.as_secs_f64(), "s").print();
    let each = after.saturating_sub(before) / OPEN;
    Figure::new("append", name("memory each"), each as f64, "bytes").print();
}
