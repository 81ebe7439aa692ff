#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of rollsim tune. tune.sh ROLLSIM SOURCE_DIR CASE: one case in a folder of its own; silence is success.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
. "$source_dir/tests/cli/expect.sh"
cp "$source_dir"/tests/cli/tune/* .
# Of the settings that the pages show a third, and fewer replicas: forks are slow under a sanitizer.
sed -i 's/values: \[0.005, 0.01, 0.015, 0.02\]/values: [0.015, 0.02]/; s/step: 4m/step: 8m/; s/^  replicas: 200/  replicas: 50/' small.yaml

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

# field FILE EXPRESSION: of the JSON in it, by Python's own reader.
field() {
    python3 -c "import json, sys; r = json.load(open(sys.argv[1])); print($2)" "$1"
}

answer() {
    expect 0 tune small.yaml
    says out "Checkout release"
    says out "all 8 settings"
    for part in "What was turned" "The front: " "Claims, on replicas that the search did not see" "What each buys and costs" \
        "What no setting can save" "Proof" "The patch" "again: rollsim tune small.yaml --seed 7" \
        "proof: rollsim verify small.yaml --seed "; do
        says out "$part"
    done
    says out "#0 today"
    says out " chosen"
    says out "back-in-5m, §3: people take too long"
    silent err
    longest=$(sed '/^The patch/,$d' out | LC_ALL=C tr -d '\200-\277' | awk '{ if (length($0) > n) n = length($0) } END { print n }')
    [ "$longest" -le 100 ] || fail "a line of $longest signs"
    cmp rules.yml "$source_dir/tests/cli/tune/rules.yml" || fail "a file was changed without --write"
}

# One answer, whatever the number of processes; and the machine's form has what the page has.
json() {
    needs python3
    expect 0 tune small.yaml --json -j 1
    silent err
    mv out one
    expect 0 tune small.yaml --json -j 3
    cmp one out || fail "the answer depends on --jobs"
    [ "$(field out 'r["n_space"], len(r["points"]), r["exit_status"], r["method"]')" = "8 8 0 grid" ] || fail "the JSON tells another space"
    [ "$(field out '[u["claim"] for u in r["unsaved"]], r["unsaved"][0]["why"]')" = "['back-in-5m'] people" ] ||
        fail "the JSON tells other claims that cannot be saved"
    [ "$(field out 'r["n_history"] < r["n_asked"]')" = True ] || fail "no history was shared"
    expect 0 tune small.yaml --json --seed 8
    ! cmp -s one out || fail "another seed gives the same bytes"
}

# The patch goes through patch; the files then give the verdicts that the proof gave.
diff() {
    needs python3
    needs patch
    expect 0 tune small.yaml --json
    mv out answer.json
    expect 0 tune small.yaml --diff
    silent err
    [ "$(field answer.json 'r["diff"] == open("out").read()')" = True ] || fail "--diff and the JSON's are two"
    patch -p0 -s <out || fail "patch does not take it"
    says rules.yml "# A comment that stays where it is."
    eval "expect_proof=\"$(field answer.json 'r["proof_command"]')\""
    # shellcheck disable=SC2086
    set -- $expect_proof
    shift
    expect 1 "$@" --json # back-in-5m is beyond saving
    for claim in 0 1 2; do
        [ "$(field out "r['claims'][$claim]['verdict'], r['claims'][$claim]['estimate']")" = \
            "$(field answer.json "r['claims'][$claim]['chosen']['verdict'], r['claims'][$claim]['chosen']['estimate']")" ] ||
            fail "claim $claim is decided otherwise once the patch is in"
    done
    expect 0 tune small.yaml --json # and what was chosen is today's now
    [ "$(field out '[p["setting"] for p in r["points"] if p["today"]][0]')" = \
        "$(field answer.json '[p["setting"] for p in r["points"] if p["chosen"]][0]')" ] || fail "the patch put in another setting"
}

write() {
    needs patch
    expect 0 tune small.yaml --diff
    mkdir patched
    cp small.yaml rules.yml am.yml patched/
    (cd patched && patch -p0 -s <../out)
    chmod 640 rules.yml
    expect 0 tune small.yaml --write --markdown note.md -q
    silent out
    for file in small.yaml rules.yml am.yml; do
        cmp "$file" "patched/$file" || fail "--write and --diff differ in $file"
    done
    [ "$(stat -c %a rules.yml)" = 640 ] || fail "a file's mode was changed"
    says note.md '```diff'
    says note.md "rollsim tune small.yaml --seed 7"
    says note.md "back-in-5m"
    says_not note.md "$here"
    expect 0 tune small.yaml --write # nothing is left to do
    says out "there is nothing to change"
    says_not out "written: "
}

# What is not proved is not written.
unproved() {
    sed -i 's/fresh_replicas: 500/fresh_replicas: 2/' small.yaml
    cp rules.yml before
    expect 3 tune small.yaml --write
    says err "nothing is written: the proof did not decide every claim that it must keep"
    says out "The patch"
    cmp rules.yml before || fail "an unproved setting was written"
}

record() {
    expect 0 tune small.yaml -o tune.db --plots pictures --json
    expect 2 tune small.yaml -o tune.db
    says err "tune.db is there already; --force replaces it"
    silent out
    expect 0 tune small.yaml -o tune.db --force
    says out "record: tune.db"
    [ -s pictures/pareto.svg ] && [ -s pictures/sensitivity.svg ] || fail "no pictures: $(ls pictures)"
    [ ! -e tune.db.part ] && [ ! -e tune.db.new ] || fail "something is left beside the record"
    expect 2 verify --resume tune.db
    says err "is the record of a search (rollsim tune), not of a run"
    expect 2 merge tune.db -o run.db
    says err "is the record of a search"
    expect 0 plot tune.db -o again
    cmp pictures/pareto.svg again/pareto.svg || fail "the picture is another the second time"
    expect 2 tune tune.db
    says err "tune.db: this is a record"
}

refused() {
    sed '/^tune:/,$d' small.yaml >plain.yaml
    expect 2 tune plain.yaml
    says err "tune:"
    says err "rules/CheckoutErrors/for"
    says err "miss: card-errors"
    silent out
    expect 2 tune plain.yaml --json
    says out '"exit_status": 2'
    # What it shows is one that can be tuned.
    expect 2 tune plain.yaml
    { cat plain.yaml; sed -n '/^  tune:/,/^$/s/^  //p' err; } >begun.yaml
    expect 0 check begun.yaml --fail-on never
    expect 2 tune small.yaml --diff --json
    says err "exclude each other"
    expect 2 tune small.yaml --markdown small.yaml
    says err "is no report and is not overwritten"
    expect 2 tune small.yaml -o nowhere/tune.db
    says err "folder nowhere does not exist"
    expect 2 tune no-such.yaml
    sed -i 's/CheckoutErrors\/for/CheckoutError\/for/' small.yaml
    expect 2 tune small.yaml
    says err "CheckoutErrors"
    [ ! -e tune.db ] || fail "a refused command left a record"
}

# A search of many replicas, cut short: what was found is told, recorded, and nothing is written.
interrupt() {
    needs sqlite3
    needs pgrep
    cp rules.yml before
    "$rollsim" tune small.yaml --replicas 1000000 -o tune.db --write >out 2>err &
    pid=$!
    for _ in $(seq 300); do # until it has workers, and then a little: how much was found is not told here
        [ -z "$(pgrep -P $pid)" ] || break
        sleep 0.1
    done
    sleep 2
    kill -INT $pid
    got=0
    wait $pid || got=$?
    [ $got = 130 ] || fail "ended with status $got, expected 130"
    says err "cut short"
    says out "cut short: what was found so far"
    says err "nothing is written"
    cmp rules.yml before || fail "a search that was cut short was written"
    [ "$(sqlite3 tune.db "select value from meta where key = 'stopped'")" = 1 ] || fail "the record does not say that it was cut short"
}

"$case_name"
