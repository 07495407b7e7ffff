#!/bin/sh
# Builds the Task: `sh build.sh` as a component, `sh build.sh command` as a WASI command.
# CC is clang with wasi-libc, or "zig cc", or "python-zig cc" (PyPI's ziglang).
set -eu
cd "$(dirname "$0")"
CC=${CC:-clang}
FLAGS="--target=wasm32-wasi -Os -std=c11 -Wall -Wextra -Wl,--strip-all -Wl,-z,stack-size=65536"

if [ "${1:-component}" = command ]; then
    $CC $FLAGS -o task.wasm command.c total.c
else
    $CC $FLAGS -mexec-model=reactor -Ibindings -o task.wasm \
        component.c total.c bindings/task.c bindings/task_component_type.o
fi
