#!/usr/bin/env bash
# Makes the pictures of docs/console/ anew, of the demo in Chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh
cargo build --locked
target=${CARGO_TARGET_DIR:-target}
dir=$(mktemp -d "${TMPDIR:-/tmp}/crosskey-shots.XXXXXX")
trap 'kill "$proxy" 2>/dev/null || true; rm -rf "$dir"' EXIT
"$target/debug/crosskey" demo --dir "$dir/demo" --listen 127.0.0.1:0 >"$dir/out" &
proxy=$!
until grep -q '^Ctrl-C' "$dir/out"; do
  kill -0 "$proxy" # it goes on
  sleep 0.1
done
address=$(sed -n 's/^ *console *\(http:.*\)\/console$/\1/p' "$dir/out")
node tests/console/shots.mjs "$address" "$(command -v chromium)" "$(realpath "$target/test-modules")" docs/console
