//! Map in DISTRIBUTED mode: one Map Run, outside of this execution, whose children run the
//! item processor.
//!
//! Here is only what the parent does: it plans the run, asks for it, and takes what comes of
//! it. Source: Step Functions developer guide, "Using Map state in Distributed mode"; the
//! events are as recorded.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::driver::Driver;
use super::fault::Fault;
use super::scope::{Item, Phase};
use super::transition::{Reading, checked};
use super::{Execution, Kind, TaskKey};
use crate::arn::MapRunArn;
use crate::definition::{Distributed, ExecutionType, Map, State, Template};
use crate::history::{Detail, EventId, Note, ScopeId};
use crate::{ErrorName, Failure, Payload, Timestamp, limits};

/// Everything about a Map Run that is fixed when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRunPlan {
    /// `arn:aws:states:REGION:ACCOUNT:mapRun:STATE_MACHINE/LABEL:UUID`
    pub arn: MapRunArn,
    /// The Map state's name.
    pub state_name: Arc<str>,
    /// `Label`, or the one that was made for the state.
    pub label: Arc<str>,
    /// Where items come from.
    pub source: ItemSource,
    /// Which children it has.
    pub children: Kind,
    /// Children that may be open at once.
    pub concurrency: u32,
    /// Failed items, at most, before the run fails. The run fails above either tolerance.
    pub tolerated_failure_count: u64,
    /// The same, in parts of a million of all items: a float would not compare.
    pub tolerated_failure_ppm: u32,
    /// `ItemBatcher`, evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batching: Option<Batching>,
    /// `ResultWriter`, evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<Payload>,
}

/// Where the items of a Map Run come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemSource {
    /// The state's own data: an array.
    #[serde(rename = "items")]
    Items(Payload),
    /// `ItemReader`, evaluated.
    #[serde(rename = "reader")]
    Reader {
        /// The whole field, but for MaxItems.
        reader: Payload,
        /// How many items to read, at most.
        items_max: u64,
    },
    /// `ItemReader`, told what it cannot do: the run fails with this at once.
    #[serde(rename = "refused")]
    Refused(Failure),
}

/// How items are put together, several for one child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batching {
    /// `BatchInput`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Payload>,
    /// Items a child is given, at most.
    pub items_max: u64,
    /// Bytes of a child's input, at most; an item that alone is larger is given alone.
    pub bytes_max: u64,
}

/// A Map Run that is to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunCommand {
    /// The scope of the Map, and the event that started the run.
    pub run: TaskKey,
    /// What it does.
    pub plan: MapRunPlan,
    /// When it started.
    pub started_at: Timestamp,
    /// How often it was redriven: more often than its own records say when it is to be.
    pub redrives: u32,
}

/// What came of a Map Run.
#[derive(Clone, Debug, PartialEq)]
pub enum MapRunReport {
    /// It succeeded, and this is the state's result.
    Succeeded(Payload),
    /// It failed.
    Failed(Failure),
}

/// One item, as its source gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct MapItem {
    /// Its place, from 0.
    pub index: u64,
    /// Itself.
    pub value: Value,
    /// `$$.Map.Item.Key`: its name, where the source is an object's fields.
    pub key: Option<Arc<str>>,
    /// `$$.Map.Item.Source`: `STATE_DATA`, or the URI of the object it was read from.
    pub source: Arc<str>,
}

/// A Map Run that runs, as its parent knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MapRunning {
    pub(super) plan: MapRunPlan,
    pub(super) started: EventId,
    pub(super) at: Timestamp,
    pub(super) redrives: u32,
}

/// Children open at once where nothing bounds them. Source: AWS, quotas of Step Functions.
const CHILDREN_MAX: u32 = 10_000;

