//! What is outstanding: commands as a function of the state.

use super::scope::{Attempting, Phase, Scope, Stage};
use super::{Command, Execution, Kind, MapRunCommand, TaskCommand, TaskKey, Timer};
use crate::definition::StateKind;
use crate::history::{ScopeId, Via};
use crate::{Timestamp, limits};

impl Execution {
    /// Every command that was given and not yet answered: what a restart performs again.
    pub fn pending(&self) -> Vec<Command> {
        if self.end.is_some() {
            return Vec::new();
        }
        let deadline = self.deadline().filter(|_| !self.scopes.is_empty());
        let mut commands: Vec<Command> = deadline.map(Command::StartDeadline).into_iter().collect();
        let mut transient = false;
        for (id, scope) in &self.scopes {
            transient |= scope.phase.is_transient();
            commands.extend(self.pending_of(*id, scope));
        }
        if transient {
            commands.push(Command::Continue);
        }
        commands
    }

    /// The command that stands for this attempt as it is now, if it is open.
    pub fn open_task(&self, task: TaskKey) -> Option<Command> {
        let scope = self.scopes.get(&task.scope)?;
        self.attempting(task)?;
        self.pending_of(task.scope, scope)
    }

    /// What one scope waits for.
    pub(super) fn pending_of(&self, id: ScopeId, scope: &Scope) -> Option<Command> {
        match &scope.phase {
            Phase::Attempting(attempting) => {
                let command = Box::new(self.task_command(id, scope, attempting)?);
                Some(match (&attempting.stage, &attempting.via) {
                    (Stage::Scheduled, Via::Activity) => Command::OfferTask(command),
                    (Stage::Scheduled, _) => Command::ScheduleTask(command),
                    (Stage::Begun, _) => Command::InterruptTask(command.task),
                    (Stage::Taken | Stage::Submitted(_), _) => Command::AwaitTask(command),
                })
            }
            Phase::BackingOff(at) | Phase::Waiting(at) => {
                Some(Command::StartTimer(Timer { scope: id, at: *at }))
            }
            Phase::MapRunning(running) => Some(Command::StartMapRun(Box::new(MapRunCommand {
                run: TaskKey {
                    scope: id,
                    scheduled: running.started,
                },
                plan: running.plan.clone(),
                started_at: running.at,
                redrives: running.redrives,
            }))),
            _ => None,
        }
    }

    fn task_command(
        &self,
        id: ScopeId,
        scope: &Scope,
        attempting: &Attempting,
    ) -> Option<TaskCommand> {
        let current = scope.current.as_ref()?;
        let state = self.machine.0.state(current.id);
        let StateKind::Task(task) = &state.kind else {
            return None;
        };
        Some(TaskCommand {
            task: TaskKey {
                scope: id,
                scheduled: attempting.scheduled,
            },
            resource: task.resource.as_str().into(),
            via: attempting.via.clone(),
            pattern: task.resource.pattern(),
            secret: attempting.secret,
            submitted: match &attempting.stage {
                Stage::Submitted(answer) => Some(answer.clone()),
                Stage::Scheduled | Stage::Begun | Stage::Taken => None,
            },
            input: attempting.input.clone(),
            credentials: attempting.credentials.clone(),
            state_name: state.name.clone(),
            retry_count: current.retry_count(),
            scheduled_at: attempting.at,
            deadline: attempting.deadline,
            heartbeat_seconds: attempting.heartbeat_seconds,
        })
    }

    /// When the execution itself times out.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        // A child execution of a Map Run has none: its flow is not the machine's.
        let own = self.machine.0.timeout_seconds;
        let own = own.filter(|_| self.identity.map_state.is_none());
        let seconds = match self.identity.kind {
            Kind::Standard => own?,
            Kind::Express => own.map_or(limits::EXPRESS_SECONDS_MAX, |seconds| {
                seconds.min(limits::EXPRESS_SECONDS_MAX)
            }),
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Some(self.driven_at().plus_seconds(seconds))
    }
}

impl Phase {
    /// Whether the scope can move on by itself.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Entering(..)
            | Self::Entered
            | Self::Mapping(_)
            | Self::MapRunReviving(_)
            | Self::Done(_) => true,
            Self::Nesting(nested) => nested.can_open() || nested.is_complete(),
            Self::Attempting(_)
            | Self::BackingOff(_)
            | Self::Waiting(_)
            | Self::MapRunning(_)
            | Self::MapRunFailed(_) => false,
        }
    }
}
