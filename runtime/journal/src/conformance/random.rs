//! Operations that a seed decides, on a journal and on the model, compared at every answer.

use asl::Timestamp;

use super::walk::open_executions;
use super::{Subject, arn, opened, row, wait};
use crate::chance::Chance;
use crate::{Append, Change, Error, Journal, Listing, MemoryJournal, Origin, Rest, Status, Under};

/// How many operations a seed makes.
const OPERATIONS: u64 = 150;
/// How many executions they are about: few, so that they meet.
const EXECUTIONS: u64 = 8;

/// Says which seed to run again when something does not hold.
struct Rerun(u64);

impl Drop for Rerun {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(seed) = self;
            eprintln!("rerun with: journal::conformance::check_seed({seed}, &mut subject)");
        }
    }
}

pub(super) fn compare(seed: u64, subject: &mut impl Subject) {
    let _rerun = Rerun(seed);
    let mut chance = Chance::new(seed);
    let model = MemoryJournal::new();
    let mut journal = subject.open();
    let mut operations = 0;
    while operations < OPERATIONS {
        match chance.below(20) {
            0 => {
                drop(journal);
                journal = subject.open();
                compare_reads(&journal, &model, &mut chance);
            }
            1..4 => put(&journal, &model, &mut chance),
            4 => compare_reads(&journal, &model, &mut chance),
            5 => expire(&journal, &model, &mut chance),
            _ => operations += append_some(&journal, &model, &mut chance),
        }
        operations += 1;
    }
    drop(journal);
    compare_reads(&subject.open(), &model, &mut chance);
}

/// Submits a few rows without waiting in between.
fn append_some(journal: &impl Journal, model: &MemoryJournal, chance: &mut Chance) -> u64 {
    let count = 1 + chance.below(6);
    let mut submitted = Vec::new();
    for _ in 0..count {
        let row = random_row(model, chance);
        let expected = model.append_now(row.clone());
        submitted.push((journal.append(row.clone()), expected, row));
    }
    for (durable, expected, row) in submitted {
        assert_eq!(said(&wait(durable)), said(&expected), "{row:?}");
    }
    count
}

/// Mostly a row that the contract takes.
fn random_row(model: &MemoryJournal, chance: &mut Chance) -> Append {
    let name = format!("e{}", chance.below(EXECUTIONS));
    let there = model
        .rows(&arn(&name), 0, usize::MAX)
        .ok()
        .and_then(|rows| rows.last().map(|row| row.sequence + 1))
        .unwrap_or(0);
    let ended = model
        .summary(&arn(&name))
        .is_ok_and(|found| found.status != Status::Running);
    let status = Status::ALL[1 + chance.below(4) as usize];
    let stopped_at = Timestamp(chance.below(100) as i64);
    let mut begin = opened(
        ["x", "y"][chance.below(2) as usize],
        &name,
        chance.below(10) as i64,
    );
    begin.origin = Origin {
        version: chance.percent(50).then(|| "v".into()),
        alias: chance.percent(50).then(|| "a".into()),
        map_run: chance.percent(50).then(|| "m".into()),
        item_count: chance.percent(50).then(|| chance.below(100)),
    };
    let sensible = !chance.percent(15);
    let change = match chance.below(10) {
        0 if there == 0 || !sensible => Change::OpenedAndClosed {
            opened: begin,
            status,
            stopped_at,
        },
        _ if there == 0 => Change::Opened(begin),
        1 | 2 if ended || !sensible => Change::Reopened { at: stopped_at },
        3 | 4 => Change::Closed { status, stopped_at },
        6 => Change::Forgets {
            before: chance.below(there + 2),
        },
        5 if !sensible => Change::Opened(begin),
        _ => Change::None,
    };
    let sequence = if sensible {
        there
    } else {
        chance.below(there + 2)
    };
    let mut append = row(&name, sequence, change);
    append.records.resize(chance.below(400) as usize, 7);
    append.rest = chance.percent(50).then(|| Rest {
        until: chance.percent(50).then_some(stopped_at),
    });
    append
}

fn put(journal: &impl Journal, model: &MemoryJournal, chance: &mut Chance) {
    let (kind, key) = (
        ["k", "l"][chance.below(2) as usize],
        ["a", "ab", "b"][chance.below(3) as usize],
    );
    let stands = model
        .get(kind, key)
        .map_or(0, |entry| entry.map_or(0, |entry| entry.revision));
    let expected = if chance.percent(80) {
        stands
    } else {
        chance.below(4)
    };
    let document = chance.percent(70).then(|| chance.next().to_string());
    let answer = wait(journal.put(kind, key, expected, document.clone()));
    assert_eq!(
        said(&answer),
        said(&model.put_now(kind, key, expected, document))
    );
}

fn expire(journal: &impl Journal, model: &MemoryJournal, chance: &mut Chance) {
    let before = Timestamp(chance.below(120) as i64);
    let limit = chance.below(4) as usize;
    let answer = wait(journal.expire(before, limit));
    assert_eq!(said(&answer), said(&model.expire_now(before, limit)));
}

/// Everything that can be read must read the same.
fn compare_reads(journal: &impl Journal, model: &MemoryJournal, chance: &mut Chance) {
    for number in 0..EXECUTIONS {
        let arn = arn(&format!("e{number}"));
        let (from, limit) = (chance.below(6), chance.below(9) as usize);
        for (from, limit) in [(0, usize::MAX), (from, limit)] {
            let (found, expected) = (
                journal.rows(&arn, from, limit),
                model.rows(&arn, from, limit),
            );
            assert_eq!(
                said(&found),
                said(&expected),
                "{arn} from {from}, at most {limit}"
            );
        }
        assert_eq!(said(&journal.summary(&arn)), said(&model.summary(&arn)));
        let (found, expected) = (journal.row_count(&arn), model.row_count(&arn));
        assert_eq!(said(&found), said(&expected), "{arn}");
    }
    let mut listing = Listing {
        limit: 1 + chance.below(5) as usize,
        ..Listing::default()
    };
    let x = opened("x", "", 0).state_machine;
    listing.under = match chance.below(5) {
        0 => Some(Under::StateMachine(x)),
        1 => Some(Under::Version("v".into())),
        2 => Some(Under::Alias("a".into())),
        3 => Some(Under::MapRun("m".into())),
        _ => None,
    };
    listing.redriven = [None, Some(true), Some(false)][chance.below(3) as usize];
    if chance.percent(50) {
        listing.status = Some(Status::ALL[chance.below(5) as usize]);
    }
    loop {
        // Tokens are opaque, and need not be the same; pages must be.
        let (page, expected) = (journal.list(&listing), model.list(&listing));
        let (page, expected) = (page.expect("a page"), expected.expect("a page"));
        assert_eq!(page.summaries, expected.summaries, "{listing:?}");
        assert_eq!(page.next.is_some(), expected.next.is_some());
        if page.next.is_none() {
            break;
        }
        listing.after = page.next;
    }
    assert_eq!(open_executions(journal), open_executions(model));
    for machine in [None, Some(opened("x", "", 0).state_machine)] {
        let (found, expected) = (
            journal.open_count(machine.as_ref()),
            model.open_count(machine.as_ref()),
        );
        assert_eq!(said(&found), said(&expected));
    }
    for kind in ["k", "l"] {
        let (found, expected) = (
            journal.entries(kind, "a", None, 9),
            model.entries(kind, "a", None, 9),
        );
        assert_eq!(said(&found), said(&expected));
    }
}

/// An answer as text: errors have no equality, and their text says all that they hold.
fn said<T: std::fmt::Debug>(answer: &Result<T, Error>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}
