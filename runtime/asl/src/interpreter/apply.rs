//! The fold: how one record changes an execution. Nothing else changes one.

use std::sync::Arc;

use super::map_run::MapRunning;
use super::scope::{Attempting, Current, Item, Nested, Phase, STATE_DATA, Scope, Stage};
use super::{End, Execution};
use crate::history::{Detail, EventId, HistoryEvent, Note, Record, ScopeId, Via};
use crate::query::Variables;
use crate::{Payload, Timestamp, limits};

impl Execution {
    /// Folds one record in. A record that does not fit what came before changes nothing:
    /// the journal's checks, not this function, decide whether stored bytes are sound.
    pub(super) fn apply(&mut self, record: &Record) {
        match record {
            Record::Event(scope, event) => self.apply_event(*scope, event),
            Record::Note(note) => self.apply_note(note),
        }
    }

    fn apply_note(&mut self, note: &Note) {
        match note {
            Note::ScopeOpened {
                scope,
                parent,
                index,
                input,
            } => {
                self.open_scope(*scope, *parent, *index, input);
            }
            Note::WaitUntil { scope, at } => self.set_phase(*scope, Phase::Waiting(*at)),
            Note::RetryAt {
                scope,
                retrier,
                after,
                at,
            } => {
                self.close_nested(*scope);
                self.forget_fallen(*scope);
                if let Some(scope) = self.scopes.get_mut(scope) {
                    if let Some(current) = &mut scope.current {
                        let place = *retrier as usize;
                        if current.retries.len() <= place {
                            current.retries.resize(place + 1, 0);
                        }
                        current.retries[place] += 1;
                    }
                    scope.previous = *after;
                    scope.phase = Phase::BackingOff(*at);
                }
            }
            Note::Items {
                scope,
                items,
                concurrency,
            } => {
                let total = item_count(items);
                let nested = Nested::new(Some(items.clone()), total, *concurrency);
                self.set_phase(*scope, Phase::Mapping(Box::new(nested)));
            }
            Note::MapRun { scope, plan } => {
                let running = MapRunning {
                    plan: plan.clone(),
                    started: EventId(0),
                    at: Timestamp(0),
                    redrives: 0,
                };
                self.set_phase(*scope, Phase::MapRunning(Box::new(running)));
            }
            Note::Begun { scope } => self.set_stage(*scope, Stage::Begun),
            Note::Used { .. } => {}
        }
    }

    fn apply_event(&mut self, scope_id: ScopeId, event: &HistoryEvent) {
        self.last_event = event.id;
        match &event.detail {
            Detail::ExecutionStarted { input, .. } => self.begin(input, event.timestamp),
            Detail::ExecutionSucceeded { output } => self.finish(End::Succeeded(output.clone())),
            Detail::ExecutionFailed(failure) => self.finish(End::Failed(failure.clone())),
            Detail::ExecutionTimedOut(failure) => self.finish(End::TimedOut(failure.clone())),
            Detail::ExecutionAborted(failure) => self.finish(End::Aborted(failure.clone())),
            Detail::ExecutionRedriven {
                redrive_count,
                client_token,
            } => self.revive(event, *redrive_count, client_token.as_ref()),
            Detail::StateEntered { name, input, .. } => self.enter(scope_id, event, name, input),
            Detail::StateExited {
                output,
                assigned,
                next,
                ..
            } => {
                self.exit(scope_id, event.id, output, assigned, next.as_deref());
            }
            Detail::Scheduled { .. } => self.schedule(scope_id, event),
            Detail::Started {
                via: Via::Activity, ..
            } => self.take(scope_id, event),
            Detail::Submitted { output, .. } => {
                self.set_stage(scope_id, Stage::Submitted(output.clone()));
                self.lead(scope_id, event.id);
            }
            Detail::ParallelStateStarted => self.start_branches(scope_id, event.id),
            Detail::MapStateStarted { .. } => self.start_iterations(scope_id, event.id),
            Detail::MapRunStarted { .. } => self.map_run_started(scope_id, event),
            Detail::MapRunSucceeded => self.map_run_succeeded(scope_id, event),
            Detail::MapRunFailed(_) => self.map_run_failed(scope_id, event),
            Detail::MapRunRedriven { redrive_count, .. } => {
                self.map_run_redriven(scope_id, event, *redrive_count);
            }
            Detail::MapIterationSucceeded { .. } => self.iteration_done(scope_id, event.id),
            Detail::MapIterationFailed { .. } | Detail::MapIterationAborted { .. } => {}
            Detail::ParallelStateFailed | Detail::MapStateFailed => {
                self.fall(scope_id);
                self.lead(scope_id, event.id);
            }
            Detail::ParallelStateSucceeded
            | Detail::MapStateSucceeded
            | Detail::MapRunAborted
            | Detail::StateAborted(_) => {}
            Detail::MapIterationStarted { .. }
            | Detail::ScheduleFailed { .. }
            | Detail::Started { .. }
            | Detail::Succeeded { .. }
            | Detail::Failed { .. }
            | Detail::TimedOut { .. }
            | Detail::EvaluationFailed { .. } => self.lead(scope_id, event.id),
        }
    }

