//! Every quota of the language: value, unit, source.
//!
//! AWS's come from "Quotas for Step Functions" and the service's API model; ours say so.

/// How often one Map Run may be redriven. Source: Step Functions developer guide, "Redriving
/// Map Runs".
pub const MAP_RUN_REDRIVES_MAX: u32 = 1_000;

/// A definition, in bytes (AWS: 1 MB).
pub const DEFINITION_BYTES_MAX: usize = 1_048_576;
/// Nesting of JSON in a definition or a payload, in levels. Ours: it bounds every
/// recursion over JSON, and is what the JSON parser accepts by default.
pub const JSON_DEPTH_MAX: usize = 127;
/// Problems reported of one definition. Ours, and as many as AWS gives in one answer: each
/// is looked up in the text, so it bounds what a hostile definition makes us do.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Text of all problems of one definition, in bytes; the last one may exceed it. Ours: each may
/// repeat a name that is as long as the definition.
pub const DIAGNOSTICS_BYTES_MAX: usize = 1_048_576;
/// The name of a field as causes give it, in characters. Ours: a JSON key in it may be as long
/// as the definition.
pub const FIELD_CHARS_MAX: usize = 512;
/// Input, output or result of a state, Task or execution, in bytes of UTF-8 (AWS: 256 KiB).
pub const PAYLOAD_BYTES_MAX: usize = 262_144;
/// Events in one execution's history (AWS).
pub const HISTORY_EVENTS_MAX: u64 = 25_000;
/// Events that an execution may have and still be redriven (AWS: fewer than 24,999).
pub const REDRIVABLE_EVENTS_MAX: u64 = 24_998;
/// How long after its end an execution may be redriven, in seconds (AWS: 14 days).
pub const REDRIVABLE_SECONDS_MAX: u64 = 14 * 86_400;
/// How long an execution may be open in all, in seconds (AWS: a year).
pub const OPEN_SECONDS_MAX: u64 = 365 * 86_400;
/// The `error` of a failure, in characters (API model).
pub const ERROR_CHARS_MAX: usize = 256;
/// The `cause` of a failure, in characters (API model).
pub const CAUSE_CHARS_MAX: usize = 32_768;
/// A task token, in characters (AWS).
pub const TASK_TOKEN_CHARS_MAX: usize = 1_024;
/// A state's name, and a resource's, in characters (AWS).
pub const NAME_CHARS_MAX: usize = 80;
/// TimeoutSeconds, HeartbeatSeconds, Wait's Seconds and IntervalSeconds, in seconds (AWS);
/// also the default TimeoutSeconds of a Task.
pub const SECONDS_MAX: u64 = 99_999_999;
/// Longest run of an Express execution, in seconds (AWS: five minutes).
pub const EXPRESS_SECONDS_MAX: u64 = 300;
/// Longest wait until a Timestamp, in seconds: recorded, 24,855 days pass and 24,856 do not.
pub const WAIT_SECONDS_MAX: u64 = i32::MAX as u64;
/// Longest MaxDelaySeconds of a Retrier, in seconds (AWS).
pub const MAX_DELAY_SECONDS_MAX: u64 = 31_622_400;
/// Iterations of an inline Map that run side by side (AWS).
pub const INLINE_MAP_CONCURRENCY_MAX: usize = 40;
/// The header of a CSV, in bytes (AWS: 10 KiB).
pub const CSV_HEADER_BYTES_MAX: usize = 10 * 1024;
/// One variable's value, in bytes (AWS: 256 KiB).
pub const VARIABLE_BYTES_MAX: usize = 262_144;
/// All variables of an execution, in bytes (AWS: 10 MiB).
pub const VARIABLES_BYTES_MAX: usize = 10 * 1_048_576;
/// Items that `States.ArrayRange` makes (AWS).
pub const ARRAY_RANGE_ITEMS_MAX: usize = 1_000;
/// Input of `States.Base64Encode`, `Base64Decode` and `Hash`, in characters (AWS).
pub const INTRINSIC_STRING_CHARS_MAX: usize = 10_000;
/// Nesting of intrinsic functions (AWS).
pub const INTRINSIC_NESTING_MAX: usize = 10;
/// Longest path or intrinsic call, in bytes. Ours: a definition's size bounds it anyway;
/// this bounds what one expression may make a parser do.
pub const EXPRESSION_BYTES_MAX: usize = 65_536;
/// Nesting of brackets and filters in a JSONPath. Ours: bounds the parser's recursion.
pub const PATH_DEPTH_MAX: usize = 64;
/// Nodes that the JSONPaths and intrinsic functions of one state may visit and copy, all
/// together. Ours: `$..[?(@..x)]` is quadratic in its input, and a template may copy its input as
/// often as the definition has room to say so.
pub const PATH_NODES_MAX: usize = 2_000_000;
/// Memory one compiled pattern of a filter (`=~`) may take, in bytes. Ours: a match takes
/// time in proportion to the pattern's size and the text's.
pub const PATH_REGEX_BYTES_MAX: usize = 16_384;
/// Steps of the JSONata evaluations of one state, all together: nodes evaluated, functions called, and what loops inside
/// functions and the text made come to in steps. Ours: about half a second of work, and the bound
/// that stops the same evaluation on every machine.
pub const JSONATA_STEPS_MAX: u64 = 8_000_000;
/// One JSONata evaluation, in milliseconds. Ours: a backstop for what may take long in few
/// steps, such as a look-ahead over a large text; steps stop everything else first.
pub const JSONATA_MILLISECONDS_MAX: u64 = 10_000;
/// Bytes that the arrays, objects and functions of one JSONata evaluation hold at once. Ours:
/// with the text that its steps can make, an evaluation stays below half a gibibyte.
pub const JSONATA_MEMORY_MAX: usize = 192 << 20;
/// Nesting of one JSONata evaluation, in nodes of the expression. Source: measured on AWS, as
/// reported: a sum of 100 terms is evaluated, and one of more is a stack overflow.
pub const JSONATA_DEPTH_MAX: usize = 100;
/// The result of a JSONata evaluation, and what it passes to one function of ours, in bytes.
/// Ours: a payload's bound with room for what is cut down later.
pub const JSONATA_BYTES_MAX: usize = 1_048_576;
/// A string that a JSONata evaluation builds, in bytes. Source: measured on AWS, as reported: of
/// strings that double, one of 4 MiB is taken, and one of 8 MiB is not.
pub const JSONATA_STRING_BYTES_MAX: usize = 4 << 20;
/// Items of an array that a JSONata evaluation builds. Source: measured on AWS, as reported:
/// `[1..873782]` is taken, and one item more is not.
pub const JSONATA_ITEMS_MAX: usize = 873_782;
