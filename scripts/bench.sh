#!/usr/bin/env bash
# Runs the benchmarks against private servers, as scripts/test.sh runs the tests; arguments go to `cargo bench`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh
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
