//! What `wit/task.wit` says, as Rust: generated, so that calls into a guest are typed.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "task",
    exports: { default: async },
});
