#!/usr/bin/env bash
# Starts and stops a private PostgreSQL and a private MariaDB for the tests.
#
#   scripts/servers.sh start DIR   start both, on free loopback ports; all their files go in DIR
#   scripts/servers.sh stop DIR    end both and wait until they are gone; prints nothing
#   scripts/servers.sh halt DIR NAME, scripts/servers.sh resume DIR NAME
#                                  end one of them (postgres, mariadb), and start it again: same data, same port
#
# `start` leaves these in DIR:
#   env                           addresses of the servers, to be sourced
#   postgres.pid, mariadb.pid     the process ids, the only ones `stop` ends
#   postgres/, mariadb/           data/, log and socket of each server
#
# No passwords and no durability: for throw-away data only. Works as an ordinary user and as
# root; as root each server runs under its own system user, for PostgreSQL refuses to run as root.
set -euo pipefail

TRIES=300 # readiness polls, 0.2 s apart

die() {
  echo "servers.sh: $*" >&2
  exit 1
}

# --- processes ---------------------------------------------------------------------------------

# alive PID: whether it runs. A zombie whose parent never reaps it counts as gone.
alive() {
  kill -0 "$1" 2>/dev/null || return 1
  [ -d /proc/self ] || return 0 # no /proc: signal 0 has to do
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) } # the command name, in parentheses, may hold anything
  [ "${stat%% *}" != Z ]
}

# ours PID: whether it runs and is still our server, not a later process with a reused id.
ours() {
  alive "$1" || return 1
  [ -d /proc/self ] || return 0
  local args
  args=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
  [[ $args == *"$DIR"* ]]
}

# as_user USER CMD...: runs CMD in place of this shell; under USER when we are root.
# Always from DIR, because the other user may have no access to the current folder.
as_user() {
  local user=$1
  shift
  cd "$DIR"
  if [ "$(id -u)" = 0 ] && [ "$user" != root ]; then
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"
  fi
  exec "$@"
}

# launch NAME USER CMD...: starts CMD in its own session (Ctrl-C is not passed on to it) and
# notes its process id. Every step is an `exec`, so the id is the server's own.
launch() {
  local name=$1 user=$2 detach=()
  shift 2
  printf '%q ' "$user" "$@" >"$DIR/$name.command"
  command -v setsid >/dev/null && detach=(setsid)
  (as_user "$user" ${detach[@]+"${detach[@]}"} "$@") </dev/null >>"$DIR/$name/log" 2>&1 &
  echo $! >"$DIR/$name.pid"
}