impl Driver<'_> {
    /// Plans the run and asks for it.
    pub(super) fn start_map_run(
        &mut self,
        id: ScopeId,
        state: &State,
        map: &Map,
        distributed: &Distributed,
    ) -> Result<(), Fault> {
        let effective = self.effective_input(id, state)?;
        let reading = self.reading(id)?;
        let input = effective.value();
        let source = match &distributed.item_reader {
            Some(reader) => self.reader(&reading, reader, input)?,
            None => ItemSource::Items(self.items(&reading, map, &effective)?),
        };
        let length = match &source {
            // As recorded: what a reader will give is not known yet.
            ItemSource::Reader { .. } | ItemSource::Refused(_) => 0,
            ItemSource::Items(items) => items.value().as_array().map_or(0, Vec::len),
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.emit(id, self.previous(id), Detail::MapStateStarted { length });
        let label: Arc<str> = match &distributed.label {
            Some(label) => label.as_str().into(),
            None => made_label(&self.execution.identity.state_machine_arn.0, &state.name).into(),
        };
        let machine = &self.execution.identity.state_machine_arn;
        let plan = MapRunPlan {
            arn: MapRunArn::of(machine, &label, &self.draws.uuid()),
            state_name: Arc::clone(&state.name),
            label,
            source,
            children: match distributed.execution_type {
                ExecutionType::Standard => Kind::Standard,
                ExecutionType::Express => Kind::Express,
            },
            concurrency: self.children(&reading, map, input)?,
            tolerated_failure_count: self.tolerated_count(&reading, map, input)?.unwrap_or(0),
            tolerated_failure_ppm: self.tolerated_ppm(&reading, map, input)?,
            batching: self.batching(&reading, distributed, input)?,
            writer: self.part(&reading, distributed.result_writer.as_ref(), input)?,
        };
        let arn = plan.arn.clone();
        self.note(Note::MapRun { scope: id, plan });
        self.emit(id, self.previous(id), Detail::MapRunStarted { arn });
        self.ask(id);
        Ok(())
    }

    fn reader(
        &self,
        reading: &Reading,
        template: &Template,
        input: &Value,
    ) -> Result<ItemSource, Fault> {
        let reader = checked(self.fill(reading, template, input)?)?;
        Ok(match self.items_max(reading, template, input)? {
            Ok(items_max) => ItemSource::Reader {
                reader,
                items_max: items_max as u64,
            },
            Err(failure) => ItemSource::Refused(failure),
        })
    }

    fn batching(
        &self,
        reading: &Reading,
        distributed: &Distributed,
        input: &Value,
    ) -> Result<Option<Batching>, Fault> {
        let batcher = self.batcher(reading, Some(distributed), input)?;
        Ok(batcher.map(|batcher| Batching {
            input: batcher.input.map(Payload::from_value),
            items_max: batcher.items_max as u64,
            bytes_max: batcher.bytes_max as u64,
        }))
    }

    fn part(
        &self,
        reading: &Reading,
        template: Option<&Template>,
        input: &Value,
    ) -> Result<Option<Payload>, Fault> {
        let filled = template.map(|template| checked(self.fill(reading, template, input)?));
        filled.transpose()
    }

    fn children(&self, reading: &Reading, map: &Map, input: &Value) -> Result<u32, Fault> {
        let wanted = self.concurrency_wanted(reading, map, input)?;
        Ok(match u32::try_from(wanted) {
            Ok(0) | Err(_) => CHILDREN_MAX,
            Ok(wanted) => wanted.min(CHILDREN_MAX),
        })
    }

    fn tolerated_ppm(&self, reading: &Reading, map: &Map, input: &Value) -> Result<u32, Fault> {
        let percentage = self.tolerated_percentage(reading, map, input)?;
        Ok((percentage.unwrap_or(0.0) * 10_000.0) as u32)
    }

    /// A Map Run ended: success leaves the state, anything else fails it.
    pub(super) fn hear_of_map_run(&mut self, run: TaskKey, report: MapRunReport) {
        let id = run.scope;
        let machine = Arc::clone(self.execution.machine());
        let Some(state) = self.current_state(id, &machine) else {
            return;
        };
        match self.execution.scopes.get(&id).map(|scope| &scope.phase) {
            Some(Phase::MapRunning(running)) if running.started == run.scheduled => {}
            _ => return,
        }
        match report {
            MapRunReport::Succeeded(result) => {
                // As most recordings have it, MapStateSucceeded and MapStateExited follow the
                // same event; in those of November 2024 and later it is MapRunStarted that
                // leads to the exit.
                self.emit(id, self.previous(id), Detail::MapRunSucceeded);
                self.emit(id, self.previous(id), Detail::MapStateSucceeded);
                if let Err(fault) = self.complete(id, state, result) {
                    self.fault(id, state, fault);
                }
            }
            MapRunReport::Failed(failure) => {
                let detail = Detail::MapRunFailed(failure.clone());
                self.emit(id, self.previous(id), detail);
                self.fail_state(id, failure, true);
            }
        }
    }

    /// Redrives the Map Run of this scope: what of it failed is done again.
    pub(super) fn redrive_map_run(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Phase::MapRunReviving(running) = &scope.phase else {
            return;
        };
        let (arn, redrive_count) = (running.plan.arn.clone(), running.redrives + 1);
        if redrive_count > limits::MAP_RUN_REDRIVES_MAX {
            let most = limits::MAP_RUN_REDRIVES_MAX;
            let cause = format!("The Map Run was redriven {most} times, and may not be again.");
            return self.fail_state(id, Failure::new(ErrorName::RUNTIME, cause), true);
        }
        let detail = Detail::MapRunRedriven { arn, redrive_count };
        self.emit(id, self.previous(id), detail);
        self.ask(id);
    }

    /// Says that the Map Run of this scope was aborted, and ends it.
    pub(super) fn abort_map_run(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        if let Phase::MapRunning(running) = &scope.phase {
            let run = TaskKey {
                scope: id,
                scheduled: running.started,
            };
            self.step.commands.push(super::Command::StopMapRun(run));
            self.emit(id, self.previous(id), Detail::MapRunAborted);
        }
    }
}

