#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Prints what tests/cli/unit/outcomes.txt holds, by the real programs: promtool_outcomes.sh DIALECT=PROMTOOL...
# (2.42=path/to/promtool 2.53=... 3=...). Outcomes are those of `rollsim rules test --json` in the same words.
set -eu
cd "$(dirname "$0")/unit"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for file in pass fail traps order broken_expr rule_error notation ahead; do
    for word in "$@"; do
        status=0
        "${word#*=}" test rules $file.yml >"$log" 2>&1 || status=$?
        printf '%s.yml %s %s\n' $file "${word%%=*}" $status
        sed -n -e 's/^ *alertname: \(.*\), time: \([^,]*\),.*/  alert \1 at \2/p' \
            -e 's/^ *expr: "\(.*\)", time: \([^,]*\),.*/  \1 at \2/p' \
            -e 's/^ *rule: \(.*\), time: \([0-9]*m\)0s,.*/  rule \1 at \2/p' "$log" | sed 's/\\"/"/g' | LC_ALL=C sort
    done
done
