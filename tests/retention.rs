//! Ended executions are kept for as long as was said, and not a period longer.

use std::sync::Arc;
use std::time::Duration;

use asl::Timestamp;
use asl::arn::{ExecutionArn, Place};
use engine::Clock;
use journal::{Append, Change, Journal, MemoryJournal, Opened, Origin, Status};

use crate::virtual_time::VirtualClock;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn arn(name: &str) -> ExecutionArn {
    Place::default().execution("machine", name)
}

/// An execution that begins now, and ends at once or never.
async fn begin(journal: &MemoryJournal, name: &str, now: Timestamp, ends: bool) {
    let opened = Opened {
        state_machine: Place::default().state_machine("machine"),
        name: name.into(),
        started_at: now,
        origin: Origin::default(),
    };
    let change = match ends {
        false => Change::Opened(opened),
        true => Change::OpenedAndClosed {
            opened,
            status: Status::Succeeded,
            stopped_at: now,
        },
    };
    let append = Append {
        execution: arn(name),
        sequence: 0,
        records: Vec::new(),
        change,
        rest: None,
    };
    journal.append(append).await.expect("taken");
}

#[tokio::test(start_paused = true)]
async fn ended_executions_are_kept_as_long_as_was_said() {
    let journal = Arc::new(MemoryJournal::new());
    let clock = Arc::new(VirtualClock::default());
    begin(&journal, "runs", clock.now(), false).await;
    for number in 0..3000 {
        begin(&journal, &format!("early-{number}"), clock.now(), true).await;
    }
    let retention = engine::retain(
        Arc::clone(&journal) as Arc<dyn Journal>,
        Arc::clone(&clock) as Arc<dyn Clock>,
        3 * DAY,
    );
    let retention = tokio::spawn(retention);
    tokio::time::sleep(DAY).await;
    begin(&journal, "late", clock.now(), true).await;
    tokio::time::sleep(2 * DAY).await;
    let is_there = |name: &str| journal.summary(&arn(name)).is_ok();
    assert!(is_there("early-0") && is_there("early-2999"));
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert!(!is_there("early-0") && !is_there("early-2999"));
    assert!(is_there("late") && is_there("runs"));
    tokio::time::sleep(DAY).await;
    assert!(!is_there("late") && is_there("runs"));
    // Whoever closes the journal need not end this, too.
    journal.close().await.expect("closed");
    retention.await.expect("it ends by itself");
}