# await NAME PING...: polls with the server's own ping tool, over its own socket. Fails when the
# server ends or does not answer in time.
await() {
  local name=$1 pid i
  shift
  printf '%q ' "$@" >"$DIR/$name.ping"
  pid=$(cat "$DIR/$name.pid")
  for ((i = 0; i < TRIES; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    alive "$pid" || return 1
    sleep 0.2
  done
  return 1
}

# end NAME SIGNAL...: sends the signals in turn, each with 10 s to take effect.
end() {
  local name=$1 pid signal i
  shift
  [ -f "$DIR/$name.pid" ] || return 0
  pid=$(cat "$DIR/$name.pid")
  for signal in "$@"; do
    ours "$pid" || break
    kill -s "$signal" "$pid" 2>/dev/null || true
    for ((i = 0; i < 200; i++)); do
      alive "$pid" || break 2
      sleep 0.05
    done
  done
  ! ours "$pid" || die "$name (process $pid) does not end"
  rm -f "$DIR/$name.pid"
}

# --- ports and folders -------------------------------------------------------------------------

# free_port: a loopback port nobody listens on, below the range systems hand out by themselves.
# Another process may still take it before the server does, hence the retries below.
free_port() {
  local port i
  for ((i = 0; i < 100; i++)); do
    port=$((20000 + RANDOM % 12000))
    (: </dev/tcp/127.0.0.1/$port) 2>/dev/null || {
      echo "$port"
      return 0
    }
  done
  return 1
}

# home NAME USER: makes the server's folder, and sees that its user can get there.
home() {
  mkdir -m 700 "$DIR/$1"
  [ "$(id -u)" = 0 ] || return 0
  chown "$2:" "$DIR/$1"
  (as_user "$2" test -x "$DIR/$1") || die "user $2 cannot enter $DIR/$1: open up the folders above"
}

# --- PostgreSQL --------------------------------------------------------------------------------

start_postgres() {
  local bin port attempt
  # Debian keeps one folder per version, off the PATH: take the newest.
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb)") || die "PostgreSQL is not installed"
  home postgres postgres

  init_postgres() {
    (as_user postgres "$bin/initdb" -D "$DIR/postgres/data" -U crosskey --auth=trust -E UTF8 \
      --locale="$1" --no-sync) >>"$DIR/postgres/log" 2>&1
  }
  # C.UTF-8 does not exist everywhere; initdb removes what it made when it fails.
  init_postgres C.UTF-8 || init_postgres C || die "initdb failed"

  for attempt in 1 2 3; do
    port=$(free_port)
    launch postgres postgres "$bin/postgres" -D "$DIR/postgres/data" -p "$port" \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories="$DIR/postgres" \
      -c fsync=off -c synchronous_commit=off -c wal_level=logical -c max_connections=200
    if await postgres "$bin/pg_isready" -q -h "$DIR/postgres" -p "$port" -U crosskey -d postgres; then
      echo "export CROSSKEY_TEST_POSTGRES=postgres://crosskey@127.0.0.1:$port/postgres" >>"$DIR/env.new"
      return 0
    fi
    end postgres INT KILL
  done
  die "PostgreSQL did not start in $attempt attempts"
}

# --- MariaDB -----------------------------------------------------------------------------------

start_mariadb() {
  local user=mysql port attempt
  id mysql >/dev/null 2>&1 || user=root
  command -v mariadbd >/dev/null || die "MariaDB is not installed"
  home mariadb "$user"

  # Run as the server's user rather than with --user: as root, --user would also change the
  # owner of the system-wide PAM plugin.
  (as_user "$user" mariadb-install-db --no-defaults --auth-root-authentication-method=normal \
    --skip-test-db --datadir="$DIR/mariadb/data") >>"$DIR/mariadb/log" 2>&1 || die "mariadb-install-db failed"

  # `--user=root` is how mariadbd is told that running as root is meant.
  local run_as=()
  [ "$(id -u)" = 0 ] && run_as=(--user="$user")
  local client=(--no-defaults --user=root --protocol=socket --socket="$DIR/mariadb/socket")
  for attempt in 1 2 3; do
    port=$(free_port)
    # The character set is Debian's own default, lost with --no-defaults.
    launch mariadb "$user" mariadbd --no-defaults ${run_as[@]+"${run_as[@]}"} \
      --datadir="$DIR/mariadb/data" --tmpdir="$DIR/mariadb" --socket="$DIR/mariadb/socket" \
      --pid-file="$DIR/mariadb/pid" --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
      --innodb-flush-log-at-trx-commit=0 --log-bin=binlog --binlog-format=ROW --server-id=1 \
      --max-connections=300 --character-set-server=utf8mb4 --collation-server=utf8mb4_general_ci
    if await mariadb mariadb-admin "${client[@]}" ping; then
      mariadb "${client[@]}" >>"$DIR/mariadb/log" 2>&1 <<-'SQL' || die "cannot create the MariaDB user"
				CREATE USER 'crosskey'@'127.0.0.1';
				GRANT ALL PRIVILEGES ON *.* TO 'crosskey'@'127.0.0.1' WITH GRANT OPTION;
			SQL
      echo "export CROSSKEY_TEST_MYSQL=mysql://crosskey@127.0.0.1:$port/mysql" >>"$DIR/env.new"
      return 0
    fi
    end mariadb TERM KILL
  done
  die "MariaDB did not start in $attempt attempts"
}

# --- commands ----------------------------------------------------------------------------------

stop() {
  local name pid
  # Ask both first, so that they end side by side.
  for name in postgres mariadb; do
    pid=$(cat "$DIR/$name.pid" 2>/dev/null) || continue
    ! ours "$pid" || kill -s "$([ $name = postgres ] && echo INT || echo TERM)" "$pid" 2>/dev/null || true
  done
  end postgres INT QUIT KILL # INT: end now, dropping the clients
  end mariadb TERM KILL
  rm -f "$DIR/env"
}

# halt NAME: ends one server, as `stop` does; its folder stays.
halt() {
  case $1 in
    postgres) end postgres INT QUIT KILL ;;
    mariadb) end mariadb TERM KILL ;;
    *) die "no server is called $1" ;;
  esac
}

# resume NAME: starts a server that was halted, as it was started before.
resume() {
  local command ping
  eval "command=($(cat "$DIR/$1.command"))"
  eval "ping=($(cat "$DIR/$1.ping"))"
  launch "$1" "${command[@]}"
  await "$1" "${ping[@]}" || die "$1 did not start again"
}

# Runs when `start` ends before it is complete.
failed() {
  local name
  trap - EXIT
  for name in postgres mariadb; do
    [ -s "$DIR/$name/log" ] || continue
    echo "--- end of the $name log" >&2
    tail -n 30 "$DIR/$name/log" >&2
  done
  (stop) || true
  rm -f "$DIR/env.new"
  exit 1
}

start() {
  local name
  for name in postgres mariadb; do
    [ ! -e "$DIR/$name" ] || die "$DIR/$name exists already: give an unused folder"
  done
  # The path of a socket may have 107 characters at most.
  [ ${#DIR} -le 80 ] || die "the path $DIR is too long for a socket"
  trap failed EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  rm -f "$DIR/env.new"
  start_postgres
  start_mariadb
  mv "$DIR/env.new" "$DIR/env" # only now: the file is there once both servers are
  trap - EXIT
}

usage() {
  die "usage: $0 start|stop DIR, or $0 halt|resume DIR NAME"
}

case ${1-} in
start | stop) [ $# = 2 ] || usage ;;
halt | resume) [ $# = 3 ] || usage ;;
*) usage ;;
esac
PATH=$PATH:/usr/sbin # where Debian keeps mariadbd
case $1 in
start)
  mkdir -p "$2"
  chmod a+x "$2" # the servers' users must get through
  DIR=$(cd "$2" && pwd -P)
  start
  ;;
stop)
  [ -d "$2" ] || exit 0
  DIR=$(cd "$2" && pwd -P)
  stop
  ;;
halt | resume)
  DIR=$(cd "$2" && pwd -P)
  "$1" "$3"
  ;;
esac
