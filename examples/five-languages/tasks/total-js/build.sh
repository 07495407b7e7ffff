#!/bin/sh
# Builds the Task. The packages are installed once, beside it.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm install --no-audit --no-fund
node build.js
