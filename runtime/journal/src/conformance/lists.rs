//! The clauses about lists, open executions and their count.

use std::sync::Arc;

use asl::Timestamp;
use asl::arn::Place;

use super::{Subject, append, arn, first, last, opened, row};
use crate::{
    Change, Error, Journal, Listing, Opened, Origin, Page, PageToken, Status, Summary, Under,
};

/// How many executions the lists are made of.
const COUNT: usize = 36;

/// The ARN of something of machine `x`, as a list is asked for it.
fn of_x(rest: &str) -> Arc<str> {
    format!("{}:{rest}", Place::default().state_machine("x")).into()
}

/// How execution `number` begins: two machines; starts in no order, some at the same moment.
fn begin(number: usize) -> Opened {
    let machine = if number.is_multiple_of(3) { "x" } else { "y" };
    let started_at = (number as i64 * 7) % 10;
    let mut opened = opened(machine, &format!("e{number}"), started_at);
    opened.origin = Origin {
        version: number.is_multiple_of(2).then(|| of_x("1")),
        alias: number.is_multiple_of(4).then(|| of_x("PROD")),
        map_run: number.is_multiple_of(5).then(|| of_x("run")),
        item_count: number.is_multiple_of(5).then_some(number as u64),
    };
    opened
}

/// What is to be read of execution `number` when [`live`] was done with it.
fn expected(number: usize) -> Summary {
    let redriven = number % 4 == 1;
    let ended = !number.is_multiple_of(3);
    let status = Status::ALL[if ended { 1 + number % 4 } else { 0 }];
    Summary {
        execution: arn(&format!("e{number}")),
        opened: begin(number),
        status,
        stopped_at: ended.then_some(Timestamp(2000)),
        redrive_count: if redriven { 2 } else { 0 },
        redriven_at: redriven.then_some(Timestamp(1800)),
    }
}

/// Begins execution `number`, redrives it or not, ends it or not.
fn live(journal: &impl Journal, number: usize) {
    let Summary {
        opened,
        status,
        redrive_count,
        ..
    } = expected(number);
    let name = opened.name.clone();
    append(journal, row(&name, 0, Change::Opened(opened)));
    let mut next = 1;
    for redrive in 0..i64::from(redrive_count) {
        let at = Timestamp(1700 + redrive * 100);
        append(journal, last(&name, next, Status::Aborted));
        append(journal, row(&name, next + 1, Change::Reopened { at }));
        next += 2;
    }
    if status != Status::Running {
        append(journal, last(&name, next, status));
    }
}

pub(super) fn lists(subject: &mut impl Subject) {
    let journal = subject.open();
    let limit = 5;
    let nothing = journal.list(&Listing {
        limit,
        ..Listing::default()
    });
    assert_eq!(nothing.expect("a page").next, None);
    for number in 0..COUNT {
        live(&journal, number);
    }
    compare(&journal);
    drop(journal);
    compare(&subject.open());
}

/// Every list there can be.
fn compare(journal: &impl Journal) {
    let machine = |name| Under::StateMachine(Place::default().state_machine(name));
    let unders = [
        None,
        Some(machine("x")),
        Some(machine("y")),
        Some(machine("nobody's")),
        Some(Under::Version(of_x("1"))),
        Some(Under::Alias(of_x("PROD"))),
        Some(Under::MapRun(of_x("run"))),
        // Listed under, but not as this.
        Some(Under::Alias(of_x("1"))),
        Some(Under::Version(of_x("run"))),
    ];
    for under in unders {
        for status in [None].into_iter().chain(Status::ALL.map(Some)) {
            for redriven in [None, Some(true), Some(false)] {
                for limit in [1, 3, COUNT, usize::MAX] {
                    let listing = Listing {
                        under: under.clone(),
                        status,
                        redriven,
                        limit,
                        after: None,
                    };
                    assert_eq!(
                        walk(journal, listing.clone()),
                        wanted(&listing),
                        "{listing:?}"
                    );
                }
            }
        }
    }
    let empty = journal.list(&Listing::default()).expect("a page");
    assert!(empty.summaries.is_empty() && empty.next.is_none());
}

/// What a list shows, told from the table and not from [`Listing::wants`].
fn wanted(listing: &Listing) -> Vec<Summary> {
    let mut numbers: Vec<usize> = (0..COUNT).collect();
    numbers.sort_by_key(|number| std::cmp::Reverse(((number * 7) % 10, *number)));
    let under = |number: usize| match &listing.under {
        None => true,
        Some(Under::StateMachine(machine)) => {
            machine.name() == if number.is_multiple_of(3) { "x" } else { "y" }
        }
        Some(Under::Version(arn)) => arn.ends_with(":1") && number.is_multiple_of(2),
        Some(Under::Alias(arn)) => arn.ends_with(":PROD") && number.is_multiple_of(4),
        Some(Under::MapRun(_)) => number.is_multiple_of(5),
    };
    numbers
        .into_iter()
        .filter(|number| under(*number))
        .filter(|number| {
            listing
                .redriven
                .is_none_or(|wants| wants == (number % 4 == 1))
        })
        .map(expected)
        .filter(|one| listing.status.is_none_or(|status| status == one.status))
        .collect()
}

