//! Kill -9 at random moments: what was acknowledged is there, nothing is torn or missing.
//!
//! The test runs its own binary again as the victim, which appends and says what was
//! acknowledged; the parent kills it in mid-word and reads the journal.
#![cfg(feature = "sqlite")]
// A panic is the report here, in the functions beside the test as well.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use asl::Timestamp;
use asl::arn::Place;
use journal::sqlite::Options;
use journal::{Append, Change, Found, Journal, Opened, Origin, Rest, SqliteJournal, Status};

/// Tells the victim which directory to write.
const VICTIM: &str = "JOURNAL_CRASH_VICTIM";
/// How often the victim is killed.
const KILLS: u64 = 8;
/// How many executions it drives at once.
const WRITERS: u64 = 16;
/// After how many rows an execution ends, and the next begins.
const ROWS: u64 = 12;

fn open(dir: &Path) -> SqliteJournal {
    SqliteJournal::open(dir, Options::default()).unwrap()
}

/// The records of a row: long enough to span pages, and told from all others.
fn records(name: &str, sequence: u64) -> Vec<u8> {
    let length = 100 + (sequence as usize * 977) % 6000;
    format!("{name}#{sequence};")
        .into_bytes()
        .into_iter()
        .cycle()
        .take(length)
        .collect()
}

/// The first row that is left when row `sequence` is there: some take others away.
fn forgotten(sequence: u64) -> u64 {
    match sequence % 4 {
        3 if sequence + 1 < ROWS => sequence - 1,
        _ => 0,
    }
}

fn row(name: &str, sequence: u64) -> Append {
    let place = Place::default();
    let change = match sequence {
        0 => Change::Opened(Opened {
            state_machine: place.state_machine("machine"),
            name: name.into(),
            started_at: Timestamp(1),
            origin: Origin::default(),
        }),
        last if last + 1 == ROWS => Change::Closed {
            status: Status::Succeeded,
            stopped_at: Timestamp(2),
        },
        _ => match forgotten(sequence) {
            0 => Change::None,
            before => Change::Forgets { before },
        },
    };
    let execution = place.execution("machine", name);
    Append {
        execution,
        sequence,
        records: records(name, sequence),
        change,
        rest: (sequence % 3 == 1).then_some(Rest { until: None }),
    }
}

/// What the victim does until it is killed.
fn write_for_ever(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let journal = Arc::new(open(dir));
    runtime.block_on(async {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    for execution in 0_u64.. {
                        let name = format!("{}-{writer}-{execution}", std::process::id());
                        for sequence in 0..ROWS {
                            journal.append(row(&name, sequence)).await.unwrap();
                            // One write: a line is there whole or torn at the very end.
                            let line = format!("{name} {sequence}\n");
                            std::io::stdout().write_all(line.as_bytes()).unwrap();
                            std::io::stdout().flush().unwrap();
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        return write_for_ever(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<String, u64> = HashMap::new();
    for kill in 0..KILLS {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "what_was_acknowledged_survives_kill_9",
                "--nocapture",
            ])
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        // Somewhere within a batch, and each time somewhere else.
        let until = 50 + kill * 151;
        for read in 0_u64.. {
            if read == until {
                victim.kill().unwrap();
            }
            let Some(Ok(line)) = lines.next() else { break };
            let Some((name, sequence)) = line.split_once(' ') else {
                continue;
            };
            if let Ok(sequence) = sequence.parse::<u64>()
                && sequence < ROWS
                && name.contains('-')
            {
                acknowledged.insert(name.to_owned(), sequence + 1);
            }
        }
        victim.wait().unwrap();
        verify(dir.path(), &acknowledged);
    }
    assert!(
        acknowledged.len() > 100,
        "the victim did not get far: {}",
        acknowledged.len()
    );
}

fn verify(dir: &Path, acknowledged: &HashMap<String, u64>) {
    let journal = open(dir);
    for (name, count) in acknowledged {
        check_execution(&journal, name, *count);
    }
    // Those of which nothing was acknowledged may be there, but then whole.
    let mut open = HashSet::new();
    let mut visit = |found: Found<'_>| {
        open.insert(match found {
            Found::Resting(one) => one.execution.clone(),
            Found::Row(row) => row.execution.clone(),
        });
        true
    };
    journal.walk_open(&mut visit).unwrap();
    for arn in open {
        let summary = journal.summary(&arn).unwrap();
        assert_eq!(summary.status, Status::Running);
        check_execution(&journal, &summary.opened.name, 1);
    }
}

fn check_execution(journal: &SqliteJournal, name: &str, acknowledged: u64) {
    let arn = Place::default().execution("machine", name);
    let rows = journal.rows(&arn, 0, usize::MAX).unwrap();
    let count = journal.row_count(&arn).unwrap();
    let first = (0..count).map(forgotten).max().unwrap_or(0);
    assert_eq!(
        rows.len() as u64,
        count - first,
        "{name}: from row {first} on"
    );
    assert!(
        count >= acknowledged,
        "{name}: {acknowledged} acknowledged, {count} there"
    );
    for (row, sequence) in rows.iter().zip(first..) {
        assert_eq!(row.sequence, sequence, "{name}");
        assert!(
            row.records == records(name, sequence),
            "{name}: row {sequence} is torn"
        );
    }
    let ended = journal.summary(&arn).unwrap().status == Status::Succeeded;
    assert_eq!(ended, count == ROWS, "{name}: {count} rows");
}