impl Execution {
    /// The input that an item of this run becomes: itself, or what `ItemSelector` makes of
    /// it. Changes nothing.
    ///
    /// # Errors
    /// The run's failure, when the selector and the item do not fit together.
    pub fn select_item(
        &mut self,
        run: TaskKey,
        item: MapItem,
        now: Timestamp,
        entropy: u64,
    ) -> Result<Payload, Failure> {
        let machine = Arc::clone(self.machine());
        let driver = Driver::new(self, now, entropy);
        let Some(state) = driver.current_state(run.scope, &machine) else {
            return Ok(Payload::from_value(item.value));
        };
        let entered = driver.entered(run.scope);
        let input = driver.child_input(run.scope, state, item);
        input.map_err(|fault| fault.into_failure(&state.name, entered))
    }
}

impl Driver<'_> {
    fn child_input(&self, id: ScopeId, state: &State, item: MapItem) -> Result<Payload, Fault> {
        let crate::definition::StateKind::Map(map) = &state.kind else {
            return Ok(Payload::from_value(item.value));
        };
        let Some(template) = &map.item_selector else {
            return Ok(Payload::from_value(item.value));
        };
        let item = Arc::new(Item {
            index: item.index,
            key: item.key,
            value: Arc::new(item.value),
            source: item.source,
        });
        let reading = self.reading_item(id, Some(&item))?;
        let whole = self.reading(id)?;
        let effective = self.effective_in(&whole, state)?;
        checked(self.fill(&reading, template, &effective)?)
    }

    fn entered(&self, id: ScopeId) -> EventId {
        let scope = self.execution.scopes.get(&id);
        let current = scope.and_then(|scope| scope.current.as_ref());
        current.map_or(EventId(0), |current| current.entered)
    }
}

/// The label of a Map state that names none: always the same for one state, in the form of a
/// UUID, as AWS makes it.
fn made_label(state_machine: &str, state: &str) -> String {
    let hash = Sha256::digest(format!("{state_machine}/{state}").as_bytes());
    let half = |from: usize| {
        let bytes = hash[from..from + 8].iter();
        bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let (high, low) = (half(0), half(8));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