    fn begin(&mut self, input: &Payload, now: Timestamp) {
        self.input = input.clone();
        self.started_at = now;
        let start_at = self.flow().start_at;
        let root = Scope {
            parent: None,
            // AWS: the first state's entry has no previous event.
            previous: EventId(0),
            current: None,
            variables: Arc::new(Variables::new()),
            item: None,
            phase: Phase::Entering(start_at, input.clone()),
        };
        self.scopes.insert(ScopeId::ROOT, root);
        self.scopes_opened = 1;
    }

    fn finish(&mut self, end: End) {
        // What did not succeed may be redriven: it goes on from here.
        if matches!(end, End::Succeeded(_)) {
            self.scopes.clear();
            self.fallen.clear();
        }
        self.end = Some(end);
    }

    fn enter(&mut self, scope: ScopeId, event: &HistoryEvent, name: &str, input: &Payload) {
        let Some(&id) = self.machine.0.ids.get(name) else {
            return;
        };
        let Some(scope) = self.scopes.get_mut(&scope) else {
            return;
        };
        scope.current = Some(Current {
            id,
            entered: event.id,
            before: event.previous,
            entered_at: event.timestamp,
            input: input.clone(),
            retries: Vec::new(),
        });
        scope.phase = Phase::Entered;
        scope.previous = event.id;
    }

    fn exit(
        &mut self,
        id: ScopeId,
        event: EventId,
        output: &Payload,
        assigned: &[(Arc<str>, Payload)],
        next: Option<&str>,
    ) {
        self.forget_fallen(id);
        let next = next.and_then(|name| self.machine.0.ids.get(name).copied());
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        if !assigned.is_empty() {
            let variables = Arc::make_mut(&mut scope.variables);
            for (name, value) in assigned {
                variables.insert(name.clone(), Arc::new(value.value().clone()));
            }
        }
        scope.previous = event;
        scope.phase = match next {
            Some(next) => Phase::Entering(next, output.clone()),
            None => Phase::Done(output.clone()),
        };
        if next.is_none() {
            self.branch_done(id, event, output);
        }
    }

    fn schedule(&mut self, id: ScopeId, event: &HistoryEvent) {
        let Detail::Scheduled {
            via,
            input,
            timeout_seconds,
            heartbeat_seconds,
            deadline,
            credentials,
            secret,
            ..
        } = &event.detail
        else {
            return;
        };
        let attempting = Attempting {
            scheduled: event.id,
            at: event.timestamp,
            via: via.clone(),
            input: input.clone(),
            timeout_seconds: *timeout_seconds,
            deadline: *deadline,
            heartbeat_seconds: *heartbeat_seconds,
            credentials: credentials.clone(),
            secret: *secret,
            stage: Stage::Scheduled,
        };
        self.set_phase(id, Phase::Attempting(Box::new(attempting)));
        self.lead(id, event.id);
    }

