//! One function for each clause of the contract.

use asl::Timestamp;

use super::{Subject, append, arn, expect_rows, first, last, opened, refusal, row, wait};
use crate::{Change, Error, Journal, ROW_BYTES_MAX, Status, Summary};

fn summary(journal: &impl Journal, name: &str) -> Summary {
    journal.summary(&arn(name)).expect("a summary")
}

pub(super) fn order_and_fence(subject: &mut impl Subject) {
    let journal = subject.open();
    append(&journal, first("a"));
    append(&journal, row("a", 1, Change::None));
    for (sequence, expected) in [(0, 2), (1, 2), (3, 2), (u64::MAX, 2)] {
        let refused = refusal(&journal, row("a", sequence, Change::None));
        assert!(
            matches!(refused, Error::OutOfSequence { sequence: s, expected: e, .. }
                if s == sequence && e == expected),
            "{refused}"
        );
    }
    expect_rows(&journal, "a", 2);
    drop(journal);
    let journal = subject.open();
    expect_rows(&journal, "a", 2);
    assert!(matches!(
        refusal(&journal, row("a", 1, Change::None)),
        Error::OutOfSequence { expected: 2, .. }
    ));
    append(&journal, row("a", 2, Change::None));
    expect_rows(&journal, "a", 3);
}

pub(super) fn beginnings(subject: &mut impl Subject) {
    let journal = subject.open();
    assert!(matches!(
        refusal(&journal, row("a", 0, Change::None)),
        Error::NoSuchExecution(_)
    ));
    assert!(matches!(
        refusal(&journal, row("a", 4, Change::None)),
        Error::NoSuchExecution(_)
    ));
    let late = row("a", 1, Change::Opened(opened("machine", "a", 1)));
    assert!(matches!(
        refusal(&journal, late),
        Error::OutOfSequence { expected: 0, .. }
    ));
    append(&journal, first("a"));
    assert!(matches!(refusal(&journal, first("a")), Error::Exists(_)));
    let whole = Change::OpenedAndClosed {
        opened: opened("machine", "b", 5),
        status: Status::Failed,
        stopped_at: Timestamp(7),
    };
    append(&journal, row("b", 0, whole.clone()));
    assert!(matches!(
        refusal(&journal, row("b", 0, whole.clone())),
        Error::Exists(_)
    ));
    assert!(matches!(
        refusal(&journal, row("b", 1, Change::None)),
        Error::Ended(_)
    ));
    drop(journal);
    let journal = subject.open();
    assert!(matches!(refusal(&journal, first("a")), Error::Exists(_)));
    assert!(matches!(
        refusal(&journal, row("b", 0, whole)),
        Error::Exists(_)
    ));
    expect_rows(&journal, "b", 1);
    let found = summary(&journal, "b");
    assert_eq!(
        (found.status, found.stopped_at),
        (Status::Failed, Some(Timestamp(7)))
    );
}

pub(super) fn endings(subject: &mut impl Subject) {
    let mut journal = subject.open();
    append(&journal, first("a"));
    append(&journal, last("a", 1, Status::Failed));
    let mut next = 2;
    for status in [Status::TimedOut, Status::Aborted, Status::Succeeded] {
        assert!(matches!(
            refusal(&journal, row("a", next, Change::None)),
            Error::Ended(_)
        ));
        assert!(matches!(
            refusal(&journal, last("a", next, status)),
            Error::Ended(_)
        ));
        append(
            &journal,
            row(
                "a",
                next,
                Change::Reopened {
                    at: Timestamp(3000),
                },
            ),
        );
        let found = summary(&journal, "a");
        assert_eq!((found.status, found.stopped_at), (Status::Running, None));
        let again = refusal(
            &journal,
            row(
                "a",
                next + 1,
                Change::Reopened {
                    at: Timestamp(3000),
                },
            ),
        );
        assert!(matches!(again, Error::NotEnded(_)), "{again}");
        // A restart in between finds part of its rows archived, part in the log.
        drop(journal);
        journal = subject.open();
        append(&journal, row("a", next + 1, Change::None));
        append(&journal, last("a", next + 2, status));
        next += 3;
        expect_rows(&journal, "a", next);
        let found = summary(&journal, "a");
        assert_eq!(
            (found.status, found.stopped_at),
            (status, Some(Timestamp(2000)))
        );
    }
}

