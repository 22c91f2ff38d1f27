# Shortcuts for what CONTRIBUTING.md explains. `just` lists them.

set positional-arguments

# list the recipes
[private]
default:
    @just --list --unsorted

# all that has to pass before a change lands
check:
    .ci/run

# the tests, or some of them: `just test -p tests --test seal`
test *args:
    cargo test --workspace "$@"

# write the expected output of the compile-fail tests anew; read it before you commit it
ui:
    TRYBUILD=overwrite cargo test -p ui

# format the code
fmt:
    cargo fmt --all

# clippy, with warnings as errors
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# licences, sources, versions, and what depends on SeaORM (takes cargo-deny); `just deny advisories` takes the internet
deny *checks="bans licenses sources":
    cargo deny --locked check -D warnings {{checks}}

# the documentation of the crates, with warnings as errors
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# the tour, on an embedded PostgreSQL unless TEST_DATABASE_URL is set
quickstart:
    cargo run --example quickstart

# an HTTP service, on the embedded PostgreSQL unless DATABASE_URL or TEST_DATABASE_URL is set; it prints the curl lines to try it
service:
    cargo run --example http

# random programs against a model; SEED=… repeats a run
programs count="10000":
    PROGRAMS="$1" cargo test -p tests --test programs

# futures dropped at random moments; SEED=… repeats a run
cancels count="20000":
    CANCELS="$1" cargo test -p tests --test cancelling

# HTTP clients that go away, for so many seconds; SEED=… repeats a run
clients seconds="300":
    HTTP_SECONDS="$1" cargo test -p tests --test http cancelling

# killed backends, cut connections and restarts under load, so many rounds of each; SEED=… repeats a run
faults rounds="10":
    FAULTS_ROUNDS="$1" cargo test -p tests --test faults

# the suites that concern the database, on PostgreSQL 18 (takes python3 with venv)
postgresql-18 *suites:
    tests/postgresql_18.sh "$@"

# the HTTP service against its OpenAPI document (takes python3 with venv, and curl)
schemathesis:
    tests/schemathesis.sh

# the audit's page in a headless Chromium; screenshots are in target/tmp
browser:
    cargo test -p tests --test report browser

# what a context costs, beside the bare statement and a transaction by hand
bench-contexts *args:
    cargo bench -p tests --bench contexts -- "$@"

# audit a database, that of .env unless told otherwise: `just audit --format html --output target/audit.html`
audit *args:
    cargo run -p migration -- audit "$@"
