//! Child executions: what `states:startExecution` starts, and how its end reaches the Task
//! that waits for it.
//!
//! A child's name is fixed by the attempt that starts it, and its first row says whose it is:
//! an attempt that is repeated after a crash finds the child that it started before. Nobody
//! polls. A child's end looks for who waits; who begins to wait looks whether it has ended.
//!
//! Source: AWS, "Start a new Step Functions state machine from a running execution"; shapes
//! and texts as recorded.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use asl::arn::ExecutionArn;
use asl::definition::Pattern;
use asl::history::Via;
use asl::interpreter::{Command, End, Event, Identity, Kind, Report, TaskCommand, TaskKey};
use asl::{ErrorName, Failure, Payload, limits};
use serde_json::{Map, Value, json};

use crate::attempt::{idempotency_key, request_id, uuid_of};
use crate::directory::NoTarget;
use crate::integration;
use crate::opening::Parent;
use crate::parts::{Error, StartError, StartRequest};
use crate::progress::Commit;
use crate::shared::Shared;
use crate::slot::{ByArn, Slot, lock};
use crate::story::{Told, tell};

/// Which Tasks wait for the end of which execution: rebuilt from the Tasks themselves.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<ByArn<Vec<(ExecutionArn, TaskKey)>>>);

impl Waiters {
    fn add(&self, child: ExecutionArn, parent: ExecutionArn, task: TaskKey) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(child).or_default().push((parent, task));
    }

    fn any(&self, child: &ExecutionArn) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.contains_key(child)
    }

    fn take(&self, child: &ExecutionArn) -> Vec<(ExecutionArn, TaskKey)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(child).unwrap_or_default()
    }
}

/// Whether this Task starts an execution.
pub(crate) fn is_start(command: &TaskCommand) -> bool {
    matches!(&command.via, Via::Service { resource_type, resource }
        if &**resource_type == "states" && resource.split('.').next() == Some("startExecution"))
}

/// Whether the Task waits for the end of what it starts.
fn waits_for_end(command: &TaskCommand) -> bool {
    is_start(command) && matches!(command.pattern, Pattern::Sync | Pattern::Sync2)
}

/// A refused call, in the words of AWS's SDK.
fn refused(error: &str, message: &str, key: &str) -> Failure {
    let request_id = request_id(key);
    Failure::new(
        &format!("StepFunctions.{error}Exception"),
        format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {error}; \
             Request ID: {request_id}; Proxy: null)"
        ),
    )
}

/// What a Task says of the execution it wants.
struct Wanted {
    machine: String,
    name: String,
    input: Payload,
}

impl Wanted {
    fn read(parameters: &Value, key: &str) -> Result<Self, Failure> {
        let runtime = |what: &str| Failure::new(ErrorName::RUNTIME, what);
        let machine = parameters.get("StateMachineArn").and_then(Value::as_str);
        let machine = machine.ok_or_else(|| {
            runtime("The Parameters of states:startExecution must have a string StateMachineArn.")
        })?;
        let name = match parameters.get("Name") {
            None | Some(Value::Null) => uuid_of(key),
            Some(Value::String(name)) if is_name(name) => name.clone(),
            Some(Value::String(name)) => {
                let message = format!("Invalid Name: '{name}'");
                return Err(refused("InvalidName", &message, key));
            }
            Some(_) => return Err(runtime("The Name of an execution must be a string.")),
        };
        Ok(Self {
            machine: machine.to_owned(),
            name,
            input: input(parameters.get("Input")),
        })
    }
}

/// The input of a child: an object as it is, and so is the text of one.
fn input(given: Option<&Value>) -> Payload {
    match given {
        None | Some(Value::Null) => Payload::from_value(json!({})),
        Some(Value::String(text)) => match Payload::from_text(text.as_str()) {
            Ok(payload) if payload.value().is_object() || payload.value().is_array() => payload,
            _ => Payload::from_value(Value::from(text.as_str())),
        },
        Some(value) => Payload::from_value(value.clone()),
    }
}

