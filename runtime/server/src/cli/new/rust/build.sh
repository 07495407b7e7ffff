#!/bin/sh
# Builds the Task; `rustup target add wasm32-unknown-unknown` first, once.
set -eu
cd "$(dirname "$0")"
cargo build --release --target wasm32-unknown-unknown
cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/task.wasm" task.wasm