/// What is on all pages of a list.
fn walk(journal: &impl Journal, mut listing: Listing) -> Vec<Summary> {
    let mut found = Vec::new();
    loop {
        let Page { summaries, next } = journal.list(&listing).expect("a page");
        assert!(summaries.len() <= listing.limit);
        found.extend(summaries);
        if next.is_none() {
            return found;
        }
        listing.after = next;
    }
}

pub(super) fn page_tokens(subject: &mut impl Subject) {
    let mut journal = subject.open();
    for number in 0..8 {
        live(&journal, number);
    }
    let asked = Listing {
        under: Some(Under::Version(of_x("1"))),
        limit: 1,
        ..Listing::default()
    };
    let token = journal.list(&asked).expect("a page").next;
    let token = token.expect("there are four");
    for forged in forged(&token) {
        let after = Some(PageToken(forged.clone()));
        let refused = journal.list(&Listing {
            after,
            ..asked.clone()
        });
        assert!(
            matches!(refused, Err(Error::BadPageToken(_))),
            "{forged:?}: {refused:?}"
        );
    }
    for other in other_lists(&asked) {
        let after = Some(token.clone());
        let refused = journal.list(&Listing {
            after,
            ..other.clone()
        });
        assert!(
            matches!(refused, Err(Error::BadPageToken(_))),
            "{other:?}: {refused:?}"
        );
    }
    // e4 (8), e2 (4), e6 (2), e0 (0): e4 was shown. What comes to be is newer, and what is
    // on the next page may end and be redriven, before a restart or after.
    append(&journal, last("e6", 1, Status::Failed));
    append(
        &journal,
        row(
            "e9",
            0,
            Change::Opened(Opened {
                started_at: Timestamp(9),
                ..begin(2)
            }),
        ),
    );
    drop(journal);
    journal = subject.open();
    let at = Timestamp(1);
    append(&journal, last("e0", 1, Status::Failed));
    append(&journal, row("e0", 2, Change::Reopened { at }));
    let rest = Listing {
        after: Some(token),
        limit: 100,
        ..asked
    };
    let names: Vec<_> = walk(&journal, rest)
        .into_iter()
        .map(|one| one.opened.name)
        .collect();
    assert_eq!(names, ["e2", "e6", "e0"]);
}

/// What no list of any journal ended with.
fn forged(token: &PageToken) -> Vec<String> {
    let mut forged: Vec<String> = ["", "nonsense", "1", "1.x", "1.2.3", "..", "9.9.0"]
        .map(str::to_owned)
        .into();
    for place in 0..token.0.len() {
        let mut bytes = token.0.clone().into_bytes();
        bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
        forged.push(String::from_utf8(bytes).expect("digits"));
    }
    forged.push(format!("{}0", token.0));
    forged.push(format!("0{}", token.0));
    forged.push(format!("+{}", token.0));
    forged
}

/// Lists that differ from this one in one respect.
fn other_lists(asked: &Listing) -> Vec<Listing> {
    let mut others = Vec::new();
    for under in [
        None,
        Some(Under::Version(of_x("2"))),
        Some(Under::Alias(of_x("1"))),
        Some(Under::MapRun(of_x("1"))),
        Some(Under::StateMachine(of_x("1").to_string().into())),
    ] {
        others.push(Listing {
            under,
            ..asked.clone()
        });
    }
    others.push(Listing {
        status: Some(Status::Running),
        ..asked.clone()
    });
    others.push(Listing {
        redriven: Some(false),
        ..asked.clone()
    });
    others
}

/// So many must be open in all, of `x` and of `y`.
fn expect_open(journal: &impl Journal, all: u64, x: u64, y: u64) {
    let of = |name| {
        let machine = Place::default().state_machine(name);
        journal.open_count(Some(&machine)).expect("a count")
    };
    let total = journal.open_count(None).expect("a count");
    assert_eq!((total, of("x"), of("y"), of("z")), (all, x, y, 0));
}

pub(super) fn open_counts(subject: &mut impl Subject) {
    let mut journal = subject.open();
    expect_open(&journal, 0, 0, 0);
    for (name, machine) in [("a", "x"), ("b", "x"), ("c", "y")] {
        append(
            &journal,
            row(name, 0, Change::Opened(opened(machine, name, 1))),
        );
    }
    append(
        &journal,
        row(
            "d",
            0,
            Change::OpenedAndClosed {
                opened: opened("y", "d", 1),
                status: Status::Succeeded,
                stopped_at: Timestamp(2),
            },
        ),
    );
    expect_open(&journal, 3, 2, 1);
    // Refused, so nothing changes.
    let _ = super::refusal(&journal, first("a"));
    append(&journal, row("a", 1, Change::None));
    append(&journal, last("b", 1, Status::Failed));
    expect_open(&journal, 2, 1, 1);
    drop(journal);
    journal = subject.open();
    expect_open(&journal, 2, 1, 1);
    let at = Timestamp(5);
    for (name, next) in [("b", 2), ("d", 1)] {
        append(&journal, row(name, next, Change::Reopened { at }));
    }
    expect_open(&journal, 4, 2, 2);
    drop(journal);
    journal = subject.open();
    expect_open(&journal, 4, 2, 2);
    append(&journal, last("c", 1, Status::TimedOut));
    append(&journal, last("d", 2, Status::TimedOut));
    expect_open(&journal, 2, 2, 0);
}