pub(super) fn pipelined(subject: &mut impl Subject) {
    let journal = subject.open();
    // A refused row in the midst harms neither its neighbours nor other executions.
    let submitted = [
        first("a"),
        first("b"),
        row("a", 1, Change::None),
        row("b", 7, Change::None),
        row("b", 8, Change::None),
        row("c", 0, Change::None),
        first("c"),
        row("a", 2, Change::None),
        row("b", 1, Change::None),
        last("c", 1, Status::Succeeded),
        row(
            "c",
            2,
            Change::Reopened {
                at: Timestamp(3000),
            },
        ),
    ];
    let durables: Vec<_> = submitted
        .into_iter()
        .map(|row| journal.append(row))
        .collect();
    let taken: Vec<bool> = durables
        .into_iter()
        .map(|durable| wait(durable).is_ok())
        .collect();
    let expected = [
        true, true, true, false, false, false, true, true, true, true, true,
    ];
    assert_eq!(taken, expected);
    for (name, count) in [("a", 3), ("b", 2), ("c", 3)] {
        expect_rows(&journal, name, count);
    }
}

pub(super) fn dropped_futures(subject: &mut impl Subject) {
    let journal = subject.open();
    drop(journal.append(first("a")));
    drop(journal.append(row("a", 1, Change::None)));
    append(&journal, row("a", 2, Change::None));
    expect_rows(&journal, "a", 3);
}

pub(super) fn reads(subject: &mut impl Subject) {
    let journal = subject.open();
    let nothing = journal.rows(&arn("a"), 0, 10);
    assert!(
        matches!(nothing, Err(Error::NoSuchExecution(_))),
        "{nothing:?}"
    );
    assert!(matches!(
        journal.summary(&arn("a")),
        Err(Error::NoSuchExecution(_))
    ));
    assert!(matches!(
        journal.row_count(&arn("a")),
        Err(Error::NoSuchExecution(_))
    ));
    append(&journal, first("a"));
    for sequence in 1..9 {
        append(&journal, row("a", sequence, Change::None));
    }
    append(&journal, last("a", 9, Status::Succeeded));
    expect_slices(&journal);
    drop(journal);
    expect_slices(&subject.open());
}

/// Ten rows of `a`, read from every place in every length.
fn expect_slices(journal: &impl Journal) {
    assert_eq!(journal.row_count(&arn("a")).expect("a count"), 10);
    for from in 0..12 {
        for limit in [0, 1, 3, 100] {
            let read = journal.rows(&arn("a"), from, limit).expect("rows");
            let sequences: Vec<u64> = read.iter().map(|row| row.sequence).collect();
            let expected: Vec<u64> = (from..10).take(limit).collect();
            assert_eq!(sequences, expected, "from {from}, limit {limit}");
        }
    }
    assert!(
        journal
            .rows(&arn("a"), u64::MAX, 5)
            .expect("rows")
            .is_empty()
    );
}

pub(super) fn retention(subject: &mut impl Subject) {
    let mut journal = subject.open();
    let expire = |journal: &_, before, limit| {
        let expired = Journal::expire(journal, Timestamp(before), limit);
        wait(expired).expect("nothing refuses that")
    };
    assert_eq!(expire(&journal, i64::MAX, 9), 0);
    for (name, stopped_at) in [("a", 30), ("b", 10), ("c", 20), ("d", 10), ("e", 40)] {
        append(&journal, first(name));
        let status = Status::Failed;
        let stopped_at = Timestamp(stopped_at);
        append(
            &journal,
            row(name, 1, Change::Closed { status, stopped_at }),
        );
    }
    append(&journal, first("open"));
    let at = Timestamp(5);
    append(&journal, row("e", 2, Change::Reopened { at }));
    assert_eq!(expire(&journal, 10, 9), 0, "10 is not before 10");
    assert_eq!(expire(&journal, 31, 0), 0);
    assert_eq!(expire(&journal, 31, 3), 3);
    drop(journal);
    journal = subject.open();
    for name in ["b", "d", "c"] {
        let gone = journal.summary(&arn(name));
        assert!(matches!(gone, Err(Error::NoSuchExecution(_))), "{gone:?}");
        let gone = journal.rows(&arn(name), 0, 9);
        assert!(matches!(gone, Err(Error::NoSuchExecution(_))), "{gone:?}");
        let gone = refusal(&journal, row(name, 2, Change::Reopened { at }));
        assert!(matches!(gone, Error::NoSuchExecution(_)), "{gone}");
    }
    expect_rows(&journal, "a", 2);
    assert_eq!(expire(&journal, i64::MAX, 9), 1);
    assert_eq!(expire(&journal, i64::MAX, 9), 0);
    expect_rows(&journal, "e", 3);
    expect_rows(&journal, "open", 1);
    // The names are free, with nothing left of what had them; and not for another's row.
    for name in ["a", "b"] {
        append(&journal, first(name));
        append(&journal, row(name, 1, Change::None));
        expect_rows(&journal, name, 2);
    }
    // In one batch with what ends and what begins again.
    let submitted = [
        journal.append(last("a", 2, Status::Aborted)),
        journal.append(first("x")),
    ];
    let expired = journal.expire(Timestamp(2001), 1);
    let again = journal.append(first("a"));
    for durable in submitted {
        wait(durable).expect("taken");
    }
    assert_eq!(wait(expired).expect("nothing refuses that"), 1);
    wait(again).expect("the name is free");
    drop(journal);
    journal = subject.open();
    expect_rows(&journal, "a", 1);
    expect_rows(&journal, "x", 1);
    assert_eq!(journal.open_count(None).expect("a count"), 5);
    wait(journal.close()).expect("closed");
    let refused = wait(journal.expire(Timestamp(1), 1));
    assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
}

