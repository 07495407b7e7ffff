//! Tolerances, results and their limits.

use super::*;
use crate::arn::MapRunArn;
use crate::interpreter::ItemSource;

fn run(count: u64, ppm: u32) -> MapRun {
    MapRun::new(&plan(count, ppm))
}

fn plan(count: u64, ppm: u32) -> MapRunPlan {
    MapRunPlan {
        arn: MapRunArn::from("arn:aws:states:us-east-1:123456789012:mapRun:m/l:u"),
        state_name: "Map".into(),
        label: "l".into(),
        source: ItemSource::Items(Payload::from_value(serde_json::json!([]))),
        children: crate::interpreter::Kind::Standard,
        concurrency: 10,
        tolerated_failure_count: count,
        tolerated_failure_ppm: ppm,
        batching: None,
        writer: None,
    }
}

fn ended(run: &mut MapRun, number: u64, outcome: ChildOutcome) {
    run.apply(&Record::Child(ChildEnd {
        number,
        items: 1,
        outcome,
        input: None,
        redrives: 0,
        passed: None,
        started_at: Timestamp(0),
        stopped_at: Timestamp(1),
    }));
}

fn ok(number: u64) -> ChildOutcome {
    ChildOutcome::Succeeded(Payload::from_value(number.into()))
}

fn bad() -> ChildOutcome {
    ChildOutcome::Failed(Failure::named("Bad"))
}

/// Of ten children the first `failed` fail: does the run?
fn check(count: u64, ppm: u32, failed: u64, fails: bool) {
    let mut run = run(count, ppm);
    let (children, items) = (10, 10);
    run.apply(&Record::Exhausted { children, items });
    for number in 0..10 {
        ended(
            &mut run,
            number,
            if number < failed { bad() } else { ok(number) },
        );
    }
    let verdict = run.verdict();
    assert_eq!(
        matches!(verdict, Some(Verdict::Failed(_))),
        fails,
        "{failed} failed, tolerated {count} or {ppm} ppm: {verdict:?}"
    );
}

#[test]
fn tolerances() {
    check(0, 0, 0, false);
    check(0, 0, 1, true);
    check(1, 0, 1, false);
    check(1, 0, 2, true);
    check(0, 100_000, 1, false);
    check(0, 100_000, 2, true);
    check(0, 1_000_000, 10, false);
    // Above either, the run fails.
    check(1, 500_000, 2, true);
    check(5, 100_000, 2, true);
}

#[test]
fn results_are_in_the_order_of_the_source() {
    let mut run = run(0, 0);
    for number in [2, 0, 1, 1] {
        ended(&mut run, number, ok(number));
    }
    assert_eq!(run.verdict(), None);
    let (children, items) = (3, 3);
    run.apply(&Record::Exhausted { children, items });
    let Some(Verdict::Succeeded(result)) = run.verdict() else {
        panic!("it has succeeded")
    };
    assert_eq!(result.text(), "[0,1,2]");
    assert_eq!(run.items().succeeded, 3);
}

#[test]
fn a_result_that_is_too_large_fails_the_run() {
    let mut run = run(0, 0);
    let large = Payload::from_value("a".repeat(200_000).into());
    for number in 0..2 {
        ended(&mut run, number, ChildOutcome::Succeeded(large.clone()));
    }
    let (children, items) = (2, 2);
    run.apply(&Record::Exhausted { children, items });
    let Some(Verdict::Failed(failure)) = run.verdict() else {
        panic!("it has failed")
    };
    assert_eq!(failure.error_name(), ErrorName::DATA_LIMIT_EXCEEDED);
}

/// A run that is read from how it stood goes on as one that was read from its beginning.
#[test]
fn how_it_stands_is_all_that_it_is() {
    let plan = plan(5, 0);
    let mut records = vec![Record::Pinned("etag".into())];
    let end = |number, outcome| {
        Record::Child(ChildEnd {
            number,
            items: 2,
            outcome,
            input: None,
            redrives: 0,
            passed: None,
            started_at: Timestamp(0),
            stopped_at: Timestamp(1),
        })
    };
    records.extend([3, 0, 1].map(|number| end(number, ok(number))));
    records.extend([70, 5].map(|number| end(number, bad())));
    let (count, at) = (1, Timestamp(9));
    let run = crate::interpreter::TaskKey {
        scope: crate::history::ScopeId::ROOT,
        scheduled: crate::history::EventId(7),
    };
    records.push(Record::Redriven { count, run, at });
    records.push(end(5, ok(5)));
    records.push(Record::Written(Payload::from_value("written".into())));
    let mut lived = MapRun::new(&plan);
    records.iter().for_each(|record| lived.apply(record));
    let standing = Record::Standing(Box::new(Standing {
        execution: "arn:aws:states:us-east-1:123456789012:execution:m:e".into(),
        run,
        plan: plan.clone(),
        fold: lived.fold().clone(),
    }));
    let (_, stored) = decode(&encode(0, &[standing])).unwrap();
    let mut read = MapRun::new(&plan);
    stored.iter().for_each(|record| read.apply(record));
    assert_eq!(read.fold(), lived.fold());
    assert_eq!(read.pending_redrive(), (1, 2));
    assert!(read.is_done(5) && !read.is_done(2) && !read.is_done(70) && read.has_failed(70));
}
