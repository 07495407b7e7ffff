//! The clauses about the walk over all open executions.

use std::collections::{BTreeMap, HashMap};

use asl::Timestamp;
use asl::arn::ExecutionArn;

use super::{Subject, append, arn, first, last, row};
use crate::{Change, Journal, OpenRow, Row, Status};

/// What a walk shows of each open execution; panics where it contradicts itself. The rows are
/// in the order in which they were shown, and the executions in that of their arrival.
pub(super) fn open_rows(journal: &impl Journal) -> Vec<(ExecutionArn, Vec<Row>)> {
    let mut found: BTreeMap<i64, (ExecutionArn, Vec<Row>)> = BTreeMap::new();
    let mut complete: HashMap<i64, bool> = HashMap::new();
    let mut visit = |row: OpenRow<'_>| {
        let (execution, rows) = found
            .entry(row.arrival)
            .or_insert_with(|| (row.execution.clone(), Vec::new()));
        assert_eq!(execution, row.execution, "two of arrival {}", row.arrival);
        let before = complete.insert(row.arrival, row.is_last);
        assert_ne!(before, Some(true), "a row of {execution} after its last");
        rows.push(Row {
            sequence: row.sequence,
            records: row.records.to_vec(),
        });
        // A visitor may read.
        assert!(journal.summary(execution).is_ok());
        true
    };
    journal.open_rows(&mut visit).expect("a walk");
    assert!(complete.into_values().all(|is_last| is_last), "rows lack");
    found.into_values().collect()
}

pub(super) fn complete(subject: &mut impl Subject) {
    let mut journal = subject.open();
    assert!(open_rows(&journal).is_empty());
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
        .map(|name| (arn(name), journal.rows(&arn(name), 0, 99).expect("rows")))
        .collect();
    assert_eq!(open_rows(journal), expected);
}

pub(super) fn stopped(subject: &mut impl Subject) {
    let journal = subject.open();
    for name in ["a", "b"] {
        append(&journal, first(name));
    }
    let mut visits = 0;
    let mut stop = |_: OpenRow<'_>| {
        visits += 1;
        false
    };
    journal.open_rows(&mut stop).expect("a walk");
    assert_eq!(visits, 1);
}