pub(super) fn catalogue(subject: &mut impl Subject) {
    let journal = subject.open();
    let put = |key: &str, expected, document: Option<&str>| {
        wait(journal.put("kind", key, expected, document.map(str::to_owned)))
    };
    assert_eq!(put("a", 0, Some("one")).expect("put"), 1);
    assert_eq!(put("a", 1, Some("two")).expect("put"), 2);
    for expected in [0, 1, 3] {
        let refused = put("a", expected, Some("three"));
        assert!(
            matches!(refused, Err(Error::Conflict { actual: 2, expected: e, .. }) if e == expected)
        );
    }
    assert!(matches!(
        put("b", 1, None),
        Err(Error::Conflict { actual: 0, .. })
    ));
    assert_eq!(put("b", 0, None).expect("nothing is deleted"), 0);
    for key in ["a/1", "a/2", "a/3", "b", "ab", "\u{10ffff}", ""] {
        assert_eq!(put(key, 0, Some(key)).expect("put"), 1);
    }
    assert_eq!(
        wait(journal.put("kind2", "a/9", 0, Some(String::new()))).expect("put"),
        1
    );
    assert_eq!(put("a/2", 1, None).expect("deleted"), 0);
    assert_eq!(put("a/2", 0, Some("again")).expect("made again"), 1);
    drop(journal);
    let journal = subject.open();
    let found = journal.get("kind", "a").expect("get").expect("an entry");
    assert_eq!((found.revision, found.document.as_str()), (2, "two"));
    assert_eq!((found.kind.as_str(), found.key.as_str()), ("kind", "a"));
    assert_eq!(journal.get("kind", "a/9").expect("get"), None);
    let keys = |prefix, after, limit| -> Vec<String> {
        let entries = journal
            .entries("kind", prefix, after, limit)
            .expect("entries");
        entries.into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(
        keys("", None, 100),
        ["", "a", "a/1", "a/2", "a/3", "ab", "b", "\u{10ffff}"]
    );
    assert_eq!(keys("a/", None, 100), ["a/1", "a/2", "a/3"]);
    assert_eq!(keys("a/", Some("a/1"), 1), ["a/2"]);
    assert_eq!(keys("a/", Some("a"), 2), ["a/1", "a/2"]);
    assert!(keys("a/", Some("b"), 9).is_empty());
    assert!(keys("c", None, 9).is_empty());
    assert!(keys("", None, 0).is_empty());
}

pub(super) fn closing(subject: &mut impl Subject) {
    let journal = subject.open();
    let submitted = [
        journal.append(first("a")),
        journal.append(row("a", 1, Change::None)),
    ];
    wait(journal.close()).expect("closed");
    for durable in submitted {
        wait(durable).expect("what was taken before the close is durable");
    }
    assert!(matches!(
        refusal(&journal, row("a", 2, Change::None)),
        Error::Closed
    ));
    assert!(matches!(
        wait(journal.put("kind", "a", 0, None)),
        Err(Error::Closed)
    ));
    wait(journal.close()).expect("closed twice");
    expect_rows(&journal, "a", 2);
    drop(journal);
    let journal = subject.open();
    append(&journal, row("a", 2, Change::None));
    // Dropped without a close: what was taken is written all the same.
    let durable = journal.append(row("a", 3, Change::None));
    drop(journal);
    wait(durable).expect("what was taken before the drop is durable");
    expect_rows(&subject.open(), "a", 4);
}

pub(super) fn sizes(subject: &mut impl Subject) {
    let journal = subject.open();
    append(&journal, first("a"));
    let mut large = row("a", 1, Change::None);
    large.records = vec![0; ROW_BYTES_MAX + 1];
    let refused = [
        journal.append(large),
        journal.append(row("a", 1, Change::None)),
    ]
    .map(wait);
    assert!(
        matches!(refused, [Err(Error::TooLarge { .. }), Ok(())]),
        "{refused:?}"
    );
    let mut row = row("a", 2, Change::None);
    row.records = (0..3_000_000_u32).map(|byte| byte as u8).collect();
    append(&journal, row.clone());
    append(&journal, super::row("a", 3, Change::None));
    let mut empty = last("a", 4, Status::Succeeded);
    empty.records = Vec::new();
    append(&journal, empty);
    drop(journal);
    let rows = subject.open().rows(&arn("a"), 2, 9).expect("rows");
    assert!(
        rows[0].records == row.records,
        "a large row comes back changed"
    );
    assert_eq!((rows.len(), rows[2].records.len()), (3, 0));
}
