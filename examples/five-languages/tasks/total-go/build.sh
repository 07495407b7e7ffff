#!/bin/sh
# Builds the Task, a WASI command, with the Go toolchain alone.
set -eu
cd "$(dirname "$0")"
GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags="-s -w" -o task.wasm .
