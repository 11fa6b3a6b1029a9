#!/usr/bin/env bash
# Runs the whole test suite against private servers; arguments go to the test runner.
#
#   scripts/test.sh                  everything
#   scripts/test.sh NAME             the tests whose name contains NAME
#
# The runner's closing summary is the last output, its exit code is this script's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install.sh

dir=$(mktemp -d "${TMPDIR:-/tmp}/crosskey-test.XXXXXX")

# Whatever happens, the servers end and their folder goes. Prints nothing unless it fails.
finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM HUP # no second thoughts while cleaning up
  # A server that would not end keeps its folder: its process id is in there.
  scripts/servers.sh stop "$dir" && rm -rf "$dir"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

chmod 755 "$dir" # the servers may run as other users
scripts/servers.sh start "$dir"
# shellcheck source=/dev/null
source "$dir/env"
export SOURCES=all # run the tests of every kind of source
SCHEMATHESIS=$(realpath "${CARGO_TARGET_DIR:-target}/schemathesis/bin/schemathesis")
export SCHEMATHESIS
TEST_MODULES=$(realpath "${CARGO_TARGET_DIR:-target}/test-modules")
export TEST_MODULES
CHROMIUM=$(command -v chromium)
export CHROMIUM

cargo nextest run --locked --features failpoints "$@"