/// Source: AWS, StartExecution, `name`.
fn is_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=limits::NAME_CHARS_MAX).contains(&length)
        && name.chars().all(|c| {
            !c.is_whitespace() && !c.is_control() && !"<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
        })
}

impl Shared {
    /// Starts what a Task wants started, and reports it. This goes on when the Task is cut off
    /// meanwhile: what nobody waits for any more is stopped again.
    pub(crate) async fn start_for(
        self: &Arc<Self>,
        owner: &Weak<Mutex<Slot>>,
        identity: &Identity,
        command: &TaskCommand,
    ) {
        let started = self.start_child(identity, command).await;
        let report = match &started {
            Ok((_, answer)) if command.secret.is_some() => Report::Submitted(answer.clone()),
            Ok((_, answer)) => Report::Succeeded(answer.clone()),
            Err(failure) => Report::Failed(failure.clone()),
        };
        let is_wanted = owner.upgrade().is_some_and(|slot| {
            let mut locked = lock(&slot);
            // One whose journal refused a row may still wait when it is taken up again.
            let is_wanted = locked.is_refused() || locked.execution.is_open(command.task);
            let event = Event::Task {
                task: command.task,
                report,
                usage: None,
            };
            self.step(&slot, &mut locked, event, None);
            is_wanted
        });
        if let (false, true, Ok((child, _))) = (is_wanted, waits_for_end(command), started) {
            self.stop_orphan(&child, &identity.execution_arn);
        }
    }

    pub(crate) async fn start_child(
        self: &Arc<Self>,
        identity: &Identity,
        command: &TaskCommand,
    ) -> Result<(ExecutionArn, Payload), Failure> {
        let key = idempotency_key(identity, command);
        let wanted = Wanted::read(command.input.value(), &key)?;
        if command.credentials.is_some() {
            // The role's account knows its own state machines alone.
            let account = integration::caller(identity, command.credentials.as_ref())?.account_id;
            if wanted.machine.split(':').nth(4) != Some(&*account) {
                let NoTarget { error, message } = NoTarget::does_not_exist(&wanted.machine);
                return Err(refused(&error, &message, &key));
            }
        }
        let target = self.directory.target(&wanted.machine, self.entropy.draw());
        let target =
            target.map_err(|NoTarget { error, message }| refused(&error, &message, &key))?;
        if target.kind == Kind::Express && waits_for_end(command) {
            let message = "This operation is not supported by this type of state machine";
            return Err(refused("StateMachineTypeNotSupported", message, &key));
        }
        let child = target.identity(wanted.name, &uuid_of(&format!("{key}/unique")));
        let arn = child.execution_arn.clone();
        let parent = Parent {
            execution: identity.execution_arn.clone(),
            task: command.task,
            waits: waits_for_end(command),
        };
        let request = StartRequest {
            identity: child,
            definition: target.definition,
            input: wanted.input,
            started_as: target.started_as,
        };
        let started_at = match self.start(request, Some(parent.clone())).await {
            Ok(started) => started.started_at,
            Err(StartError::Exists { .. }) => self.started_before(&arn, &parent, &key)?,
            Err(StartError::TooMany) => return Err(refused("Throttling", "Rate exceeded", &key)),
            Err(StartError::Engine(error)) => return Err(internal(&error)),
        };
        let answer = answer(&arn, started_at, &key);
        Ok((arn, answer))
    }

    /// When this attempt started a child that has ended meanwhile: before a crash.
    fn started_before(
        &self,
        child: &ExecutionArn,
        parent: &Parent,
        key: &str,
    ) -> Result<asl::Timestamp, Failure> {
        let told = tell(&*self.journal, child).map_err(|error| internal(&error))?;
        if told.parent.as_ref() == Some(parent) {
            return Ok(told.replay().started_at());
        }
        let message = format!("Execution Already Exists: '{child}'");
        Err(refused("ExecutionAlreadyExists", &message, key))
    }

