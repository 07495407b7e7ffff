//! Attempts of the past: what a function was given and what became of it, as the journal has it.
//!
//! It runs nothing: whoever reads them may run them again and compare. Read [`PastAttempts`]
//! first.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use asl::arn::{ExecutionArn, Place};
use asl::history::{Detail, EventId, HistoryEvent, Note, Record, ScopeId, Usage};
use asl::interpreter::Identity;
use asl::{ErrorName, Failure, Payload};
use host::Context;
use journal::{Journal, Listing, PageToken};

use crate::attempt;
use crate::function::FunctionName;
use crate::integration;
use crate::parts::Error;
use crate::story;

/// Executions that are looked through for a function's attempts: each is read whole, and a
/// function that is not used any more would otherwise be looked for in all there are.
pub const EXECUTIONS_SEARCHED_MAX: usize = 100_000;

/// Executions that are listed at once.
const EXECUTIONS_LISTED: usize = 100;

/// An attempt whose module came to an end by itself.
#[derive(Clone, Debug)]
pub struct PastAttempt {
    /// Whose attempt.
    pub execution: ExecutionArn,
    /// The event that scheduled it.
    pub scheduled: EventId,
    /// What the module was given.
    pub input: Payload,
    /// What it could ask; the same key gives it the same randomness, the same moment the
    /// same clock.
    pub context: Context,
    /// What it answered, or how it failed.
    pub result: Result<Payload, Failure>,
    /// What it used.
    pub usage: Usage,
}

/// The attempts of one function, in whatever version, newest executions first and in each the
/// newest attempt first. One execution is in memory at a time.
pub struct PastAttempts {
    journal: Arc<dyn Journal>,
    function: FunctionName,
    /// Of the execution that was read last; the newest at the end.
    found: Vec<PastAttempt>,
    listed: VecDeque<ExecutionArn>,
    after: Option<PageToken>,
    is_last_page: bool,
    searched: usize,
}

impl PastAttempts {
    /// The attempts of a function; its qualifier does not matter.
    pub fn of(journal: Arc<dyn Journal>, function: FunctionName) -> Self {
        Self {
            journal,
            function,
            found: Vec::new(),
            listed: VecDeque::new(),
            after: None,
            is_last_page: false,
            searched: 0,
        }
    }

