#!/bin/sh
# Builds the Task: Python's interpreter, its library and the script, made one component.
set -eu
cd "$(dirname "$0")"
componentize-py --wit-path wit --world task componentize total -o task.wasm
