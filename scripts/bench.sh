#!/usr/bin/env bash
# Runs the benchmarks against private servers, as scripts/test.sh runs the tests; arguments go to `cargo bench`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh
# PostGraphile, with the Node that it needs, for the part that compares with it.
compared=${CARGO_TARGET_DIR:-target}/postgraphile
if [ $# = 0 ] || [[ " $* " == *" postgraphile "* ]]; then
  if ! cmp -s benches/postgraphile/package.json "$compared/installed.json"; then
    echo "Installing PostGraphile"
    mkdir -p "$compared"
    cp benches/postgraphile/{package.json,.npmrc} "$compared"
    npm install --prefix "$compared" --silent --no-audit --no-fund
    cp benches/postgraphile/package.json "$compared/installed.json"
  fi
  cp benches/postgraphile/serve.mjs "$compared"
  CROSSKEY_BENCH_POSTGRAPHILE=$(realpath "$compared")
  export CROSSKEY_BENCH_POSTGRAPHILE
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/crosskey-bench.XXXXXX")
finish() {
  local code=$?
  trap - EXIT
  scripts/servers.sh stop "$dir" && rm -rf "$dir"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

chmod 755 "$dir"
scripts/servers.sh start "$dir"
# shellcheck source=/dev/null
source "$dir/env"
# Their own CPU time is measured too.
CROSSKEY_BENCH_POSTGRES_PID=$(cat "$dir/postgres.pid")
CROSSKEY_BENCH_MARIADB_PID=$(cat "$dir/mariadb.pid")
export CROSSKEY_BENCH_POSTGRES_PID CROSSKEY_BENCH_MARIADB_PID
export CROSSKEY_BENCH_SERVERS=$dir # one of them is halted and started again
cargo bench --locked --bench end_to_end "$@"
