//! From an operation's name to its file, and from its answer to a status and a body.

use std::path::PathBuf;
use std::sync::Arc;

use asl::Timestamp;
use asl::interpreter::Kind;
use engine::{Clock, Engine, Entropy};
use journal::Journal;
use serde_json::{Value, json};

use crate::quotas::{Quotas, Throttle, start_rate};
use crate::request::Request;
use crate::{ApiError, Caller, Registry, actions};

/// The longest body that is read. Source: AWS, quotas of Step Functions: 1 MB a request; a
/// definition of the longest kind, escaped in JSON, is a little more than that.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// What operations work on.
pub struct Api {
    pub(crate) engine: Arc<Engine>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) quotas: Quotas,
    throttle: Throttle,
    pub(crate) mock_config: Option<PathBuf>,
}

/// What a client is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Value,
}

/// Lists the operations: their names, and which function in `actions` each is.
macro_rules! operations {
    ($($name:literal => $action:ident,)*) => {
        /// Every operation that is answered, by name.
        pub const OPERATIONS: &[&str] = &[$($name),*];

        impl Api {
            async fn dispatch(
                &self,
                operation: &str,
                caller: &Caller,
                request: Request,
            ) -> Result<Value, ApiError> {
                match operation {
                    $($name => {
                        self.throttle($name, caller)?;
                        actions::$action::$action(self, caller, request).await
                    })*
                    other => Err(ApiError::unknown_operation(other)),
                }
            }
        }
    };
}

operations! {
    "CreateActivity" => create_activity,
    "CreateStateMachine" => create_state_machine,
    "CreateStateMachineAlias" => create_state_machine_alias,
    "DeleteActivity" => delete_activity,
    "DeleteStateMachine" => delete_state_machine,
    "DeleteStateMachineAlias" => delete_state_machine_alias,
    "DeleteStateMachineVersion" => delete_state_machine_version,
    "DescribeActivity" => describe_activity,
    "DescribeExecution" => describe_execution,
    "DescribeMapRun" => describe_map_run,
    "DescribeStateMachine" => describe_state_machine,
    "DescribeStateMachineAlias" => describe_state_machine_alias,
    "DescribeStateMachineForExecution" => describe_state_machine_for_execution,
    "GetActivityTask" => get_activity_task,
    "GetExecutionHistory" => get_execution_history,
    "ListActivities" => list_activities,
    "ListExecutions" => list_executions,
    "ListMapRuns" => list_map_runs,
    "ListStateMachineAliases" => list_state_machine_aliases,
    "ListStateMachineVersions" => list_state_machine_versions,
    "ListStateMachines" => list_state_machines,
    "ListTagsForResource" => list_tags_for_resource,
    "PublishStateMachineVersion" => publish_state_machine_version,
    "RedriveExecution" => redrive_execution,
    "SendTaskFailure" => send_task_failure,
    "SendTaskHeartbeat" => send_task_heartbeat,
    "SendTaskSuccess" => send_task_success,
    "StartExecution" => start_execution,
    "StartSyncExecution" => start_sync_execution,
    "StopExecution" => stop_execution,
    "TagResource" => tag_resource,
    "TestState" => test_state,
    "UntagResource" => untag_resource,
    "UpdateMapRun" => update_map_run,
    "UpdateStateMachine" => update_state_machine,
    "UpdateStateMachineAlias" => update_state_machine_alias,
    "ValidateStateMachineDefinition" => validate_state_machine_definition,
}

impl Api {
    /// An API on these parts. The engine must use the same journal.
    pub fn new(
        engine: Arc<Engine>,
        journal: Arc<dyn Journal>,
        registry: Arc<Registry>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            engine,
            journal,
            registry,
            clock,
            entropy,
            quotas: Quotas::NONE,
            throttle: Throttle::default(),
            mock_config: None,
        }
    }

    /// The same, where starts may name a test case of this file: `stateMachineArn#TestCase`.
    #[must_use]
    pub fn with_mocks(self, config: PathBuf) -> Self {
        Self {
            mock_config: Some(config),
            ..self
        }
    }

    /// The same with quotas; there are nearly none otherwise. Counts what is there, so this is
    /// for start-up.
    ///
    /// # Errors
    /// What reading the registry may fail with.
    pub fn with_quotas(self, quotas: Quotas) -> Result<Self, ApiError> {
        self.registry.machines.count()?;
        self.registry.activities.count()?;
        Ok(Self { quotas, ..self })
    }

    fn throttle(&self, operation: &'static str, caller: &Caller) -> Result<(), ApiError> {
        match self.quotas.throttles {
            true => self.throttle.operation(operation, caller, self.now()),
            false => Ok(()),
        }
    }

    /// Whether an execution of this kind may be started now.
    ///
    /// # Errors
    /// `ThrottlingException`, `ExecutionLimitExceeded`.
    pub(crate) fn check_start(&self, kind: Kind, caller: &Caller) -> Result<(), ApiError> {
        if self.quotas.throttles {
            let (name, rate) = start_rate(kind);
            self.throttle.take(name, rate, caller, self.now())?;
        }
        match kind {
            Kind::Standard => self
                .quotas
                .check_executions(|| Ok(self.journal.open_count(None)?)),
            Kind::Express => Ok(()),
        }
    }

    /// Answers one request. Never fails: a refusal is an answer.
    pub async fn call(&self, operation: &str, caller: &Caller, body: &[u8]) -> Answer {
        let request = match body.len() > BODY_BYTES_MAX {
            true => Err(ApiError::validation(format!(
                "Request payload of {} bytes is larger than the {BODY_BYTES_MAX} that are read",
                body.len()
            ))),
            false => Request::parse(body),
        };
        let answer = match request {
            Ok(request) => self.dispatch(operation, caller, request).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(body) => Answer { status: 200, body },
            Err(error) => error.answer(),
        }
    }

    /// An id for one request, as AWS answers it in `x-amzn-RequestId`.
    pub fn request_id(&self) -> String {
        self.uuid()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A random UUID.
    pub(crate) fn uuid(&self) -> String {
        uuid(&*self.entropy)
    }
}

/// A random UUID.
pub(crate) fn uuid(entropy: &dyn Entropy) -> String {
    let (high, low) = (entropy.draw(), entropy.draw());
    uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
        .into_uuid()
        .to_string()
}

/// A moment as AWS's JSON has it: seconds since the epoch.
pub(crate) fn seconds(at: Timestamp) -> Value {
    json!(at.0 as f64 / 1000.0)
}