    /// A worker has an activity's task: from now on its time runs.
    fn take(&mut self, id: ScopeId, event: &HistoryEvent) {
        if let Some(Phase::Attempting(attempting)) = self.scopes.get_mut(&id).map(|s| &mut s.phase)
        {
            attempting.at = event.timestamp;
            attempting.deadline = deadline(event.timestamp, attempting.timeout_seconds);
            attempting.stage = Stage::Taken;
        }
        self.lead(id, event.id);
    }

    fn set_stage(&mut self, id: ScopeId, stage: Stage) {
        if let Some(Phase::Attempting(attempting)) = self.scopes.get_mut(&id).map(|s| &mut s.phase)
        {
            attempting.stage = stage;
        }
    }

    /// A branch of a Parallel ends with its last state: no event of its own says so.
    fn branch_done(&mut self, id: ScopeId, event: EventId, output: &Payload) {
        let Some((parent, index)) = self.scopes.get(&id).and_then(|scope| scope.parent) else {
            return;
        };
        let Some(outer) = self.scopes.get_mut(&parent) else {
            return;
        };
        let Phase::Nesting(nested) = &mut outer.phase else {
            return;
        };
        if nested.items.is_some() {
            return;
        }
        nested.open.remove(&id);
        nested.results[index as usize] = Some(output.clone());
        outer.previous = event;
        self.scopes.remove(&id);
    }

    fn iteration_done(&mut self, id: ScopeId, event: EventId) {
        let Some(scope) = self.scopes.remove(&id) else {
            return;
        };
        let (Some((parent, index)), Phase::Done(output)) = (scope.parent, scope.phase) else {
            return;
        };
        let Some(outer) = self.scopes.get_mut(&parent) else {
            return;
        };
        let Phase::Nesting(nested) = &mut outer.phase else {
            return;
        };
        nested.open.remove(&id);
        nested.results[index as usize] = Some(output);
        // As recorded from AWS: what starts the next iteration is the last event inside
        // this one; what ends the Map is the iteration's own end.
        outer.previous = if nested.is_complete() {
            event
        } else {
            scope.previous
        };
    }

    fn start_branches(&mut self, id: ScopeId, event: EventId) {
        let count = match self.current_kind(id) {
            Some(crate::definition::StateKind::Parallel(parallel)) => parallel.branches.len(),
            _ => return,
        };
        let total = u32::try_from(count).unwrap_or(u32::MAX);
        self.set_phase(
            id,
            Phase::Nesting(Box::new(Nested::new(None, total, total))),
        );
        self.lead(id, event);
    }

    fn start_iterations(&mut self, id: ScopeId, event: EventId) {
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        if let Phase::Mapping(nested) = std::mem::replace(&mut scope.phase, Phase::Entered) {
            scope.phase = Phase::Nesting(nested);
        }
        scope.previous = event;
    }

    fn map_run_started(&mut self, id: ScopeId, event: &HistoryEvent) {
        if let Some(scope) = self.scopes.get_mut(&id) {
            scope.previous = event.id;
            if let Phase::MapRunning(running) = &mut scope.phase {
                running.started = event.id;
                running.at = event.timestamp;
            }
        }
    }

    /// Nothing more is heard of the run; the state goes on.
    fn map_run_succeeded(&mut self, id: ScopeId, event: &HistoryEvent) {
        self.set_phase(id, Phase::Entered);
        self.lead(id, event.id);
    }

    /// The state fails, and is perhaps tried again; if not, a redrive finds the run here.
    fn map_run_failed(&mut self, id: ScopeId, event: &HistoryEvent) {
        self.lead(id, event.id);
        self.turn_map_run(id, Phase::MapRunFailed);
    }

    fn map_run_redriven(&mut self, id: ScopeId, event: &HistoryEvent, count: u32) {
        self.lead(id, event.id);
        self.turn_map_run(id, |mut running| {
            running.started = event.id;
            running.redrives = count;
            Phase::MapRunning(running)
        });
    }

    /// A scope's Map Run, as it was, in another phase.
    pub(super) fn turn_map_run(
        &mut self,
        id: ScopeId,
        into: impl FnOnce(Box<MapRunning>) -> Phase,
    ) {
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        scope.phase = match std::mem::replace(&mut scope.phase, Phase::Entered) {
            Phase::MapRunning(running)
            | Phase::MapRunFailed(running)
            | Phase::MapRunReviving(running) => into(running),
            other => other,
        };
    }

