//! Lambda's API, the part that deploys and invokes: functions are Wasm task modules.
//!
//! [`Lambda::call`] takes an operation's name and what its request said, wherever in the
//! request it stood, and gives a status, headers and a body: it knows no HTTP but the names.
//! Which request is which operation is data, [`ROUTES`]. One operation a file.
//!
//! Source: AWS, the API reference of Lambda, page of the operation's name; its REST-JSON
//! protocol as the service model has it.

mod alias;
mod code;
mod configuration;
mod create_alias;
mod create_function;
mod delete_alias;
mod delete_function;
mod get_alias;
mod get_function;
mod get_function_configuration;
mod invocation;
mod invoke;
mod list_aliases;
mod list_functions;
mod list_versions_by_function;
mod marker;
mod named;
mod package;
mod publish_version;
mod refusal;
mod routes;
mod sandbox;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod update_alias;
mod update_function_code;
mod update_function_configuration;

use std::path::PathBuf;
use std::sync::Arc;

use asl::Timestamp;
use bytes::Bytes;
use engine::{Clock, Entropy, FunctionName};
use host::{ModuleKeeper, TaskHost};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

pub use routes::{ROUTES, Route};

use crate::protocol::uuid;
use crate::registry::Function;
use crate::request::Request;
use crate::{ApiError, Caller, Functions};

/// The longest body that is read. Source: AWS answers a larger CreateFunction with
/// `RequestEntityTooLargeException` and this number: a package of 50 MiB in base 64.
pub const BODY_BYTES_MAX: usize = 70_167_211;

/// Packages unpacked, compiled and written side by side. Ours: each takes its body several
/// times over while it lasts.
const DEPLOYMENTS_MAX: usize = 2;

/// What Lambda's operations work on.
pub struct Lambda {
    functions: Arc<Functions>,
    keeper: Arc<dyn ModuleKeeper>,
    host: Arc<dyn TaskHost>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    deployments: Semaphore,
    invocations: invocation::Places,
    /// Where directories may be granted.
    grantable: Vec<PathBuf>,
}

/// A request, taken apart.
#[derive(Clone, Debug, Default)]
pub struct LambdaCall {
    /// What path, query and headers said, by the operation's own names.
    pub parameters: Map<String, Value>,
    /// The body: JSON, but for Invoke, whose payload it is.
    pub body: Bytes,
}

/// What a client is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LambdaAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers of the operation's own.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, or empty.
    pub body: Bytes,
}

impl LambdaAnswer {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string().into(),
        }
    }

    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

/// Lists the operations: their names, and which function of which module each is.
macro_rules! operations {
    ($($name:literal => $action:ident,)*) => {
        impl Lambda {
            async fn dispatch(
                self: &Arc<Self>,
                operation: &str,
                caller: &Caller,
                call: LambdaCall,
            ) -> Result<LambdaAnswer, ApiError> {
                if operation == "Invoke" {
                    return invoke::invoke(self, caller, call).await;
                }
                let request = Request::rest(&call.body, call.parameters)?;
                match operation {
                    $($name => $action::$action(self, caller, request).await,)*
                    other => Err(refusal::unknown_operation(other)),
                }
            }
        }
    };
}

operations! {
    "CreateAlias" => create_alias,
    "CreateFunction" => create_function,
    "DeleteAlias" => delete_alias,
    "DeleteFunction" => delete_function,
    "GetAlias" => get_alias,
    "GetFunction" => get_function,
    "GetFunctionConfiguration" => get_function_configuration,
    "ListAliases" => list_aliases,
    "ListFunctions" => list_functions,
    "ListVersionsByFunction" => list_versions_by_function,
    "PublishVersion" => publish_version,
    "UpdateAlias" => update_alias,
    "UpdateFunctionCode" => update_function_code,
    "UpdateFunctionConfiguration" => update_function_configuration,
}

impl Lambda {
    /// Lambda's API on these parts. `keeper` and `host` must be two sides of one: what the
    /// first takes in, the second runs.
    pub fn new(
        functions: Arc<Functions>,
        keeper: Arc<dyn ModuleKeeper>,
        host: Arc<dyn TaskHost>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            functions,
            keeper,
            host,
            clock,
            entropy,
            deployments: Semaphore::new(DEPLOYMENTS_MAX),
            invocations: invocation::Places::default(),
            grantable: Vec::new(),
        }
    }

    /// The same, and directories within these may be granted: else none may, for who deploys a
    /// function need not be master of this machine.
    pub fn with_grantable(mut self, directories: Vec<PathBuf>) -> Self {
        self.grantable = directories;
        self
    }

    fn may_grant(&self, directory: &host::Directory) -> bool {
        let mut grantable = self.grantable.iter();
        grantable.any(|outer| directory.lies_in(outer))
    }

    /// Answers one request. Never fails: a refusal is an answer. Must be called on a tokio
    /// runtime.
    pub async fn call(
        self: &Arc<Self>,
        operation: &str,
        caller: &Caller,
        call: LambdaCall,
    ) -> LambdaAnswer {
        let answer = match call.body.len() > BODY_BYTES_MAX {
            true => Err(ApiError::new(
                "RequestEntityTooLargeException",
                format!(
                    "Request must be smaller than {BODY_BYTES_MAX} bytes for the {operation} \
                     operation"
                ),
            )),
            false => self.dispatch(operation, caller, call).await,
        };
        answer.unwrap_or_else(|error| refusal::answer(&error))
    }

    /// The answer to a request that is no operation.
    pub fn unknown(&self, request: &str) -> LambdaAnswer {
        refusal::answer(&refusal::unknown_operation(request))
    }

    /// The function of this name.
    fn function(&self, name: &FunctionName) -> Result<Arc<Function>, ApiError> {
        let arn = name.arn();
        let found = self.functions.get(&arn)?;
        found.ok_or_else(|| refusal::no_such_function(&name.qualified_arn()))
    }

    /// The function of this name, and the configuration that its qualifier means.
    fn configuration(&self, name: &FunctionName) -> Result<(Arc<Function>, Value), ApiError> {
        let function = self.function(name)?;
        let missing = || refusal::no_such_function(&name.qualified_arn());
        // An alias of two versions is described as the one that it is for.
        let found = function.find(name.qualifier.as_deref(), u64::MAX);
        let (number, version) = found.ok_or_else(missing)?;
        let told = configuration::told(&function, version, name.qualified_arn(), &number);
        Ok((function, told))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn uuid(&self) -> String {
        uuid(&*self.entropy)
    }
}
