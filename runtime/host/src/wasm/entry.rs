//! What is called of a component, and whether it has the types that it must have: an export of
//! the right name and other types would be found out by every attempt instead of once.

use wasmtime::Engine;
use wasmtime::component::Type;
use wasmtime::component::types::{Component, ComponentFunc, ComponentItem};

use super::prepare::PrepareError;

/// What is called of a component.
pub(super) enum Entry {
    /// `handle` of `stepwell:task/handler`.
    Handler,
    /// `run` of `wasi:cli/run`.
    Run,
}

/// Finds what to call; none when there is nothing.
///
/// # Errors
/// [`PrepareError::Invalid`] when its types are others.
pub(super) fn find(engine: &Engine, ty: &Component) -> Result<Option<Entry>, PrepareError> {
    if let Some(handle) = function(engine, ty, "stepwell:task/handler@", "handle") {
        return match is_handle(&handle) {
            true => Ok(Some(Entry::Handler)),
            false => Err(PrepareError::Invalid(
                "`handle` of `stepwell:task/handler` takes a string and gives a result of a \
                 string or a failure, as `wit/task.wit` says; the module's has other types"
                    .to_owned(),
            )),
        };
    }
    if let Some(run) = function(engine, ty, "wasi:cli/run@", "run") {
        return match is_run(&run) {
            true => Ok(Some(Entry::Run)),
            false => Err(PrepareError::Invalid(
                "`run` of `wasi:cli/run` takes nothing and gives a result of nothing; the \
                 module's has other types"
                    .to_owned(),
            )),
        };
    }
    Ok(None)
}

fn function(engine: &Engine, ty: &Component, interface: &str, name: &str) -> Option<ComponentFunc> {
    let mut exports = ty.exports(engine);
    let (_, exported) = exports.find(|(exported, _)| exported.starts_with(interface))?;
    let ComponentItem::ComponentInstance(instance) = exported.ty else {
        return None;
    };
    match instance.get_export(engine, name)?.ty {
        ComponentItem::ComponentFunc(function) => Some(function),
        _ => None,
    }
}

fn is_handle(handle: &ComponentFunc) -> bool {
    let takes: Vec<Type> = handle.params().map(|(_, ty)| ty).collect();
    let gives: Vec<Type> = handle.results().collect();
    let ([Type::String], [Type::Result(result)]) = (&takes[..], &gives[..]) else {
        return false;
    };
    let (Some(Type::String), Some(Type::Record(failure))) = (result.ok(), result.err()) else {
        return false;
    };
    let fields = failure.fields().map(|field| (field.name, field.ty));
    fields.eq([("error", Type::String), ("cause", Type::String)])
}

fn is_run(run: &ComponentFunc) -> bool {
    let gives: Vec<Type> = run.results().collect();
    let is_bare = |ty: &Type| match ty {
        Type::Result(result) => result.ok().is_none() && result.err().is_none(),
        _ => false,
    };
    run.params().len() == 0 && gives.len() == 1 && gives.iter().all(is_bare)
}
