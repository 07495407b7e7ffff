//! Which request is which operation.
//!
//! Source: AWS, the service model of `lambda`, 2015-03-31.

/// How an operation is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path; what stands in braces is a parameter of that name.
    pub path: &'static str,
    /// Headers that are parameters, and the names of those.
    pub headers: &'static [(&'static str, &'static str)],
}

const fn route(operation: &'static str, method: &'static str, path: &'static str) -> Route {
    Route {
        operation,
        method,
        path,
        headers: &[],
    }
}

const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/{FunctionName}";
const CONFIGURATION: &str = "/2015-03-31/functions/{FunctionName}/configuration";
const VERSIONS: &str = "/2015-03-31/functions/{FunctionName}/versions";
const ALIASES: &str = "/2015-03-31/functions/{FunctionName}/aliases";
const ALIAS: &str = "/2015-03-31/functions/{FunctionName}/aliases/{Name}";

/// Every operation that is answered. The query's fields are parameters under their names.
pub const ROUTES: &[Route] = &[
    route("CreateFunction", "POST", FUNCTIONS),
    route("ListFunctions", "GET", FUNCTIONS),
    route("GetFunction", "GET", FUNCTION),
    route("DeleteFunction", "DELETE", FUNCTION),
    route(
        "UpdateFunctionCode",
        "PUT",
        "/2015-03-31/functions/{FunctionName}/code",
    ),
    route("GetFunctionConfiguration", "GET", CONFIGURATION),
    route("UpdateFunctionConfiguration", "PUT", CONFIGURATION),
    route("PublishVersion", "POST", VERSIONS),
    route("ListVersionsByFunction", "GET", VERSIONS),
    route("CreateAlias", "POST", ALIASES),
    route("ListAliases", "GET", ALIASES),
    route("GetAlias", "GET", ALIAS),
    route("UpdateAlias", "PUT", ALIAS),
    route("DeleteAlias", "DELETE", ALIAS),
    Route {
        headers: &[
            ("x-amz-invocation-type", "InvocationType"),
            ("x-amz-log-type", "LogType"),
            ("x-amz-client-context", "ClientContext"),
        ],
        ..route(
            "Invoke",
            "POST",
            "/2015-03-31/functions/{FunctionName}/invocations",
        )
    },
];