    /// Sees to it that the child's end reaches the Task that waits for it.
    pub(crate) fn await_child(self: &Arc<Self>, locked: &mut Slot, command: &TaskCommand) {
        if !waits_for_end(command) {
            return;
        }
        let submitted = command.submitted.as_ref().map(Payload::value);
        let arn = submitted.and_then(|answer| answer.get("ExecutionArn")?.as_str());
        let Some(child) = arn.map(ExecutionArn::from) else {
            return;
        };
        locked.children.insert(command.task, child.clone());
        self.waiters.add(child.clone(), locked.arn(), command.task);
        if self.live(&child).is_none() {
            // It may have ended before anyone waited. One that has not been taken up yet
            // will tell when it ends.
            self.tell_parents(&child);
        }
    }

    /// Tells those who wait how a child ended, if it has.
    pub(crate) fn tell_parents(self: &Arc<Self>, child: &ExecutionArn) {
        if !self.waiters.any(child) {
            return;
        }
        let (shared, child) = (Arc::clone(self), child.clone());
        tokio::spawn(async move {
            match tell(&*shared.journal, &child) {
                Ok(told) if told.replay().end().is_some() => {
                    for (parent, task) in shared.waiters.take(&child) {
                        shared.child_ended(&parent, task, &told);
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%child, %error, "nobody can be told of its end"),
            }
        });
    }

    fn child_ended(self: &Arc<Self>, parent: &ExecutionArn, task: TaskKey, told: &Told) {
        let Some(slot) = self.live(parent) else {
            return;
        };
        let mut locked = lock(&slot);
        let Some(Command::AwaitTask(command)) = locked.execution.open_task(task) else {
            return;
        };
        let report = outcome(told, command.pattern);
        let event = Event::Task {
            task,
            report,
            usage: None,
        };
        self.step(&slot, &mut locked, event, None);
    }

    /// Stops a child whose Task was cut off, once that is durable. Best effort, as on AWS; what
    /// a crash prevents is made up for when executions are taken up again.
    pub(crate) fn stop_child(
        self: &Arc<Self>,
        child: ExecutionArn,
        parent: &ExecutionArn,
        mut commit: Commit,
    ) {
        let (shared, parent) = (Arc::clone(self), parent.clone());
        tokio::spawn(async move {
            if commit.durable().await.is_ok() {
                shared.stop_orphan(&child, &parent);
            }
        });
    }

    fn stop_orphan(self: &Arc<Self>, child: &ExecutionArn, parent: &ExecutionArn) {
        if let Some(slot) = self.live(child) {
            let failure = Failure {
                error: None,
                cause: Some(format!(
                    "The Task state in AWS Step Functions execution [{parent}] which was \
                     managing this resource was aborted"
                )),
            };
            self.advance(&slot, Event::Stop(failure), None);
        }
    }

    /// Stops every child whose Task was cut off when nobody could stop it any more.
    pub(crate) fn stop_orphans(self: &Arc<Self>) {
        let all: Vec<_> = self.slots().values().cloned().collect();
        for slot in all {
            let (child, parent) = {
                let locked = lock(&slot);
                (locked.arn(), locked.parent.clone())
            };
            let Some(parent) = parent.filter(|parent| parent.waits) else {
                continue;
            };
            let waits = self
                .live(&parent.execution)
                .is_some_and(|slot| lock(&slot).execution.is_open(parent.task));
            if !waits {
                self.stop_orphan(&child, &parent.execution);
            }
        }
    }
}

fn internal(error: &Error) -> Failure {
    Failure::new("StepFunctions.InternalServerException", error.to_string())
}

/// What StartExecution answers, as an integration words it.
fn answer(child: &ExecutionArn, started_at: asl::Timestamp, key: &str) -> Payload {
    let request_id = request_id(key);
    let headers = [
        ("x-amzn-RequestId", &*request_id),
        ("connection", "keep-alive"),
        ("Content-Type", "application/x-amz-json-1.0"),
    ];
    Payload::from_value(json!({
        "ExecutionArn": child.as_str(),
        "SdkHttpMetadata": integration::http_metadata(headers.into_iter(), 200),
        "SdkResponseMetadata": { "RequestId": request_id },
        "StartDate": started_at.0,
    }))
}

/// What the end of a child means to the Task that waited for it.
fn outcome(told: &Told, pattern: Pattern) -> Report {
    let execution = told.replay();
    let described = Payload::from_value(describe(told, pattern));
    if matches!(execution.end(), Some(End::Succeeded(_))) {
        return Report::Succeeded(described);
    }
    let cause: String = described
        .text()
        .chars()
        .take(limits::CAUSE_CHARS_MAX)
        .collect();
    Report::Failed(Failure::new(ErrorName::TASK_FAILED, cause))
}

/// What DescribeExecution answers of a child that ended, as an integration words it: names
/// with a capital letter, in their order; moments in milliseconds; and what went in and came
/// out as text with `.sync`, as a value with `.sync:2`.
fn describe(told: &Told, pattern: Pattern) -> Value {
    let execution = told.replay();
    let data = |payload: &Payload| match pattern {
        Pattern::Sync2 => payload.value().clone(),
        _ => Value::from(payload.text()),
    };
    let included = json!({ "Included": true });
    let identity = &told.identity;
    let mut fields: Map<String, Value> = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    let failure = match execution.end() {
        Some(End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure)) => {
            failure.clone()
        }
        _ => Failure::default(),
    };
    if let Some(cause) = failure.cause {
        put("Cause", cause.into());
    }
    if let Some(error) = failure.error {
        put("Error", error.0.into());
    }
    put("ExecutionArn", identity.execution_arn.as_str().into());
    put("Input", data(execution.input()));
    put("InputDetails", included.clone());
    put("Name", identity.name.as_str().into());
    if let Some(End::Succeeded(output)) = execution.end() {
        put("Output", data(output));
        put("OutputDetails", included);
    }
    let redrives = execution.redriven().map_or(0, |last| last.count);
    put("RedriveCount", redrives.into());
    let (status, redrivable) = match execution.end() {
        Some(End::Failed(_)) => ("FAILED", true),
        Some(End::TimedOut(_)) => ("TIMED_OUT", true),
        Some(End::Aborted(_)) => ("ABORTED", true),
        _ => ("SUCCEEDED", false),
    };
    if redrivable {
        put("RedriveStatus", "REDRIVABLE".into());
    } else {
        put("RedriveStatus", "NOT_REDRIVABLE".into());
        let reason = "Execution is SUCCEEDED and cannot be redriven";
        put("RedriveStatusReason", reason.into());
    }
    put("StartDate", execution.started_at().0.into());
    if let Some(alias) = &told.started_as.alias_arn {
        put("StateMachineAliasArn", alias.as_str().into());
    }
    put(
        "StateMachineArn",
        identity.state_machine_arn.as_str().into(),
    );
    if let Some(version) = &told.started_as.version_arn {
        put("StateMachineVersionArn", version.as_str().into());
    }
    put("Status", status.into());
    let stopped_at = told.records.iter().rev().find_map(|record| match record {
        asl::history::Record::Event(_, event) => Some(event.timestamp.0),
        asl::history::Record::Note(_) => None,
    });
    put("StopDate", stopped_at.into());
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_without_a_name_has_that_of_its_attempt() {
        let name = uuid_of("arn#3");
        assert_eq!(name, uuid_of("arn#3"));
        assert_ne!(name, uuid_of("arn#4"));
        assert!(is_name(&name) && name.len() == 36);
    }

    #[test]
    fn inputs_are_values_or_the_text_of_one() {
        for (given, expected) in [
            (json!(null), json!({})),
            (json!({ "a": 1 }), json!({ "a": 1 })),
            (json!("{\"a\":1}"), json!({ "a": 1 })),
            (json!("plain"), json!("plain")),
            (json!("5"), json!("5")),
        ] {
            assert_eq!(input(Some(&given)).value(), &expected);
        }
    }
}
