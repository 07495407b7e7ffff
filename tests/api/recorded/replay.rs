//! Finds, for each recorded answer, the call that answers so here.
//!
//! Recordings keep the calls in order, but not those that equal an earlier one, nor those that
//! asked after an execution; and they keep only some of the answers. So an answer belongs, in
//! this order, to
//! 1. a reading call that was made before, or one after an execution that was started: made
//!    again, and again while time passes, as the tests did that were recorded;
//! 2. the next call of the case, or one further on, what lies between having been made;
//! 3. a writing call that was made before, made again;
//! 4. for a history whose start was left out: that start, with the input the history tells.

use std::time::Duration;

use api::Answer;
use serde_json::Value;

use super::case::{Call, Case, Expected};
use super::world::World;
use crate::recorded::{Bindings, compare, compare_histories};

/// How long reads are made again: from at once to beyond the longest wait of any recording.
const POLLED: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(60),
    Duration::from_secs(3_600),
    Duration::from_secs(86_400),
    Duration::from_secs(30 * 86_400),
    Duration::from_secs(400 * 86_400),
];

/// Replays a case; the error says which answers are not given here.
pub(super) async fn check(case: &Case) -> Result<(), String> {
    let mut world = World::new(case);
    let mut bindings = Bindings::new();
    for (name, expected) in &case.answers {
        if matches!(expected, Expected::NeverSent) {
            continue;
        }
        let mut search = Search::new(expected, &bindings);
        match search.find(&mut world).await {
            Some(found) => bindings = found,
            None => return Err(search.told(name)),
        }
    }
    match &case.logged {
        Some(recorded) => check_log(&mut world, recorded, &mut bindings).await,
        None => Ok(()),
    }
}

/// Whether the executions have logged what was recorded: all lines, or the last one.
async fn check_log(
    world: &mut World<'_>,
    recorded: &Value,
    bindings: &mut Bindings,
) -> Result<(), String> {
    while world.next().await.is_some() {}
    world.wait(POLLED[2]).await;
    let lines = world.logged();
    let ours = match recorded {
        Value::Array(_) => Value::Array(lines),
        _ => lines.last().cloned().unwrap_or_default(),
    };
    compare("log", recorded, &ours, bindings)
}

/// The search for the call that answers as recorded.
struct Search<'s> {
    expected: &'s Expected,
    body: Value,
    operations: std::collections::BTreeSet<&'static str>,
    bindings: &'s Bindings,
    /// Why the calls that were tried are not the one.
    misses: Vec<String>,
}

impl<'s> Search<'s> {
    fn new(expected: &'s Expected, bindings: &'s Bindings) -> Self {
        Self {
            expected,
            body: expected.body(),
            operations: expected.operations(),
            bindings,
            misses: Vec::new(),
        }
    }

    async fn find(&mut self, world: &mut World<'_>) -> Option<Bindings> {
        let here = world.moves();
        loop {
            if let Some(found) = self.read_again(world).await {
                return Some(found);
            }
            let Some((call, answer)) = world.next().await else {
                break;
            };
            if let Some(found) = self.judge(call, &answer) {
                return Some(found);
            }
        }
        *world = world.again(here).await;
        if let Some(found) = self.write_again(world).await {
            return Some(found);
        }
        self.start_again(world).await
    }

    /// Way 1.
    async fn read_again(&mut self, world: &mut World<'_>) -> Option<Bindings> {
        let of_executions = world.reads_of_executions();
        let past = world.past().iter().filter(|call| call.only_reads());
        let reads: Vec<Call> = past.cloned().chain(of_executions).collect();
        let reads: Vec<Call> = reads.into_iter().filter(|call| self.may_be(call)).collect();
        if reads.is_empty() {
            return None;
        }
        let here = world.moves();
        for pause in POLLED {
            if !pause.is_zero() {
                if !world.is_running().await {
                    break;
                }
                world.wait(pause).await;
            }
            for call in &reads {
                let answer = world.call(call).await;
                if let Some(found) = self.judge(call, &answer) {
                    return Some(found);
                }
            }
        }
        if world.has_waited(here) {
            *world = world.again(here).await;
        }
        None
    }

    /// Way 3.
    async fn write_again(&mut self, world: &mut World<'_>) -> Option<Bindings> {
        let past: Vec<Call> = world.past().to_vec();
        for call in past.iter().rev() {
            if call.only_reads() || !self.may_be(call) {
                continue;
            }
            let here = world.moves();
            let answer = world.call(call).await;
            if let Some(found) = self.judge(call, &answer) {
                return Some(found);
            }
            *world = world.again(here).await;
        }
        None
    }

    /// Way 4.
    async fn start_again(&mut self, world: &mut World<'_>) -> Option<Bindings> {
        let input = &self.body["events"][0]["executionStartedEventDetails"]["input"];
        let input = crate::recorded::as_sent(Some(input));
        let past: Vec<Call> = world.past().to_vec();
        for call in past.iter().rev() {
            if call.operation != "StartExecution"
                || !self.operations.contains("GetExecutionHistory")
            {
                continue;
            }
            let here = world.moves();
            let mut start = call.clone();
            start.parameters["input"] = input.clone().into();
            world.call(&start).await;
            if let Some(found) = self.read_again(world).await {
                return Some(found);
            }
            *world = world.again(here).await;
        }
        None
    }

    fn may_be(&self, call: &Call) -> bool {
        self.operations.contains(&*call.operation)
    }

    /// Whether this call answered as recorded: what the placeholders then stand for.
    fn judge(&mut self, call: &Call, answer: &Answer) -> Option<Bindings> {
        if !self.may_be(call) {
            return None;
        }
        let mut bindings = self.bindings.clone();
        match self.compared(answer, &mut bindings) {
            Ok(()) => Some(bindings),
            Err(why) => {
                let miss = format!("{}: {why}", call.operation);
                if !self.misses.contains(&miss) {
                    self.misses.push(miss);
                }
                None
            }
        }
    }

    fn compared(&self, answer: &Answer, bindings: &mut Bindings) -> Result<(), String> {
        let refused = answer.status != 200;
        if refused != matches!(self.expected, Expected::Refusal { .. }) {
            return Err(format!("{} {}", answer.status, answer.body));
        }
        let mut ours = answer.body.clone();
        if let Expected::Refusal { message, .. } = self.expected {
            let kept = |key: &str| key == "__type" || key == "message" && message.is_some();
            if let Some(fields) = ours.as_object_mut() {
                fields.retain(|key, _| kept(key));
            }
        }
        if let (Expected::Execution(body), Some(fields)) = (self.expected, ours.as_object_mut()) {
            fields.retain(|field, _| body.get(field).is_some());
        }
        match (&self.body, &ours) {
            (Value::Array(_), Value::Object(fields)) => {
                let lists = fields.values().find(|value| value.is_array());
                compare("", &self.body, lists.unwrap_or(&Value::Null), bindings)
            }
            (Value::Object(recorded), Value::Object(_)) if recorded.contains_key("events") => {
                let events = |body: &Value| body["events"].as_array().cloned().unwrap_or_default();
                compare_histories(&events(&self.body), &events(&ours), bindings)?;
                match ours.get("nextToken") == recorded.get("nextToken") {
                    true => Ok(()),
                    false => Err("the history has another page".into()),
                }
            }
            _ => compare("", &self.body, &ours, bindings),
        }
    }

    fn told(&self, name: &str) -> String {
        let misses = match self.misses.is_empty() {
            true => "no call of such an operation".to_owned(),
            false => self.misses.join("\n    "),
        };
        format!("{name}: recorded {}\n    {misses}", self.body)
    }
}
