#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# smoke.sh BENCH: a few rows of each kind in short, their JSON, and its comparison with itself and with a changed one.
set -eu
bench=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    printf 'smoke: %s\n' "$*"
    exit 1
}

status_of() {
    status=0
    "$@" >"$dir/out" 2>&1 || status=$?
    printf '%s' "$status"
}

"$bench" --quick K1 K4 D3 W2 W4 C1 P1 S1 --json "$dir/now.json" >"$dir/table" || fail "bench failed: $(cat "$dir/table")"
cat "$dir/table"
for id in K1 K4 D3 W2 W4 C1 P1 S1; do
    grep -q "^$id " "$dir/table" || fail "no row $id"
done
# What is not installed may be missing, nothing else.
! grep 'not measured: ' "$dir/table" | grep -v 'is not installed$' || fail "a row could not be measured"

! grep -qE '"/|/(home|root|tmp|usr)/' "$dir/now.json" || fail "the JSON names a folder"

[ "$(status_of "$bench" --from "$dir/now.json" --compare "$dir/now.json" --fail-on-worse)" = 0 ] || fail "worse than itself"
grep -q '^0 better, 0 worse, ' "$dir/out" || fail "not the same as itself: $(cat "$dir/out")"

# A yesterday that was ten times as good.
python3 - "$dir/now.json" "$dir/old.json" <<'END' || exit 77
import json, sys
all = json.load(open(sys.argv[1]))
for row in all["rows"]:
    if row["id"] == "D3":
        for key in ("min", "median", "max"):
            row["ratio"][key] /= 10
json.dump(all, open(sys.argv[2], "w"))
END
[ "$(status_of "$bench" --from "$dir/now.json" --compare "$dir/old.json" --fail-on-worse)" = 1 ] || fail "not seen: worse"
grep -q '^D3 .* WORSE$' "$dir/out" || fail "D3 is not told: $(cat "$dir/out")"
[ "$(status_of "$bench" --from "$dir/now.json" --compare "$dir/old.json")" = 0 ] || fail "the status without --fail-on-worse"

[ "$(status_of "$bench" --compare "$dir/none.json" K1)" = 2 ] || fail "a file that is not there"
[ "$(status_of "$bench" --quick nothing)" = 2 ] || fail "an id that is not there"
[ "$(status_of "$bench" --nonsense)" = 2 ] || fail "an option that is not there"