    /// The next one further back; none when there are no more, or
    /// [`EXECUTIONS_SEARCHED_MAX`] executions were looked through.
    ///
    /// # Errors
    /// The journal's, or what is stored cannot be read.
    pub fn next_back(&mut self) -> Result<Option<PastAttempt>, Error> {
        loop {
            if let Some(attempt) = self.found.pop() {
                return Ok(Some(attempt));
            }
            let Some(execution) = self.next_execution()? else {
                return Ok(None);
            };
            match story::past(&*self.journal, &execution) {
                Ok((opening, records)) => {
                    self.found = attempts_of(&opening.identity, &records, &self.function);
                }
                // Deleted since it was listed.
                Err(Error::Journal(journal::Error::NoSuchExecution(_))) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next_execution(&mut self) -> Result<Option<ExecutionArn>, Error> {
        if self.searched == EXECUTIONS_SEARCHED_MAX {
            return Ok(None);
        }
        if self.listed.is_empty() && !self.is_last_page {
            let page = self.journal.list(&Listing {
                limit: EXECUTIONS_LISTED,
                after: self.after.take(),
                ..Listing::default()
            })?;
            let executions = page.summaries.into_iter();
            self.listed = executions.map(|summary| summary.execution).collect();
            self.is_last_page = page.next.is_none();
            self.after = page.next;
        }
        self.searched += 1;
        Ok(self.listed.pop_front())
    }
}

/// The state that a scope is in.
#[derive(Default)]
struct Entered {
    name: Arc<str>,
    /// Attempts that were scheduled since.
    attempts: u32,
}

/// An attempt as far as it has been read.
struct Open {
    input: Payload,
    context: Context,
    /// Whether what the state machine sees is an envelope around the answer.
    in_envelope: bool,
    result: Option<Result<Payload, Failure>>,
    usage: Option<Usage>,
}

/// What has been read of an execution.
struct Reading<'r> {
    identity: &'r Identity,
    home: Place,
    function: &'r FunctionName,
    scopes: HashMap<ScopeId, Entered>,
    attempts: BTreeMap<EventId, Open>,
    /// Which attempt an event that says it has started is of.
    started: HashMap<EventId, EventId>,
}

/// The attempts of a function in one execution, in order. Those without a note of what they
/// used were never run, or were cut off: no module's answer is known of them.
fn attempts_of(
    identity: &Identity,
    records: &[Record],
    function: &FunctionName,
) -> Vec<PastAttempt> {
    let mut reading = Reading {
        identity,
        home: integration::home(identity),
        function,
        scopes: HashMap::new(),
        attempts: BTreeMap::new(),
        started: HashMap::new(),
    };
    for record in records {
        match record {
            Record::Event(scope, event) => reading.event(*scope, event),
            Record::Note(Note::Used { scheduled, usage }) => {
                if let Some(open) = reading.attempts.get_mut(scheduled) {
                    open.usage = Some(*usage);
                }
            }
            Record::Note(_) => {}
        }
    }
    let attempts = reading.attempts.into_iter();
    let ended = attempts.filter_map(|(scheduled, open)| {
        Some(PastAttempt {
            execution: identity.execution_arn.clone(),
            scheduled,
            input: open.input,
            context: open.context,
            result: open.result?,
            usage: open.usage?,
        })
    });
    ended.collect()
}

impl Reading<'_> {
    fn event(&mut self, scope: ScopeId, event: &HistoryEvent) {
        match &event.detail {
            Detail::StateEntered { name, .. } => {
                let entered = Entered {
                    name: Arc::clone(name),
                    attempts: 0,
                };
                self.scopes.insert(scope, entered);
            }
            Detail::Scheduled { .. } => self.scheduled(scope, event),
            Detail::Started { .. } => {
                self.started.insert(event.id, event.previous);
            }
            Detail::Submitted { output, .. } | Detail::Succeeded { output, .. } => {
                if let Some(open) = self.attempt_before(event) {
                    let answer = match open.in_envelope {
                        true => output
                            .value()
                            .get("Payload")
                            .cloned()
                            .map(Payload::from_value),
                        false => Some(output.clone()),
                    };
                    open.result = answer.map(Ok);
                }
            }
            Detail::Failed { failure, .. } => {
                if let Some(open) = self.attempt_before(event) {
                    open.result = Some(Err(failure.clone()));
                }
            }
            Detail::TimedOut { .. } => {
                if let Some(open) = self.attempt_before(event) {
                    open.result = Some(Err(Failure::named(ErrorName::TIMEOUT)));
                }
            }
            _ => {}
        }
    }

    fn attempt_before(&mut self, event: &HistoryEvent) -> Option<&mut Open> {
        let scheduled = self.started.get(&event.previous)?;
        self.attempts.get_mut(scheduled)
    }

    fn scheduled(&mut self, scope: ScopeId, event: &HistoryEvent) {
        let Detail::Scheduled {
            via,
            resource,
            input,
            deadline,
            credentials,
            ..
        } = &event.detail
        else {
            return;
        };
        let entered = self.scopes.entry(scope).or_default();
        let retry_count = entered.attempts;
        entered.attempts += 1;
        // An attempt from a place that cannot be told was not carried out.
        let Ok(place) = integration::caller(self.identity, credentials.as_ref()) else {
            return;
        };
        let Some(called) = integration::called(via, resource, input, &place) else {
            return;
        };
        // As attempts do, a function of elsewhere is looked for at home too.
        let wanted = self.function;
        let at_home_too = credentials.is_none() && wanted.place == self.home;
        let is_there = called.function.place == wanted.place || at_home_too;
        if called.function.name != wanted.name || !is_there {
            return;
        }
        let execution = &self.identity.execution_arn;
        let open = Open {
            input: called.input,
            context: Context {
                execution_arn: execution.to_string(),
                state_machine_arn: self.identity.state_machine_arn.to_string(),
                state_name: entered.name.to_string(),
                retry_count,
                idempotency_key: attempt::key_of(execution, event.id),
                started_at: event.timestamp,
                deadline: *deadline,
            },
            in_envelope: called.in_envelope,
            result: None,
            usage: None,
        };
        self.attempts.insert(event.id, open);
    }
}
