//! The clauses about the walk over all open executions.

use std::collections::{BTreeMap, HashMap};

use asl::Timestamp;
use asl::arn::ExecutionArn;

use super::{Subject, append, arn, first, last, row};
use crate::{Change, Found, Journal, Rest, Row, Status};

/// What a walk shows of one execution.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    /// That it rests, how many rows it has, and until when.
    Rests(u64, Rest),
    /// All its rows, in the order in which they were shown.
    Rows(Vec<Row>),
}

/// What a walk shows of each open execution; panics where it contradicts itself. They are in the
/// order of their arrival.
pub(super) fn open_executions(journal: &impl Journal) -> Vec<(ExecutionArn, Shown)> {
    let mut found: BTreeMap<i64, (ExecutionArn, Shown)> = BTreeMap::new();
    let mut complete: HashMap<i64, bool> = HashMap::new();
    let mut visit = |shown: Found<'_>| {
        let execution = match shown {
            Found::Resting(one) => {
                let rests = (one.execution.clone(), Shown::Rests(one.rows, one.rest));
                let before = found.insert(one.arrival, rests);
                assert!(before.is_none(), "{} rests and does not", one.execution);
                one.execution
            }
            Found::Row(row) => {
                let (execution, shown) = found
                    .entry(row.arrival)
                    .or_insert_with(|| (row.execution.clone(), Shown::Rows(Vec::new())));
                assert_eq!(execution, row.execution, "two of arrival {}", row.arrival);
                let before = complete.insert(row.arrival, row.is_last);
                assert_ne!(before, Some(true), "a row of {execution} after its last");
                let Shown::Rows(rows) = shown else {
                    panic!("{execution} rests and does not");
                };
                rows.push(Row {
                    sequence: row.sequence,
                    records: row.records.to_vec(),
                });
                row.execution
            }
        };
        // A visitor may read.
        assert!(journal.summary(execution).is_ok());
        true
    };
    journal.walk_open(&mut visit).expect("a walk");
    assert!(complete.into_values().all(|is_last| is_last), "rows lack");
    found.into_values().collect()
}

pub(super) fn complete(subject: &mut impl Subject) {
    let mut journal = subject.open();
    assert!(open_executions(&journal).is_empty());
    for name in ["a", "b", "c", "d"] {
        append(&journal, first(name));
    }
    for sequence in 1..4 {
        append(&journal, row("a", sequence, Change::None));
        append(&journal, row("c", sequence, Change::None));
    }
    append(&journal, last("b", 1, Status::Failed));
    append(&journal, last("c", 4, Status::Failed));
    expect_open(&journal, &["a", "d"]);
    // By then the rows of what ended may be somewhere else.
    drop(journal);
    journal = subject.open();
    expect_open(&journal, &["a", "d"]);
    let at = Timestamp(3000);
    append(&journal, row("c", 5, Change::Reopened { at }));
    append(&journal, row("c", 6, Change::None));
    append(&journal, row("d", 1, Change::None));
    expect_open(&journal, &["a", "c", "d"]);
    drop(journal);
    expect_open(&subject.open(), &["a", "c", "d"]);
}

/// These must be open, with all rows they have.
fn expect_open(journal: &impl Journal, names: &[&str]) {
    let expected: Vec<_> = names
        .iter()
        .map(|name| {
            let rows = journal.rows(&arn(name), 0, 99).expect("rows");
            (arn(name), Shown::Rows(rows))
        })
        .collect();
    assert_eq!(open_executions(journal), expected);
}

/// What the last row says counts, here and after a restart, and nothing that was said before.
pub(super) fn resting(subject: &mut impl Subject) {
    let journal = subject.open();
    let until = Rest {
        until: Some(Timestamp(5000)),
    };
    let asked = Rest { until: None };
    for name in ["a", "b", "c", "d"] {
        append(&journal, first(name));
    }
    let rests = |name, sequence, rest| {
        let mut row = row(name, sequence, Change::None);
        row.rest = Some(rest);
        row
    };
    append(&journal, rests("a", 1, until));
    append(&journal, rests("b", 1, until));
    append(&journal, row("b", 2, Change::None));
    append(&journal, rests("c", 1, until));
    append(&journal, rests("c", 2, asked));
    let mut ends = last("d", 1, Status::Failed);
    ends.rest = Some(until);
    append(&journal, ends);
    let expected = |journal: &_| {
        let rows = Journal::rows(journal, &arn("b"), 0, 99).expect("rows");
        vec![
            (arn("a"), Shown::Rests(2, until)),
            (arn("b"), Shown::Rows(rows)),
            (arn("c"), Shown::Rests(3, asked)),
        ]
    };
    assert_eq!(open_executions(&journal), expected(&journal));
    drop(journal);
    let journal = subject.open();
    assert_eq!(open_executions(&journal), expected(&journal));
    append(&journal, row("a", 2, Change::None));
    append(&journal, last("b", 3, Status::Failed));
    append(&journal, last("c", 3, Status::Failed));
    let at = Timestamp(6000);
    append(&journal, row("d", 2, Change::Reopened { at }));
    expect_open(&journal, &["a", "d"]);
    append(&journal, rests("d", 3, asked));
    drop(journal);
    let journal = subject.open();
    let rows = journal.rows(&arn("a"), 0, 99).expect("rows");
    let expected = vec![
        (arn("a"), Shown::Rows(rows)),
        (arn("d"), Shown::Rests(4, asked)),
    ];
    assert_eq!(open_executions(&journal), expected);
}

pub(super) fn stopped(subject: &mut impl Subject) {
    let journal = subject.open();
    for name in ["a", "b"] {
        append(&journal, first(name));
    }
    let mut visits = 0;
    let mut stop = |_: Found<'_>| {
        visits += 1;
        false
    };
    journal.walk_open(&mut stop).expect("a walk");
    assert_eq!(visits, 1);
}
