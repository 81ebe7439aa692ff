#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of `rollsim recording`. recording.sh ROLLSIM SOURCE_DIR CASE: silence is success. With UPDATE=1 in the
# environment the expected outputs below tests/cli/recording/ are written anew; look at the change before you keep it.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
here=$source_dir/tests/cli/recording
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ASAN_OPTIONS=exitcode=99
export LSAN_OPTIONS="suppressions=$source_dir/tests/plots/lsan.supp:print_suppressions=0"
export TERM=dumb
cd "$here"

fail() {
    printf '%s: %s\n' "$case_name" "$*" >&2
    for stream in "$work/out" "$work/err"; do
        [ ! -s "$stream" ] || { echo "--- $stream"; head -n 30 "$stream"; } >&2
    done
    exit 1
}

# expect STATUS WORD... : runs rollsim recording; its streams are kept in the files out and err.
expect() {
    wanted=$1
    shift
    got=0
    "$rollsim" recording "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$wanted" ] || fail "rollsim recording $* ended with status $got, expected $wanted"
}

# golden STREAM FILE : what the last command printed is what the file holds.
golden() {
    [ -z "${UPDATE:-}" ] || cp "$work/$1" "$here/$2"
    cmp -s "$work/$1" "$here/$2" || {
        diff "$here/$2" "$work/$1" >"$work/difference" || true
        cat "$work/difference" >&2
        fail "not what $2 holds"
    }
}

says() {
    grep -qF -- "$2" "$work/$1" || fail "no '$2' in the $1 of the command"
}

requests() {
    expect 0 access.log --reject 40%
    golden out access.out
    expect 0 access.log --reject 0.4 --json
    golden out access.json
    expect 0 requests.jsonl --status http.code --latency took_ms
    golden out requests.out
    expect 0 requests.jsonl --status http.code --latency took_ms --latency-unit s --unit ms
    says out "max 33m 20s"
    # The same from a pipe, packed, and with the format said.
    gzip -c access.log | "$rollsim" recording - --reject 1 --format combined >"$work/out" 2>"$work/err"
    says out "(stdin): requests, combined, gzip"
    says out "requests  4, "
}

series() {
    expect 0 metrics.om
    golden out metrics.out
    expect 0 metrics.om --select 'requests*' --json
    golden out metrics.json
    expect 0 metrics.om --select 'up{*' --select '*none*'
    says out "series    1, 3 samples"
    printf '2\n0\n5\n' >"$work/counts"
    expect 0 "$work/counts" --every 1m
    says out "span      0s to 2m 00s"
}

pictures() {
    expect 0 metrics.om --plots "$work/a/b"
    expect 0 requests.jsonl --status http.code --latency took_ms --plots "$work/a/b"
    says out "picture: $work/a/b/recording-requests.svg"
    grep -q 'latency (ms)' "$work/a/b/recording-requests.svg" || fail "no latency in the picture"
    grep -q 'a gap: samples are missing' "$work/a/b/recording-metrics.svg" || fail "no gap in the picture"
    grep -q 'the counter began anew' "$work/a/b/recording-metrics.svg" || fail "no reset in the picture"
}

# Mistakes of files and of words: all told in one go, with their places.
wrong() {
    : >"$work/empty"
    expect 2 access.log counts.txt "$work/none"
    sed -i "s|$work/|DIR/|" "$work/err"
    golden err wrong.err
    expect 2 "$work/empty"
    says err "empty: error: the file holds no samples"
    expect 2 access.log --format jason
    says err "did you mean \"json\"?"
    expect 2 access.log --log-format '%h %t'
    says err "log_format:1:1: error: this is Apache's LogFormat"
    expect 2 access.log --log-format '$msec' --format json
    says err "--log-format goes with no other --format"
    expect 2 requests.jsonl --status http.cod
    says err "requests.jsonl:1:1: error: no line of the first 3 has a field \"http.cod\""
    echo 'host 1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" 200 12 0.1' >"$work/more"
    expect 2 "$work/more"
    says err "more:1:1: error: this is an access log, like Common with more in it or behind it: give --log-format '...'"
    printf '{"time": %s, "took": 1}\n' 1700000000 1700000001 1700000009 1700000010 1700000017 1700000040 >"$work/lines"
    expect 0 "$work/lines"
    says out "say --format json"
    echo '{"t": 1700000000, "took": "5ms"}' >"$work/lines"
    expect 2 "$work/lines"
    says err "lines: error: the file holds no samples; where each line is one request, say --format json"
    expect 2 access.log --unit fortnight
    says err "--unit must be a unit like ms or a duration like 10ms, got 'fortnight'"
    expect 2 access.log --reject 2
    says err "--reject must be a share in 0..1 or 0%..100%, got '2'"
    expect 2 access.log --window 0s
    says err "--window must be above 0s"
    expect 2 metrics.om --select nothing
    says err "--select takes none of the 2 series of metrics.om"
    gzip -c access.log | head -c 150 >"$work/cut.gz"
    expect 2 "$work/cut.gz" --format combined
    grep -q 'cut.gz:[0-9]*:1: error: the file is damaged: its gzip data cannot be read on' "$work/err" || fail "not told as damaged"
}

# What some lines do not tell.
some() {
    printf 'time,latency,status\n0,0.1,200\n1,0.1,\n2,0.1,503\n3,0.1,200\n' >"$work/some"
    expect 0 "$work/some" --format csv
    says out "only some lines tell a status"
    says out "requests  4, 1/s on average"
    says out "100ms    100ms"
}

# The recording that the project made: what its README says.
own() {
    words='$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $request_time $msec'
    expect 0 "$source_dir/scenarios/prisma/recordings/day.log.zst" --log-format "$words"
    says out "requests  7,391"
    says out "504           434"
    says out "times     of the end"
    says out "413  /settlement/runs"
    grep -qF "$words" "$source_dir/scenarios/prisma/recordings/README.md" || fail "another format in the README"
}

"$case_name"
