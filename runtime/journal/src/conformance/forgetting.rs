//! The clause about rows that are forgotten.

use asl::Timestamp;

use super::walk::{Shown, open_executions};
use super::{Subject, append, arn, first, last, row, wait};
use crate::{Change, Error, Journal, Row, Status};

/// A row after which those before `before` are gone.
fn forgets(name: &str, sequence: u64, before: u64) -> crate::Append {
    row(name, sequence, Change::Forgets { before })
}

/// The rows of `a` must be those of these sequences, wherever they are read from; those of `b`,
/// which lie between them, are all there.
fn expect(journal: &impl Journal, sequences: std::ops::Range<u64>) {
    let rows = |name: &str, sequences: std::ops::Range<u64>| -> Vec<Row> {
        let row = |sequence| Row {
            sequence,
            records: format!("{name}#{sequence}").into_bytes(),
        };
        sequences.map(row).collect()
    };
    let read = |name, from, limit| journal.rows(&arn(name), from, limit).expect("rows");
    for from in 0..sequences.end + 2 {
        for limit in [1, 3, usize::MAX] {
            let from_there = from.max(sequences.start)..sequences.end;
            let mut expected = rows("a", from_there);
            expected.truncate(limit);
            assert_eq!(
                read("a", from, limit),
                expected,
                "from {from}, at most {limit}"
            );
        }
    }
    let count = journal.row_count(&arn("a")).expect("a count");
    assert_eq!(count, sequences.end, "all that it has had");
    assert_eq!(read("b", 0, usize::MAX), rows("b", 0..3));
    let is_open = |name| {
        let found = journal.summary(&arn(name)).expect("a summary");
        found.status == Status::Running
    };
    let mut expected = vec![(arn("b"), Shown::Rows(rows("b", 0..3)))];
    if is_open("a") {
        expected.insert(0, (arn("a"), Shown::Rows(rows("a", sequences))));
    }
    assert_eq!(open_executions(journal), expected);
}

/// Rows 0 to 5 of `a` and 0 to 2 of `b`, mixed.
fn begin(journal: &impl Journal) {
    append(journal, first("a"));
    append(journal, first("b"));
    for sequence in 1..6 {
        append(journal, row("a", sequence, Change::None));
        if sequence < 3 {
            append(journal, row("b", sequence, Change::None));
        }
    }
}

pub(super) fn gone(subject: &mut impl Subject) {
    let mut journal = subject.open();
    begin(&journal);
    append(&journal, forgets("a", 6, 4));
    expect(&journal, 4..7);
    drop(journal);
    journal = subject.open();
    expect(&journal, 4..7);
    // What is gone already may be named again.
    append(&journal, forgets("a", 7, 2));
    expect(&journal, 4..8);
    // No row forgets itself.
    append(&journal, forgets("a", 8, 99));
    expect(&journal, 8..9);
    append(&journal, row("a", 9, Change::None));
    append(&journal, last("a", 10, Status::Failed));
    expect(&journal, 8..11);
    drop(journal);
    journal = subject.open();
    expect(&journal, 8..11);
    // One that is refused takes nothing away.
    let refused = wait(journal.append(forgets("a", 11, 10)));
    assert!(matches!(refused, Err(Error::Ended(_))), "{refused:?}");
    expect(&journal, 8..11);
}

pub(super) fn in_one_batch(subject: &mut impl Subject) {
    let mut journal = subject.open();
    begin(&journal);
    let submitted = [
        row("a", 6, Change::None),
        forgets("a", 7, 7),
        row("a", 8, Change::None),
        forgets("a", 9, 8),
    ];
    let submitted = submitted.map(|append| journal.append(append));
    for durable in submitted {
        wait(durable).expect("taken");
    }
    expect(&journal, 8..10);
    drop(journal);
    journal = subject.open();
    expect(&journal, 8..10);
}

pub(super) fn after_a_redrive(subject: &mut impl Subject) {
    let mut journal = subject.open();
    begin(&journal);
    append(&journal, last("a", 6, Status::Failed));
    // By then its rows may be somewhere else.
    drop(journal);
    journal = subject.open();
    wait(journal.put("kind", "key", 0, Some("later".into()))).expect("taken");
    let at = Timestamp(3000);
    append(&journal, row("a", 7, Change::Reopened { at }));
    append(&journal, forgets("a", 8, 3));
    expect(&journal, 3..9);
    drop(journal);
    journal = subject.open();
    expect(&journal, 3..9);
    append(&journal, forgets("a", 9, 8));
    append(&journal, last("a", 10, Status::Succeeded));
    expect(&journal, 8..11);
    drop(journal);
    expect(&subject.open(), 8..11);
}
