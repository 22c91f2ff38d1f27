#!/usr/bin/env bash
# Sends the service what its OpenAPI document allows, and what it does not, for about a minute and a half; fails on a
# 5xx and on an answer that the document does not have. SEED repeats a run, TEST_DATABASE_URL names another server than
# the embedded one.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
target=${CARGO_TARGET_DIR:-$PWD/target}
folder=$(realpath -m "$target")/schemathesis
schemathesis=$folder/bin/schemathesis
unset DATABASE_URL

if [ "$("$schemathesis" --version 2>/dev/null)" != "schemathesis, version $version" ]; then
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
# As the tests have built it.
cargo build --quiet --workspace --example http

# The commands to try have a token and an organization in them. Nobody else is to read them.
umask 077
started=$(mktemp -d)
HTTP_ADDRESS=127.0.0.1:0 RUST_LOG=warn,http=info,http::service=warn "$target/debug/examples/http" >"$started/out" 2>"$started/log" &
service=$!
trap 'kill -TERM $service 2>/dev/null && wait $service || true; rm -r "$started"' EXIT
for _ in $(seq 300); do
  if grep -q openapi.json "$started/out" || ! kill -0 $service 2>/dev/null; then break; fi
  sleep 0.1
done
if ! grep -q openapi.json "$started/out"; then
  if kill -0 $service 2>/dev/null; then echo "the service is not up after 30 s" >&2; else echo "the service has ended" >&2; fi
  cat "$started/log" >&2
  exit 1
fi
first() { grep -om1 "$1" "$started/out"; }
url=$(first 'http://[^/]*')
TOKEN=$(first 'Bearer [^'"'"']*')
TOKEN=${TOKEN#Bearer }
ORGANIZATION_ID=$(first 'organizations/[0-9a-f-]*')
ORGANIZATION_ID=${ORGANIZATION_ID#organizations/}
export TOKEN ORGANIZATION_ID

# Something to work on: a plan and its step.
plan=$(curl --silent --fail -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{"title":"A plan","question":"?","steps":["A step"]}' "$url/organizations/$ORGANIZATION_ID/plans")
ids=$(grep -oE '"id":"[0-9a-f-]{36}"' <<<"$plan" | cut -d'"' -f4)
{ read -r PLAN_ID; read -r STEP_ID; } <<<"$ids"
export PLAN_ID STEP_ID

run() {
  # It leaves what it found in the folder that it runs in.
  (cd "$started" && "$schemathesis" --config-file "$1.toml" run "$2" --url "$url" --seed "${SEED:-1}" --request-timeout 20 \
    --no-color --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --continue-on-failure "${@:3}")
}
auth='headers = { Authorization = "Bearer ${TOKEN}" }'
# A random organization is one that nobody is a member of.
echo "$auth" >"$started/anywhere.toml"
cat >"$started/home.toml" <<CONFIG
$auth
[warnings]
# Where nothing but refusals comes back, nothing was shown.
fail-on = ["missing_auth", "missing_test_data"]
[parameters]
"path.organization_id" = "\${ORGANIZATION_ID}"
CONFIG
cat "$started/home.toml" >"$started/known.toml"
printf '"path.plan_id" = "${PLAN_ID}"\n"path.step_id" = "${STEP_ID}"\n' >>"$started/known.toml"

result=0
# Revoking comes last, since it may be the token that all of this is done by.
run known "$url/openapi.json" --phases examples,coverage,fuzzing --max-examples 250 --exclude-method DELETE || result=1
run anywhere "$url/openapi.json" --phases examples,coverage,fuzzing --max-examples 20 --exclude-method DELETE || result=1
# What is made is used: its id, where another route takes one.
run home "$url/openapi.json" --phases stateful --max-examples 80 --exclude-method DELETE || result=1
run anywhere "$url/openapi.json" --phases examples,coverage,fuzzing --max-examples 40 --include-method DELETE || result=1
# The control: where the document leaves an answer out, it is missed.
curl --silent --fail "$url/openapi.json" | sed 's/"422":/"418":/g' >"$started/openapi.json"
if run anywhere "$started/openapi.json" --phases coverage --include-method POST >"$started/control"; then
  echo "an answer that is not documented went unnoticed" >&2
  result=1
elif ! grep -q 'Undocumented status code' "$started/control"; then
  cat "$started/control" >&2
  result=1
fi
# Told to end, it does so by itself, and nothing is wrong.
kill -TERM $service
ended=0
wait $service || ended=$?
if [ $ended != 0 ] || ! grep -q stopping "$started/log" || grep -q "still under way" "$started/log"; then
  echo "the service was told to end, and ended with $ended" >&2
  cat "$started/log" >&2
  result=1
fi
if grep -E 'ERROR|panicked' "$started/log" >&2; then result=1; fi
exit $result
