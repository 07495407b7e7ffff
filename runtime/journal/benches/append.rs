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
use asl::arn::Place;
use journal::sqlite::Options;
use journal::{Append, Change, Journal, OpenRow, Opened, Origin, SqliteJournal, Status};

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
    println!(
        "{:>10} {:>12} {:>12} {:>9} {:>6}",
        "appenders", "bare rows/s", "rows/s", "MB/s", "ratio"
    );
    for appenders in [1, 64, 1024] {
        // Halves before and after, so that a disk that changes its mind shows in both.
        let before = bare(appenders, time / 2);
        let (rows, waited) = appended(appenders, u64::MAX, time);
        let bare = (before + bare(appenders, time / 2)) / 2.0;
        let megabytes = rows * ROW_BYTES as f64 / 1e6;
        println!(
            "{appenders:>10} {bare:>12.0} {rows:>12.0} {megabytes:>9.1} {:>6.2}   p50 {:.2} ms, p99 {:.2} ms",
            rows / bare,
            waited[waited.len() / 2].as_secs_f64() * 1e3,
            waited[waited.len() * 99 / 100].as_secs_f64() * 1e3,
        );
    }
    println!("executions of {SHORT} rows, begun, ended and folded:");
    for appenders in [64, 1024] {
        let (rows, _) = appended(appenders, SHORT, time);
        println!("{appenders:>10} {:>12.0} executions/s", rows / SHORT as f64);
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

fn row(name: &str, sequence: u64, rows: u64) -> Append {
    let place = Place::default();
    let change = match sequence {
        0 => Change::Opened(Opened {
            state_machine: place.state_machine("machine"),
            name: name.into(),
            started_at: Timestamp(1_700_000_000_000),
            origin: Origin::default(),
        }),
        last if last + 1 == rows => Change::Closed {
            status: Status::Succeeded,
            stopped_at: Timestamp(1_700_000_000_001),
        },
        _ => Change::None,
    };
    let execution = place.execution("machine", name);
    Append {
        execution,
        sequence,
        records: vec![7; ROW_BYTES],
        change,
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
                        for sequence in 0..rows {
                            let submitted = Instant::now();
                            journal.append(row(&name, sequence, rows)).await.unwrap();
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
            for sequence in 0..SHORT {
                last = Some(journal.append(row(&name, sequence, u64::MAX)));
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
    let before = resident_kibibytes();
    let began = Instant::now();
    let journal = open(dir);
    let opened = began.elapsed();
    let after = resident_kibibytes();
    let mut rows = 0;
    let mut visit = |_: OpenRow<'_>| {
        rows += 1;
        true
    };
    journal.open_rows(&mut visit).unwrap();
    let read = began.elapsed() - opened;
    println!(
        "{OPEN} open executions of {SHORT} rows: open in {:.2} s, all {rows} rows read in {:.2} s, {} bytes of memory each",
        opened.as_secs_f64(),
        read.as_secs_f64(),
        after.saturating_sub(before) * 1024 / OPEN,
    );
}

/// What this process holds, as Linux counts; 0 elsewhere.
fn resident_kibibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
