//! AWS's functions.
//!
//! Arguments reach a function as JSON, at most [`limits::JSONATA_BYTES_MAX`] of it in all: the
//! engine sees to that, and it is what bounds the work of every function here.
//!
//! Source: Step Functions developer guide, "JSONata functions provided by Step
//! Functions"; what becomes of odd arguments was asked of TestState, not told there: a number is
//! cut towards zero where the guide says that it is rounded down.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use jlens_core::{Bindings, Error, HostFunction, Result};
use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::json;
use crate::limits;
use crate::query::Draws;
use crate::query::java_random::JavaRandom;

type Arguments<'a> = &'a [Option<Value>];
type Returned = Result<Option<Value>>;

/// Whether a function is called `name`, without the `$`, in every expression.
pub(super) fn is_built_in(name: &str) -> bool {
    static NAMES: OnceLock<HashSet<&'static str>> = OnceLock::new();
    NAMES
        .get_or_init(|| {
            let aws = ["hash", "parse", "partition", "random", "range", "uuid"];
            jlens_core::function_catalog()
                .iter()
                .map(|function| function.name)
                .filter(|name| *name != "eval")
                .chain(aws)
                .collect()
        })
        .contains(name)
}

/// Every function that does not draw.
pub(super) fn bindings() -> &'static Bindings {
    static BINDINGS: OnceLock<Bindings> = OnceLock::new();
    BINDINGS.get_or_init(|| {
        [
            ("hash", function("<ss?:s>", hash)),
            ("parse", function("<s?:x>", parse)),
            ("partition", function("<an?:a>", partition)),
            ("range", function("<nnn?:x>", range)),
        ]
        .into_iter()
        .fold(Bindings::new(), |bindings, (name, function)| {
            bindings.function(name, function)
        })
    })
}

/// [`bindings`], and the functions that draw from the stream of `seed`.
pub(super) fn with_draws(seed: u64) -> Bindings {
    let draws = Mutex::new(Draws::new(seed));
    let draws = std::sync::Arc::new(draws);
    let also = std::sync::Arc::clone(&draws);
    let random = move |args: Arguments<'_>| {
        let drawn = match args.first().and_then(number) {
            Some(seed) => JavaRandom::new(seed as i64).double(),
            None => unit(
                draws
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .next_u64(),
            ),
        };
        Ok(Some(Value::from(drawn)))
    };
    let uuid = move |_: Arguments<'_>| {
        let uuid = also.lock().unwrap_or_else(PoisonError::into_inner).uuid();
        Ok(Some(Value::from(uuid)))
    };
    bindings()
        .clone()
        .function("random", function("<n?:n>", random))
        .function("uuid", function("<:s>", uuid))
}

/// A function with a signature of ours, which does not read the context.
fn function(
    signature: &str,
    body: impl Fn(Arguments<'_>) -> Returned + Send + Sync + 'static,
) -> HostFunction {
    HostFunction::with_signature(signature, move |args, _| body(args))
        .expect("a signature of ours is valid")
        .without_input()
}

/// An error in the author's words, as `$error` makes it.
fn refused(message: impl Into<String>) -> Error {
    Error::new("D3137").with("message", message.into())
}

fn too_large() -> Error {
    Error::new("U1001").with("message", "A value would exceed its size limit")
}

fn number(argument: &Option<Value>) -> Option<f64> {
    argument.as_ref().and_then(Value::as_f64)
}

fn string(argument: &Option<Value>) -> Option<&str> {
    argument.as_ref().and_then(Value::as_str)
}

/// The top 53 bits of a draw, as a number from 0 to 1 (exclusive).
fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// `$hash(text, algorithm)`: the digest of the UTF-8 bytes, in lower-case hexadecimal.
fn hash(args: Arguments<'_>) -> Returned {
    let (Some(text), Some(algorithm)) = (string(&args[0]), args.get(1).and_then(string)) else {
        return Ok(None);
    };
    let digest = match algorithm {
        "MD5" => Md5::digest(text).to_vec(),
        "SHA-1" => Sha1::digest(text).to_vec(),
        "SHA-256" => Sha256::digest(text).to_vec(),
        "SHA-384" => Sha384::digest(text).to_vec(),
        "SHA-512" => Sha512::digest(text).to_vec(),
        _ => {
            return Err(refused(format!(
                "$hash: the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not {algorithm}"
            )));
        }
    };
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(Value::from(hex)))
}

/// `$parse(text)`: the JSON value that `text` is.
fn parse(args: Arguments<'_>) -> Returned {
    let Some(text) = args.first().and_then(string) else {
        return Ok(None);
    };
    let parsed = serde_json::from_str(text).map(Some);
    parsed.map_err(|_| refused("Invalid JSON"))
}

/// `$partition(array, size)`: the array cut into arrays of `size` items, the last one shorter; all
/// of it in one without a size. Nothing of an empty array, or for a size of 0.
fn partition(args: Arguments<'_>) -> Returned {
    let Some(Value::Array(items)) = &args[0] else {
        return Ok(None);
    };
    let size = args.get(1).and_then(number).map(f64::trunc);
    let size = match size {
        None => items.len(),
        Some(size) if size < 0.0 => {
            return Err(refused("Second argument must be zero or greater"));
        }
        Some(size) => size as usize,
    };
    if items.is_empty() || size == 0 {
        return Ok(None);
    }
    let chunks = items.chunks(size);
    let chunks = chunks.map(|chunk| Value::Array(chunk.to_vec()));
    Ok(Some(chunks.collect()))
}

/// `$range(first, last, step)`: from `first` to at most `last`, which is included. Nothing where
/// no step leads there, and a number where there is but one.
fn range(args: Arguments<'_>) -> Returned {
    let whole = |place: usize| args.get(place).and_then(number).map(f64::trunc);
    let (Some(first), Some(last), Some(step)) = (whole(0), whole(1), whole(2)) else {
        return Ok(None);
    };
    let steps = ((last - first) / step).floor();
    if step == 0.0 || steps < 0.0 {
        return Ok(None);
    }
    if !steps.is_finite() || steps >= limits::JSONATA_ITEMS_MAX as f64 {
        return Err(too_large());
    }
    let item = |index: i64| json::number(first + index as f64 * step);
    Ok(Some(match steps as i64 {
        0 => item(0),
        steps => (0..=steps).map(item).collect(),
    }))
}