    fn open_scope(&mut self, id: ScopeId, parent: ScopeId, index: u32, input: &Payload) {
        let Some(start_at) = self.nested_start(parent, index) else {
            return;
        };
        let Some(outer) = self.scopes.get_mut(&parent) else {
            return;
        };
        let Phase::Nesting(nested) = &mut outer.phase else {
            return;
        };
        nested.open.insert(id);
        nested.next = index + 1;
        let item = match &nested.items {
            Some(items) => item_at(items, index).map(Arc::new),
            None => outer.item.clone(),
        };
        let scope = Scope {
            parent: Some((parent, index)),
            previous: outer.previous,
            current: None,
            variables: outer.variables.clone(),
            item,
            phase: Phase::Entering(start_at, input.clone()),
        };
        self.scopes.insert(id, scope);
        self.scopes_opened = id.0 + 1;
    }

    fn nested_start(&self, parent: ScopeId, index: u32) -> Option<crate::definition::StateId> {
        use crate::definition::StateKind;
        match self.current_kind(parent)? {
            StateKind::Parallel(parallel) => parallel
                .branches
                .get(index as usize)
                .map(|flow| flow.start_at),
            StateKind::Map(map) => Some(map.processor.start_at),
            _ => None,
        }
    }

    fn current_kind(&self, id: ScopeId) -> Option<&crate::definition::StateKind> {
        let current = self.scopes.get(&id)?.current.as_ref()?;
        Some(&self.machine.0.state(current.id).kind)
    }

    /// Drops every scope inside this one's state.
    fn close_nested(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        let mut doomed: Vec<ScopeId> = match &mut scope.phase {
            Phase::Nesting(nested) => nested.open.iter().copied().collect(),
            _ => return,
        };
        scope.phase = Phase::Entered;
        while let Some(id) = doomed.pop() {
            if let Some(Scope {
                phase: Phase::Nesting(nested),
                ..
            }) = self.scopes.remove(&id)
            {
                doomed.extend(nested.open.iter());
            }
        }
    }

    fn set_phase(&mut self, id: ScopeId, phase: Phase) {
        if let Some(scope) = self.scopes.get_mut(&id) {
            scope.phase = phase;
        }
    }

    /// This event leads to the scope's next one.
    fn lead(&mut self, id: ScopeId, event: EventId) {
        if let Some(scope) = self.scopes.get_mut(&id) {
            scope.previous = event;
        }
    }
}

/// When a Task that begins now times out, if it does.
pub(super) fn deadline(now: Timestamp, timeout_seconds: Option<u64>) -> Option<Timestamp> {
    let seconds = timeout_seconds.filter(|seconds| *seconds < limits::SECONDS_MAX)?;
    Some(now.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// How many iterations these items make.
fn item_count(items: &Payload) -> u32 {
    let count = match items.value() {
        serde_json::Value::Array(array) => array.len(),
        serde_json::Value::Object(object) => object.len(),
        _ => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The item of one iteration.
pub(super) fn item_at(items: &Payload, index: u32) -> Option<Item> {
    let (key, value) = match items.value() {
        serde_json::Value::Array(array) => (None, array.get(index as usize)?),
        serde_json::Value::Object(object) => {
            let (key, value) = object.iter().nth(index as usize)?;
            (Some(Arc::from(key.as_str())), value)
        }
        _ => return None,
    };
    Some(Item {
        index: u64::from(index),
        key,
        value: Arc::new(value.clone()),
        source: STATE_DATA.into(),
    })
}

/// The items of all iterations.
pub(super) fn items_of(items: &Payload) -> impl Iterator<Item = Item> {
    let value = items.value();
    let array = value.as_array().into_iter().flatten();
    let object = value.as_object().into_iter().flatten();
    let keyed = object.map(|(key, value)| (Some(Arc::from(key.as_str())), value));
    let all = array.map(|value| (None, value)).chain(keyed);
    (0..).zip(all).map(|(index, (key, value))| Item {
        index,
        key,
        value: Arc::new(value.clone()),
        source: STATE_DATA.into(),
    })
}
