//! A file against the definition that it tests: what can never be right.

use std::collections::BTreeSet;
use std::fmt;

use super::file::{Answer, Case, Mocks, Step, TestFile};
use crate::definition::{StateKind, StateMachine};
use crate::{Timestamp, limits};

/// Something that is wrong with a file, whatever the execution does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `cases[2] "declined": mocks.ChargeCard[0]`.
    pub place: String,
    /// What, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl TestFile {
    /// All that is wrong with the file, in its order.
    pub fn check(&self, machine: &StateMachine) -> Vec<Problem> {
        let mut checked = Checked {
            file: self,
            machine,
            problems: Vec::new(),
        };
        checked.mocks("", &self.mocks);
        let mut names = BTreeSet::new();
        for (place, case) in self.cases.iter().enumerate() {
            let place = format!("cases[{place}] {:?}: ", case.name);
            if !names.insert(case.name.as_str()) {
                checked.say(&place, "another case has this name");
            }
            checked.case(&place, case);
        }
        if self.cases.is_empty() {
            checked.say("cases", "there are none");
        }
        checked.problems
    }
}

struct Checked<'f> {
    file: &'f TestFile,
    machine: &'f StateMachine,
    problems: Vec<Problem>,
}

impl<'f> Checked<'f> {
    fn say(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            place: place.trim_end_matches([':', ' ']).to_owned(),
            message: message.into(),
        });
    }

    fn case(&mut self, place: &str, case: &Case) {
        if case.input.is_some() && case.input_file.is_some() {
            self.say(place, "it has both input and inputFile; keep one");
        }
        if let Some(start) = &case.start
            && Timestamp::parse(start).is_none()
        {
            let message = format!("{start:?} is no moment; write it as 2026-01-01T00:00:00Z");
            self.say(&format!("{place}start"), message);
        }
        self.mocks(place, &case.mocks);
        let expect = &case.expect;
        let place = format!("{place}expect");
        let has_output = expect.output.is_some() || expect.output_has.is_some();
        let fails = expect.error.is_some() || expect.cause.is_some();
        if !has_output && !fails && expect.path.is_none() && expect.seconds.is_none() {
            let all = "path, output, outputHas, error, cause or seconds";
            self.say(&place, format!("it expects nothing; say {all}"));
        }
        if has_output && fails {
            self.say(&place, "an execution has an output or an error, never both");
        }
        if expect.output.is_some() && expect.output_has.is_some() {
            self.say(&place, "it has both output and outputHas; keep one");
        }
        self.seconds(&place, "seconds", expect.seconds);
        self.path(&place, expect.path.as_deref().unwrap_or_default());
    }

    /// The depth is bounded by the file's JSON.
    fn path(&mut self, place: &str, path: &[Step]) {
        for step in path {
            let state = self.known(&format!("{place}.path"), &step.state);
            let nests =
                state.is_none_or(|kind| matches!(kind, StateKind::Parallel(_) | StateKind::Map(_)));
            for flow in step.inside.iter().flatten() {
                self.path(place, flow);
            }
            if step.inside.is_some() && !nests {
                let message = format!("{:?} has no flows inside", step.state);
                self.say(&format!("{place}.path"), message);
            }
        }
    }

    fn known(&mut self, place: &str, state: &str) -> Option<&'f StateKind> {
        let machine = self.machine;
        match machine.ids.get(state) {
            Some(id) => Some(&machine.state(*id).kind),
            None => {
                self.say(place, format!("the definition has no state {state:?}"));
                None
            }
        }
    }

    fn mocks(&mut self, place: &str, mocks: &Mocks) {
        for (state, answers) in mocks {
            let place = format!("{place}mocks.{state}");
            let Some(kind) = self.known(&place, state) else {
                continue;
            };
            let is_run = matches!(kind, StateKind::Map(map) if map.distributed.is_some());
            if !is_run && !matches!(kind, StateKind::Task(_)) {
                let what = kind.name();
                let message = format!(
                    "{state:?} is a {what}: only a Task, or a Map in DISTRIBUTED mode, is \
                     answered for"
                );
                self.say(&place, message);
                continue;
            }
            if answers.0.is_empty() {
                self.say(&place, "there is no answer in it");
            }
            for (number, answer) in answers.0.iter().enumerate() {
                self.answer(&format!("{place}[{number}]"), answer, kind);
            }
        }
    }

    fn answer(&mut self, place: &str, answer: &Answer, kind: &StateKind) {
        let said = [
            answer.returned.is_some(),
            answer.error.is_some(),
            answer.never,
            answer.items.is_some(),
        ];
        if said.iter().filter(|said| **said).count() != 1 {
            let kinds = "\"return\", \"error\", \"never\" or, for an ItemReader, \"items\"";
            self.say(place, format!("an answer has one of {kinds}"));
        }
        if answer.cause.is_some() && answer.error.is_none() {
            self.say(place, "a cause needs an error");
        }
        if answer.items.is_some() && !matches!(kind, StateKind::Map(_)) {
            self.say(place, "only a Map reads items");
        }
        if answer.when.is_some() && !matches!(kind, StateKind::Task(_)) {
            self.say(place, "only a Task has an input to look at");
        }
        self.seconds(place, "after", Some(answer.after));
        self.seconds(place, "heartbeat", answer.heartbeat);
        if answer.heartbeat == Some(0.0) {
            self.say(place, "a heartbeat comes at most every millisecond");
        }
        if let (Some(result), StateKind::Task(task)) = (&answer.returned, kind) {
            let mode = self.file.field_validation_mode;
            if let Err(refusal) = crate::test_state::check_result(task, result, mode) {
                let hint = "; \"fieldValidationMode\": \"NONE\" lets it pass";
                self.say(place, format!("{refusal}{hint}"));
            }
        }
    }

    fn seconds(&mut self, place: &str, field: &str, seconds: Option<f64>) {
        let most = limits::SECONDS_MAX as f64;
        if seconds.is_some_and(|seconds| !(0.0..=most).contains(&seconds)) {
            let message = format!("it is not from 0 to {} seconds", limits::SECONDS_MAX);
            self.say(&format!("{place}.{field}"), message);
        }
    }
}
