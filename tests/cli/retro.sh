#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of rollsim retro. retro.sh ROLLSIM SOURCE_DIR CASE: one case in a folder of its own; silence is success.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
. "$source_dir/tests/cli/expect.sh"
cp "$source_dir"/tests/cli/retro/* "$source_dir"/tests/cli/tune/* .

says() { # says FILE TEXT: the text stands in it as it is
    grep -qF -- "$2" "$1" || fail "no '$2' in the $1 of the command"
}

says_not() {
    ! grep -qF -- "$2" "$1" || fail "'$2' in the $1 of the command"
}

silent() { # silent FILE
    [ ! -s "$1" ] || fail "the $1 of the command is not empty"
}

needs() { # needs PROGRAM
    command -v "$1" >/dev/null || { echo "no $1: skipped"; exit 77; }
}

fits() { # the output is what the schema describes
    python3 "$source_dir/tests/cli/schema.py" "$source_dir/docs/retro.schema.json" out >breaches || fail "$(cat breaches)"
}

# field EXPRESSION: of the JSON in out, by Python's own reader.
field() {
    python3 -c "import json; r = json.load(open('out')); print($1)"
}

# A rollout of the checkout, simulated, and what would have been recorded of it. Its rollback takes more than its 5 minutes.
evidence() {
    expect 0 rehearse small.yaml --fault card-errors --export recorded
}
recorded="small.yaml --metrics recorded/metrics.om --timeline recorded/timeline.yaml"

# Of notes alone: what they decide, and what they leave open.
statuses() {
    expect 0 retro kept.yaml
    says out "SLA 5m: ✔ kept"
    says out "none: nothing is held against a runbook"
    silent err
    sed -i 's/10:03:20Z/10:06:00Z/' notes.yaml
    expect 1 retro kept.yaml
    says out "SLA 5m: ✘ broken"
    sed -i 's/10:06:00Z/10:05Z/' notes.yaml # to the minute
    expect 3 retro kept.yaml
    says out "SLA 5m: ? undecidable"
    expect 3 retro kept.yaml -q
    silent out
    silent err
}

answer() {
    evidence
    # shellcheck disable=SC2086
    expect 1 retro $recorded
    silent err
    for part in "Checkout release" "Evidence" "The rollout" "Episode 1 of 1: back (§3), in release, detected by CheckoutErrors" \
        "SLA 5m: ✘ broken" "detected → completed" "What if: back" "as it happened" "automation" "no rollback"; do
        says out "$part"
    done
    says_not out "What was learnt"
    # shellcheck disable=SC2086
    expect 1 retro $recorded --learn --replicas 20 -j 1
    says out "What was learnt"
    says out "Does the fitted scenario produce what was seen?"
    says out "The patch"
    mv out one
    # shellcheck disable=SC2086
    expect 1 retro $recorded --learn --replicas 20 -j 3
    cmp one out || fail "the answer depends on --jobs"
    cmp small.yaml "$source_dir/tests/cli/tune/small.yaml" || fail "a file was changed without --write"
}

json() {
    needs python3
    expect 0 retro kept.yaml --json
    fits
    silent err
    [ "$(field 'r["exit_status"], r["episode"][0]["verdict"], r["scenario"], r["learnt"]')" = "0 kept None None" ] || fail "the JSON tells another verdict"
    evidence
    # shellcheck disable=SC2086
    expect 1 retro $recorded --json --learn --replicas 20
    fits
    [ "$(field 'r["exit_status"], [e["verdict"] for e in r["episode"]], r["episode"][0]["ref"]')" = "1 ['broken'] §3" ] ||
        fail "the JSON tells another verdict"
    [ "$(field 'sorted(c["name"] for c in r["counterfactual"])[0], r["counterfactual"][0]["happened"]')" = "as it happened True" ] ||
        fail "the JSON does not begin with what happened"
    [ "$(field '[l["best"] for l in r["episode"][0]["leg"]][-1] > 300')" = True ] || fail "a rollback of less than 5 minutes is broken"
    expect 2 retro nothing.yaml --json
    fits
    # The schema itself: what does not fit is told.
    sed 's/"exit_status": 2/"exit_status": 7/' out >wrong
    mv wrong out
    ! python3 "$source_dir/tests/cli/schema.py" "$source_dir/docs/retro.schema.json" out >breaches || fail "an exit status of 7 fits the schema"
}

record() {
    needs sqlite3
    evidence
    # shellcheck disable=SC2086
    expect 1 retro $recorded -o retro.db
    says out "record: retro.db"
    [ "$(sqlite3 retro.db "select verdict from episode")" = broken ] || fail "the record tells another verdict"
    [ "$(sqlite3 retro.db "select count(*) > 100 from point")" = 1 ] || fail "the record has no points"
    [ "$(sqlite3 retro.db "select max(n) <= 2000 from (select count(*) as n from point group by signal)")" = 1 ] || fail "too many points of one signal"
    [ ! -e retro.db.part ] && [ ! -e retro.db.new ] || fail "something is left beside the record"
    cp retro.db first.db
    # shellcheck disable=SC2086
    expect 2 retro $recorded -o retro.db
    says err "retro.db is there already; --force replaces it"
    silent out
    # shellcheck disable=SC2086
    expect 1 retro $recorded -o retro.db --force --json
    cmp retro.db first.db || fail "the same evidence gives another record"
    expect 2 verify --resume retro.db
    expect 2 merge retro.db -o run.db
    cp kept.yaml mine.db # no record: never replaced
    # shellcheck disable=SC2086
    expect 2 retro $recorded -o mine.db --force
    cmp mine.db kept.yaml || fail "a file that is no record was replaced"
}

# The entry stands in one folder, the pictures in another: its links lead from the one to the other.
entry() {
    evidence
    mkdir log
    # shellcheck disable=SC2086
    expect 1 retro $recorded --plots pictures --markdown log/entry.md --learn --replicas 20
    says out "entry: log/entry.md"
    [ -s pictures/retro.db ] || fail "no record beside the pictures"
    says out "picture: pictures/"
    links=$(sed -n 's/^!\[.*\](\(.*\))$/\1/p' log/entry.md)
    [ -n "$links" ] || fail "the entry has no picture"
    for link in $links; do
        [ -s "log/$link" ] || fail "the entry links to $link, which is not there"
    done
    for part in "### Verdicts" "**broken**" "### What happened" "### What would have been" "### What was learnt" '```diff' "### Evidence" \
        "rollsim retro small.yaml --metrics recorded/metrics.om --timeline recorded/timeline.yaml --learn --replicas 20"; do
        says log/entry.md "$part"
    done
    says_not log/entry.md "$here"
    # An entry is replaced by the next one; nothing else is.
    # shellcheck disable=SC2086
    expect 1 retro $recorded --markdown log/entry.md -q
    says_not log/entry.md "What was learnt"
    # shellcheck disable=SC2086
    expect 2 retro $recorded --markdown small.yaml
    says err "is no entry of an evidence log and is not overwritten"
}

# The patch goes through patch, and --write does the same; what is written is a scenario.
write() {
    needs patch
    evidence
    # shellcheck disable=SC2086
    expect 1 retro $recorded --diff --replicas 20
    silent err
    mkdir patched
    cp small.yaml patched/
    (cd patched && patch -p0 -s <../out) || fail "patch does not take it"
    # From above the path is the way down, whatever way was named; from beside it a note says what to name.
    mkdir way
    # shellcheck disable=SC2086
    expect 1 retro way/../$recorded --diff --replicas 20
    says out "--- small.yaml"
    silent err
    cp small.yaml above.yaml
    (cd way && "$rollsim" retro ../small.yaml --metrics ../recorded/metrics.om --timeline ../recorded/timeline.yaml --diff --replicas 20 \
        >../out 2>../err) || true
    says err "name the file: patch ../small.yaml"
    (cd way && patch -s ../above.yaml <../out) || fail "patch does not take it by its name"
    cmp above.yaml patched/small.yaml || fail "the patch from another folder is another"
    chmod 640 small.yaml
    # shellcheck disable=SC2086
    expect 1 retro $recorded --write --replicas 20 -q
    silent out
    cmp small.yaml patched/small.yaml || fail "--write and --diff differ"
    [ "$(stat -c %a small.yaml)" = 640 ] || fail "the file's mode was changed"
    ! cmp -s small.yaml "$source_dir/tests/cli/tune/small.yaml" || fail "nothing was written"
    expect 0 check small.yaml --fail-on never
    # The same evidence once more is no other.
    cp small.yaml once.yaml
    # shellcheck disable=SC2086
    expect 2 retro $recorded --write --replicas 20 -q
    says err "names this evidence as a source already"
    cmp -s small.yaml once.yaml || fail "learnt twice"
}

refused() {
    expect 2 retro
    expect 2 retro no-such.yaml
    says err "no-such.yaml"
    expect 2 retro kept.yaml --diff --json
    says err "exclude each other"
    says out '"exit_status": 2'
    expect 2 retro kept.yaml -o nowhere/retro.db
    says err "folder nowhere does not exist"
    expect 2 retro kept.yaml -o both.md --markdown ./both.md
    says err "the record and --markdown have one name"
    [ ! -e both.md ] || fail "something was written"
    expect 2 retro kept.yaml --timeline missing.yaml
    says err "missing.yaml"
    expect 2 retro kept.yaml --seed 0
    says err "--seed must be a whole number from 1 on, got '0'"
    expect 2 retro kept.yaml --metric x
    says err "did you mean '--metrics'?"
    expect 2 retro kept.yaml --write
    says err "--write wants a scenario, and kept.yaml names none"
    silent out
    sed -i 's/event: detected/event: detectd/; s/event: completed/event: complete/' notes.yaml
    expect 2 retro kept.yaml -o retro.db --markdown entry.md
    says err "notes.yaml:3:"
    says err "notes.yaml:6:" # all of them in one go
    [ ! -e retro.db ] && [ ! -e entry.md ] || fail "a refused command left something"
}

# Cut short, it leaves nothing: no record, no entry, nothing written.
interrupt() {
    evidence
    cp small.yaml before
    # shellcheck disable=SC2086
    "$rollsim" retro $recorded --write --replicas 1000000 -o retro.db --markdown entry.md >out 2>err &
    pid=$!
    sleep 4
    kill -INT $pid 2>/dev/null || fail "it ended by itself"
    got=0
    wait $pid || got=$?
    [ $got = 130 ] || fail "ended with status $got, expected 130"
    says err "cut short"
    silent out
    cmp small.yaml before || fail "something was written"
    for file in retro.db retro.db.part retro.db.new entry.md entry.md.part; do
        [ ! -e $file ] || fail "$file is left"
    done
}

"$case_name"
