//! Curves of the interpreter alone: no engine, no journal.

use std::collections::VecDeque;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use asl::arn::Place;
use asl::definition::{self, StateMachine};
use asl::interpreter::{Command, Event, Execution, Identity, Kind};
use asl::{Payload, Timestamp};

use crate::{THREAD, best, point};

const ROUNDS: usize = 5;

pub(crate) fn all() {
    for states in [10, 100, 1_000, 10_000] {
        let machine = parse(&chain(states));
        let cost = best(THREAD, ROUNDS, || {
            run(&machine, &Payload::from_value(1.into()))
        });
        point("Pass states, one after another", states, cost, "ms");
    }
    for branches in [10, 100, 1_000, 10_000] {
        let machine = parse(&parallel(
            branches,
            r#"{"StartAt":"BRANCH","States":{"BRANCH":{"Type":"Pass","End":true}}}"#,
        ));
        let cost = best(THREAD, ROUNDS, || {
            run(&machine, &Payload::from_value(1.into()))
        });
        point("Parallel, branches of a Pass", branches, cost, "ms");
    }
    for (series, selector) in [
        ("Map, items of a Pass", r#""$$.Map.Item.Value""#),
        (
            "Map, items selected beside a part of the input",
            r#"{"item.$":"$$.Map.Item.Value","all.$":"$.name","of.$":"$$.Execution.Name"}"#,
        ),
    ] {
        let machine = parse(&map(selector));
        for items in [10, 100, 1_000, 10_000, 50_000] {
            let list = vec!["1"; items].join(",");
            let input = format!(r#"{{"order":{{"name":"n","items":[{list}]}}}}"#);
            let input = Payload::from_text(input).expect("it is JSON");
            let cost = best(THREAD, ROUNDS, || run(&machine, &input));
            point(series, items, cost, "ms");
        }
    }
    for branches in [1, 10, 100, 1_000, 5_000] {
        point(
            "one step, of so many branches that wait",
            branches,
            waiting(branches),
            "µs",
        );
    }
    let machine = parse(
        r#"{"StartAt":"Pass","States":{
            "Pass":{"Type":"Pass","ResultPath":"$.more","Result":1,"Next":"Choice"},
            "Choice":{"Type":"Choice","Default":"Done",
                "Choices":[{"Variable":"$.more","NumericEquals":2,"Next":"Done"}]},
            "Done":{"Type":"Succeed"}}}"#,
    );
    for kibibytes in [1, 4, 16, 64, 250] {
        let orders: Vec<_> = (0..kibibytes * 1024 / 40)
            .map(|id| format!(r#"{{"id":{id:8},"sku":"A-1042","n":1}}"#))
            .collect();
        let text = format!(r#"{{"orders":[{}]}}"#, orders.join(","));
        let bytes = text.len();
        let cost = best(THREAD, 4 * ROUNDS, || {
            let input = Payload::from_text(text.as_str()).expect("it is JSON");
            run(&machine, &input);
        });
        point(
            "Pass → Choice → Succeed, bytes of input",
            bytes,
            cost * 1e3,
            "µs",
        );
    }
}

fn parse(text: &str) -> Arc<StateMachine> {
    let parsed = definition::parse(text);
    Arc::new(parsed.machine.expect("a sound definition"))
}

fn chain(states: usize) -> String {
    let mut text = String::from(r#"{"StartAt":"S0","States":{"#);
    for state in 1..states {
        let before = state - 1;
        let _ = write!(text, r#""S{before}":{{"Type":"Pass","Next":"S{state}"}},"#);
    }
    let _ = write!(text, r#""S{}":{{"Type":"Succeed"}}}}}}"#, states - 1);
    text
}

/// A Parallel of so many branches, in each of which `BRANCH` becomes a name of its own.
fn parallel(branches: usize, branch: &str) -> String {
    let branches: Vec<_> = (0..branches)
        .map(|number| branch.replace("BRANCH", &format!("B{number}")))
        .collect();
    format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","End":true,"Branches":[{}]}}}}}}"#,
        branches.join(",")
    )
}

fn map(selector: &str) -> String {
    let selector = match selector.strip_prefix('"') {
        Some(_) => format!(r#"{{"v.$":{selector}}}"#),
        None => selector.to_owned(),
    };
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","InputPath":"$.order",
            "ItemsPath":"$.items","ItemSelector":{selector},"End":true,"ItemProcessor":{{
                "StartAt":"I","States":{{"I":{{"Type":"Pass","Result":1,"End":true}}}}}}}}}}}}"#
    )
}

/// Runs an execution that needs nothing from outside to its end.
fn run(machine: &Arc<StateMachine>, input: &Payload) {
    let mut execution = Execution::new(Arc::clone(machine), identity());
    let input = input.clone();
    let mut step = execution.step(Event::Start { input }, Timestamp(1), 7);
    while execution.end().is_none() {
        assert!(
            step.commands.contains(&Command::Continue),
            "it goes on by itself"
        );
        step = execution.step(Event::Continue, Timestamp(1), 7);
    }
    let end = execution.end();
    assert!(
        matches!(end, Some(asl::interpreter::End::Succeeded(_))),
        "{end:?}"
    );
    black_box(&execution);
}

/// What one step takes, in microseconds, of an execution whose branches all wait but the one
/// whose time has come; it then waits again.
fn waiting(branches: usize) -> f64 {
    const STEPS: usize = 2_000;
    let machine = parse(&parallel(
        branches,
        r#"{"StartAt":"BRANCH","States":{"BRANCH":{"Type":"Wait","Seconds":1,"Next":"BRANCH again"},
            "BRANCH again":{"Type":"Pass","Next":"BRANCH"}}}"#,
    ));
    let mut execution = Execution::new(machine, identity());
    let mut timers = VecDeque::new();
    let mut event = Event::Start {
        input: Payload::from_value(1.into()),
    };
    loop {
        let step = execution.step(event, Timestamp(0), 7);
        let mut goes_on = false;
        for command in step.commands {
            match command {
                Command::StartTimer(timer) => timers.push_back(timer),
                command => goes_on |= command == Command::Continue,
            }
        }
        if !goes_on {
            break;
        }
        event = Event::Continue;
    }
    assert_eq!(timers.len(), branches);
    let mut wake = || {
        let timer = timers.pop_front().expect("a branch waits");
        let step = execution.step(Event::Timer(timer), timer.at, 7);
        for command in step.commands {
            if let Command::StartTimer(timer) = command {
                timers.push_back(timer);
            }
        }
    };
    let cost = best(THREAD, ROUNDS, || (0..STEPS).for_each(|_| wake()));
    cost * 1e3 / STEPS as f64
}

fn identity() -> Arc<Identity> {
    let place = Place::default();
    Arc::new(Identity {
        execution_arn: place.execution("machine", "name"),
        name: "name".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Express,
        map_state: None,
    })
}
