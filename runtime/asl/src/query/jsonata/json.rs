//! The engine's input read from our values in place, and its result written as ours.

use jlens_core::input::{Sink, Source};
use jlens_core::output;
use serde_json::{Map, Value};

use super::Scope;
use crate::limits;
use crate::query::Context;

/// What the root context of an evaluation is.
pub(super) enum Root<'a> {
    /// This value; `None` is *undefined*.
    Json(Option<&'a Value>),
    /// The values of a scope, for our prelude to bind.
    Scope(ScopeRoot<'a>),
}

/// An object whose fields are named by the index of a name in `names`.
///
/// It looks empty to whoever reads it whole: JSONata in Step Functions has no root context,
/// and only the prelude, which comes before the expression, asks for a field.
#[derive(Clone, Copy)]
pub(super) struct ScopeRoot<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) names: &'a [Box<str>],
}

/// `$states`.
struct States<'a>(Scope<'a>);

struct Object<'a>(&'a Map<String, Value>);

struct Array<'a>(&'a [Value]);

fn write<'a>(sink: &mut Sink<'_, 'a>, value: &'a Value) {
    match value {
        Value::Null => sink.null(),
        Value::Bool(value) => sink.bool(*value),
        Value::Number(value) => match (value.as_i64(), value.as_f64()) {
            (Some(value), _) => sink.integer(value),
            (None, Some(value)) => sink.number(value),
            (None, None) => sink.null(),
        },
        Value::String(value) => sink.string(value),
        Value::Array(items) => sink.array(Array(items)),
        Value::Object(fields) => sink.object(Object(fields)),
    }
}

impl<'a> Source<'a> for Root<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        match self {
            Self::Json(None) => {}
            Self::Json(Some(value)) => write(sink, value),
            Self::Scope(root) => sink.object(*root),
        }
        Ok(())
    }
}

impl<'a> Source<'a> for ScopeRoot<'a> {
    fn read(&self, _: &mut Sink<'_, 'a>) -> Result<(), String> {
        Ok(())
    }

    fn read_field(&self, key: &str, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        let name = key
            .parse()
            .ok()
            .and_then(|index: usize| self.names.get(index));
        match name {
            Some(name) if &**name == "states" => sink.object(States(self.scope)),
            Some(name) => {
                if let Some(value) = self.scope.variables.get(&**name) {
                    write(sink, value);
                }
            }
            None => {}
        }
        Ok(true)
    }
}

impl<'a> States<'a> {
    const FIELDS: [&'static str; 4] = ["input", "result", "errorOutput", "context"];

    /// Writes one field, if it is there.
    fn write(&self, name: &str, sink: &mut Sink<'_, 'a>) {
        let value = match name {
            "input" => Some(self.0.input),
            "result" => self.0.result,
            "errorOutput" => self.0.error_output,
            "context" => return sink.object(ContextRoot(self.0.context)),
            _ => None,
        };
        if let Some(value) = value {
            write(sink, value);
        }
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "result" => self.0.result.is_some(),
            "errorOutput" => self.0.error_output.is_some(),
            _ => true,
        }
    }
}

/// `$states.context`: each of its fields is made when it is read.
struct ContextRoot<'a>(&'a dyn Context);

impl<'a> Source<'a> for ContextRoot<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        match self.0.value() {
            Value::Object(fields) => Object(fields).read(sink),
            _ => Ok(()),
        }
    }

    fn read_field(&self, key: &str, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        if let Some(value) = self.0.field(key) {
            write(sink, value);
        }
        Ok(true)
    }
}

impl<'a> Source<'a> for States<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        for name in Self::FIELDS {
            if self.has(name) {
                sink.key(name);
                self.write(name, sink);
            }
        }
        Ok(())
    }

    fn read_field(&self, key: &str, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        self.write(key, sink);
        Ok(true)
    }
}

impl<'a> Source<'a> for Object<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        sink.reserve(self.0.len());
        for (name, value) in self.0 {
            sink.key(name);
            write(sink, value);
        }
        Ok(())
    }

    fn read_field(&self, key: &str, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        if let Some(value) = self.0.get(key) {
            write(sink, value);
        }
        Ok(true)
    }
}

impl<'a> Source<'a> for Array<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        sink.reserve(self.0.len());
        for value in self.0 {
            write(sink, value);
        }
        Ok(())
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn read_item(&self, index: usize, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        if let Some(value) = self.0.get(index) {
            write(sink, value);
        }
        Ok(true)
    }
}

/// Builds a result, no deeper than [`limits::JSON_DEPTH_MAX`]: what lies deeper is left out,
/// and [`Builder::too_deep`] then says so.
#[derive(Default)]
pub(super) struct Builder {
    depth: usize,
    deepest: usize,
    /// About the bytes of the text of what was built.
    bytes: usize,
}

impl Builder {
    pub(super) fn too_deep(&self) -> bool {
        self.deepest > limits::JSON_DEPTH_MAX
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn enter(&mut self) {
        self.bytes += 2;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Leaves an array or an object: dropped here when it is too deep to be dropped later.
    fn leave(&mut self, value: Value) -> Value {
        self.depth -= 1;
        if self.depth < limits::JSON_DEPTH_MAX {
            value
        } else {
            Value::Null
        }
    }
}

/// A number that was calculated: a whole one without a fraction, from `u64` down to `i64`.
pub(super) fn number(value: f64) -> Value {
    // 2^63: the bound itself does not fit, and a cast would saturate.
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() == 0.0 && (-I64_END..I64_END).contains(&value) {
        Value::from(value as i64)
    } else if let Ok(value) = value.to_string().parse::<u64>() {
        // Measured: past the last `i64` AWS tells the digits that tell it from its neighbours.
        Value::from(value)
    } else {
        Value::from(value)
    }
}

impl output::Builder for Builder {
    type Value = Value;
    type Array = Vec<Value>;
    type Object = Map<String, Value>;

    fn null(&mut self) -> Value {
        self.bytes += 5;
        Value::Null
    }

    fn bool(&mut self, value: bool) -> Value {
        self.bytes += 6;
        Value::Bool(value)
    }

    fn number(&mut self, value: f64) -> Value {
        self.bytes += 2;
        number(value)
    }

    fn integer(&mut self, value: i64) -> Value {
        self.bytes += 20;
        Value::from(value)
    }

    /// As a text, as AWS writes it.
    fn not_finite(&mut self, value: f64) -> Option<Value> {
        self.bytes += 12;
        Some(Value::from(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }))
    }

    fn string(&mut self, value: &str) -> Value {
        self.bytes += value.len() + 3;
        Value::from(value)
    }

    fn array(&mut self, len: usize) -> Vec<Value> {
        self.enter();
        Vec::with_capacity(len)
    }

    fn push(&mut self, array: &mut Vec<Value>, item: Value) {
        array.push(item);
    }

    fn end_array(&mut self, array: Vec<Value>) -> Value {
        self.leave(Value::Array(array))
    }

    fn object(&mut self, len: usize) -> Map<String, Value> {
        self.enter();
        Map::with_capacity(len)
    }

    fn insert(&mut self, object: &mut Map<String, Value>, key: &str, value: Value) {
        self.bytes += key.len() + 3;
        object.insert(key.to_owned(), value);
    }

    fn end_object(&mut self, object: Map<String, Value>) -> Value {
        self.leave(Value::Object(object))
    }
}
