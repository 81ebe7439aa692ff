#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of `rollsim tune` on recordings. retell.sh ROLLSIM SOURCE_DIR CASE: silence is success.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
here=$source_dir/tests/retell
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ASAN_OPTIONS=exitcode=99
export TERM=dumb

fail() {
    printf '%s: %s\n' "$case_name" "$*" >&2
    for stream in "$work/out" "$work/err"; do
        [ ! -s "$stream" ] || { echo "--- $stream"; head -n 30 "$stream"; } >&2
    done
    exit 1
}

# expect STATUS WORD... : runs rollsim tune; its streams are kept in the files out and err.
expect() {
    wanted=$1
    shift
    got=0
    "$rollsim" tune "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$wanted" ] || fail "rollsim tune $* ended with status $got, expected $wanted"
}

says() {
    grep -qF -- "$1" "$work/out" || fail "it does not say: $1"
}

complains() {
    grep -qF -- "$1" "$work/err" || fail "it does not complain: $1"
}

# The small recording in a folder of its own, from which it is read.
copy() {
    cp "$here"/small* "$work/"
    cd "$work"
}

text() {
    copy
    expect 0 small.yaml
    says 'settings   12, in 1 run over the recording'
    says '  threshold  threshold of alert High  0.08   0.035'
    says '  medium    6600    choose on  -            0s, High'
    says '+        expr: errors_ratio > 0.035   # of all requests'
    expect 0 --quiet small.yaml
    [ ! -s "$work/out" ] || fail '--quiet is not quiet'
    expect 0 small-worlds.yaml
    says 'settings   108, in 3 runs over the recording'
}

json() {
    copy
    expect 0 --json small.yaml
    python3 - out <<'END' || fail 'the JSON is not as wanted'
import json, sys
told = json.load(open(sys.argv[1]))
assert told["chosen"]["setting"] == {"threshold": "0.035", "for": "0s"}, told["chosen"]
assert told["today"]["figures"]["caught"] == 2 and told["today"]["choose_on"]["caught"] == 0
assert told["incidents"][1]["chosen"]["at"] == 3000 and told["incidents"][1]["today"] is None
assert told["incidents"][0]["chosen"]["labels"] == {"alertname": "High", "job": "shop"}
assert told["today"]["choose_on"]["median_minutes"] is None
END
    expect 2 --json nowhere.yaml
}

# The patch fits, and the files with it are what --write makes; their next tuning has nothing to change.
patches() {
    copy
    expect 0 --diff small.yaml
    cp small.rules.yml before.yml
    patch -s -p0 <out || fail 'the patch does not fit'
    cp small.rules.yml patched.yml
    cp before.yml small.rules.yml
    expect 0 --quiet --write --markdown note.md small.yaml
    cmp -s small.rules.yml patched.yml || fail 'what is written is not what the patch says'
    grep -q '^+        for: 0s' note.md || fail 'the note has no patch'
    grep -q '| threshold of alert High | 0.08 | 0.035 |' note.md || fail 'the note has no settings'
    expect 0 small.yaml
    says "Today's setting is the best of the 12 on the part for choosing"
    expect 0 --diff small.yaml
    [ ! -s "$work/out" ] || fail 'a patch that changes nothing'
}

# Limits that nothing keeps: told with what can be had, nothing is written.
limits() {
    copy
    echo 'at_most: {missed: 0, median_minutes: 0, false_alarms_per_day: 0}' >>small.yaml
    sed -i 's/choose_on: .*/choose_on: {incidents: odd}/' small.yaml
    cp small.rules.yml before.yml
    expect 0 small.yaml
    sed -i 's/values: \[0s, 1m, 2m\]/values: [1m, 2m]/' small.yaml
    expect 1 --write small.yaml
    says 'None of the 8 settings keeps the limits'
    says 'median_minutes: at most 0 is wanted, and no setting comes below 1.'
    cmp -s small.rules.yml before.yml || fail 'something was written'
}

wrong() {
    copy
    for option in '-o x.db' '--plots x' '--replicas 5' '--seed 1' '--traffic a=b'; do
        # shellcheck disable=SC2086
        expect 2 $option small.yaml
        complains 'is for scenarios: of a recording nothing is simulated'
    done
    expect 2 --diff --json small.yaml
    sed -i 's/name: small$/name: small\nretold: 1/' small.yaml
    expect 2 small.yaml
    complains 'small.yaml:4:1: error: unknown key "retold" in a retold recording, did you mean "retell"?'
    sed -i '/^retold/d; s/choose_on: .*/choose_on: {spans: [{until: 1h}]}\njudge_on: {spans: [{from: 30m}]}/' small.yaml
    expect 2 small.yaml
    complains '"judge_on" and "choose_on" overlap'
    sed -i 's/judge_on: .*/judge_on: {spans: [{from: 3h, until: 4h}]}/' small.yaml
    expect 2 small.yaml
    complains 'in "judge_on" there is no sample'
    sed -i '/judge_on/d; s/values: \[0.02.*/from: 0.001, to: 0.999, step: 0.001}/; s/values: \[0s.*/from: 0s, to: 999s, step: 1s}/' small.yaml
    expect 2 small.yaml
    complains 'small.yaml:14:3: error: the parameters of alert High have more than 10000 settings: give fewer values'
    echo '  - {path: rules/HighLong/threshold, values: [1, 2]}' >>small.yaml
    sed -i '/alerts:/d; /minimise/d' small.yaml
    echo 'minimise: [missed]' >>small.yaml
    expect 2 small.yaml
    complains 'small.yaml:13:3: error: the parameters have more than 1000000 settings together: give fewer values'
}

# The figures of the page are what its commands print.
figures() {
    [ -d "$source_dir/../shared/data/series" ] || exit 77
    python3 "$here/figures.py" "$(realpath "$rollsim")" "$source_dir" "$source_dir/docs/retold-incidents.md"
}

"$case_name"
