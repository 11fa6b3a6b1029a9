#!/usr/bin/env bash
# Installs what the tests need, if it is missing: PostgreSQL, MariaDB, Python and Chromium (by apt), cargo-nextest,
# schemathesis in a Python environment of its own below target/, and there too the packages of tests (by npm).
set -euo pipefail

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "install.sh: needs root or sudo for: $*" >&2
    return 1
  fi
}

# have_postgres, have_mariadb: look where scripts/servers.sh does.
have_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}
have_mariadb() {
  local PATH=$PATH:/usr/sbin tool
  for tool in mariadbd mariadb-install-db mariadb-admin mariadb; do
    command -v $tool >/dev/null || return 1
  done
}

packages=()
have_postgres || packages+=(postgresql)
have_mariadb || packages+=(mariadb-server)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
command -v chromium >/dev/null || packages+=(chromium)

if [ ${#packages[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "install.sh: no apt-get here; install by hand: ${packages[*]}" >&2
    exit 1
  fi

  # Packages start their system-wide services when installed, which the tests have no use for.
  # A policy that says no (status 101) prevents it; one that is already there is left alone.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'as_root rm -f $policy' EXIT
    printf '#!/bin/sh\n# Temporary, by scripts/install.sh: start no services.\nexit 101\n' |
      as_root tee $policy >/dev/null
    as_root chmod 755 $policy
  fi

  echo "Installing ${packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${packages[@]}"
fi

if ! cargo nextest --version >/dev/null 2>&1; then
  echo "Installing cargo-nextest"
  cargo install cargo-nextest --locked
fi

# The version is fixed, so that new checks come when somebody looks at them.
environment=${CARGO_TARGET_DIR:-target}/schemathesis
if [ ! -x "$environment/bin/schemathesis" ]; then
  echo "Installing schemathesis"
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
fi

# The same for the packages of tests.
modules=${CARGO_TARGET_DIR:-target}/test-modules
if ! cmp -s tests/package.json "$modules/installed.json"; then
  echo "Installing the packages of tests"
  mkdir -p "$modules"
  cp tests/package.json "$modules/package.json"
  npm install --prefix "$modules" --silent --no-audit --no-fund
  cp tests/package.json "$modules/installed.json"
fi
