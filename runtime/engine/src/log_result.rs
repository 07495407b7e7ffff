//! The end of an attempt's log, as Lambda tells it to who asks for `LogType` `Tail`.
//!
//! Source: AWS Lambda, `LogResult` of Invoke.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host::{LOG_TAIL_BYTES_MAX, Limits, Outcome};

/// `LogResult`: what Lambda writes around a log and the log, its last 4 KB, in base 64.
pub fn log_result(outcome: &Outcome, limits: &Limits, request_id: &str, version: &str) -> String {
    let usage = &outcome.usage;
    let milliseconds = usage.wall_time.as_secs_f64() * 1000.0;
    let billed = usage.wall_time.as_millis() + 1;
    let log = format!(
        "START RequestId: {request_id} Version: {version}\n{}END RequestId: {request_id}\nREPORT \
         RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tBilled Duration: {billed} \
         ms\tMemory Size: {} MB\tMax Memory Used: {} MB\tFuel: {}\t\n",
        outcome.log_tail,
        limits.memory_bytes_max >> 20,
        usage.memory_bytes_peak.div_ceil(1 << 20),
        usage.fuel,
    );
    let from = log.len().saturating_sub(LOG_TAIL_BYTES_MAX);
    STANDARD.encode(&log[log.ceil_char_boundary(from)..])
}
