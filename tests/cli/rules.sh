#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of `rollsim rules`. rules.sh ROLLSIM SOURCE_DIR CASE: silence is success. With UPDATE=1 in the environment
# the expected outputs below tests/cli/rules/ are written anew; look at the change before you keep it.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
here=$source_dir/tests/cli
shared=$source_dir/../shared/data
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

# expect STATUS WORD... : runs rollsim rules; its streams are kept in the files out and err.
expect() {
    wanted=$1
    shift
    got=0
    "$rollsim" rules "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$wanted" ] || fail "rollsim rules $* ended with status $got, expected $wanted"
}

# golden FILE : what the last command printed is what the file holds.
golden() {
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/out" "$here/rules/$1"
    fi
    cmp -s "$work/out" "$here/rules/$1" || {
        diff "$here/rules/$1" "$work/out" >"$work/err" || true
        fail "not what $1 holds"
    }
}

# refuse WORDS WORD... : status 2, nothing on stdout, exactly these words as the first line of stderr.
refuse() {
    words=$1
    shift
    expect 2 "$@"
    [ ! -s "$work/out" ] || fail "rollsim rules $* printed something"
    [ "$(head -n 1 "$work/err")" = "$words" ] || fail "rollsim rules $* did not say: $words"
}

usage() {
    for sub in check eval test; do
        expect 0 "$sub" --help
        grep -q "^Usage: rollsim rules $sub" "$work/out" || fail "no usage of $sub"
        grep -q "^Examples:" "$work/out" || fail "no examples of $sub"
    done
    expect 0 --help
    grep -q '^  eval ' "$work/out" || fail "no commands in the help"
    expect 2
    expect 2 evl
    printf "rollsim: error: unknown command 'evl' of rollsim rules (did you mean 'eval'?)\nrollsim rules --help tells more.\n" |
        cmp -s - "$work/err" || fail "no near name, or more than that"
    "$rollsim" help rules eval >"$work/out" || fail "no help of rules eval"
    grep -q "^Usage: rollsim rules eval" "$work/out" || fail "another help than that of rules eval"
    "$rollsim" help rules evl >"$work/out" 2>"$work/err" && fail "help of what is not there"
    "$rollsim" help rules eval more >"$work/out" 2>"$work/err" && fail "help takes a word too many"
    return 0
}

# Every option stands in the man page and is completed.
documented() {
    for sub in check eval test; do
        expect 0 "$sub" --help
        options=$(sed -n 's/^  .* --\([a-z-]*\).*/\1/p' "$work/out")
        [ -n "$options" ] || fail "no option found in the help of $sub"
        row=$(sed -n "/^ *rules-$sub) options=/,/;;/p" "$source_dir/cli/completion/rollsim.bash")
        page=$(sed -n "/^\.Ss rollsim rules $sub/,/^\.S[hs] [^r]/p" "$source_dir/man/rollsim-rules.1")
        for option in $options; do
            printf '%s\n' "$page" | grep -q "^\.It Fl.* -$option" || fail "man page of rules $sub: no --$option"
            case $row in
            *"--$option"*) ;;
            *) fail "completion of rules $sub: no --$option" ;;
            esac
        done
    done
}

check() {
    cd "$here/rules"
    expect 0 check rules.yml alertmanager.yml --scrape-interval 20s
    golden check.out
    expect 0 check odd.yml manifest.yml --scrape-interval 20s
    golden check-odd.out
    expect 0 check rules.yml routes.yml --scrape-interval 20s
    golden check-routes.out
    # Warnings alone, without the codes that are not wanted.
    expect 0 check rules.yml routes.yml --quiet --ignore never-true
    golden check-quiet.out
    expect 1 check rules.yml --quiet --ignore never-true --lint-fatal
    expect 0 check rules.yml --quiet --ignore never-true --ignore reads-before-written --lint-fatal
    [ ! -s "$work/out" ] || fail "something is left to say"
    : >"$work/empty.yml"
    expect 0 check "$work/empty.yml"
    [ "$(tail -n 1 "$work/out")" = "    the file is empty" ] || fail "more is said than that the file is empty"
    expect 0 check odd.yml alertmanager.yml --json
    golden check-odd.json
    expect 1 check odd.yml --lint-fatal
    expect 0 check manifest.yml --lint-fatal
    golden check-manifest.out
    expect 2 check rules.yml alertmanager.yml alertmanager.yml
    # From a pipe and from standard input.
    for sub in check test; do
        file=manifest.yml
        [ $sub = check ] || file=../unit/notation.yml
        "$rollsim" rules $sub - <$file >"$work/out" 2>"$work/err" || fail "$sub does not read standard input"
        cat $file | "$rollsim" rules $sub /dev/stdin >"$work/out" 2>"$work/err" || fail "$sub does not read a pipe"
    done
    # One dialect's expression is another's mistake.
    printf 'groups: [{name: a, rules: [{alert: A, expr: "x[0s] > 1"}, {alert: B, expr: "sum(x offset 0s) > 1"}]}]\n' >"$work/r.yml"
    expect 2 check "$work/r.yml" --prometheus 2.42
    grep -c error: "$work/err" | grep -qx 2 || fail "not both mistakes were told"
    # A file with mistakes does not keep the others from being told of in JSON.
    expect 2 check "$work/r.yml" manifest.yml --json --prometheus 2.42
    grep -q '"well_formed": false' "$work/out" || fail "well-formed in spite of mistakes"
    grep -q '"alert": "Down"' "$work/out" || fail "the good file is missing"
}

eval_forms() {
    cd "$here/rules"
    set -- eval --rules rules.yml --data history.csv --evaluation-interval 30s
    expect 0 "$@"
    golden eval.out
    expect 0 "$@" --csv
    golden eval.csv
    expect 0 "$@" --alertmanager pagers.yml --external-label cluster=north --json
    golden eval.json
    expect 0 "$@" --alertmanager pagers.yml
    golden eval-pagers.out
    expect 0 "$@" --alertmanager pagers.yml --silences silences.json --alertmanager-version 0.28
    golden eval-silenced.out
    expect 0 "$@" --alertmanager pagers.yml --from 2025-09-22T09:06:00Z --to '2025-09-22 09:10:00'
    golden eval-part.out
    expect 0 "$@" --group-offsets hashed --rules-path /etc/prometheus --csv
    golden eval-hashed.csv
    # A trailing slash of the folder changes nothing, another folder does.
    expect 0 "$@" --group-offsets hashed --rules-path /etc/prometheus/ --csv
    golden eval-hashed.csv
    expect 0 "$@" --group-offsets hashed-slices --rules-path /etc/prometheus --csv
    ! cmp -s "$work/out" eval-hashed.csv || fail "both encodings give the same offsets"
}

# What there are no data for, what cannot be told apart by its name, what is recorded too seldom.
eval_notes() {
    cd "$here/rules"
    mkdir "$work/rules"
    cp rules.yml "$work/rules/a.yml"
    cp lonely.yml "$work/rules/b.yml"
    set -- eval --rules "$work/rules/*.yml" --data history.csv
    expect 0 "$@"
    sed -i "s|$work/||" "$work/out"
    golden eval-notes.out
    expect 0 "$@" --json
    sed -i "s|$work/||" "$work/out"
    golden eval-notes.json
    expect 0 "$@" --csv
    grep -q '^rollsim: note: 3 of 10 selectors matched no series: ' "$work/err" || fail "no note of selectors without series"
    expect 0 "$@" --csv --quiet
    [ ! -s "$work/err" ] || fail "--quiet is not quiet"
    # Prometheus 2 still sees a sample that is as old as the lookback.
    expect 0 "$@" --prometheus 2.53
    ! grep -q 'may see gaps' "$work/out" || fail "gaps where there are none"
    # A series that is there and never fires is no lack of data.
    expect 0 eval --rules rules.yml --data history.csv
    ! grep -q 'matched no series' "$work/out" || fail "missing series where there are none"
    # 80 columns are kept on a terminal, where the machine can make one.
    if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
        TERM=dumb script -qec "stty cols 80; '$rollsim' rules eval --rules '$work/rules/*.yml' --data history.csv --alertmanager pagers.yml" /dev/null \
            >"$work/out" </dev/null
        grep -q 'Held back' "$work/out" || fail "nothing was printed on a terminal"
        tr -d '\r' <"$work/out" | grep '^  ' | while IFS= read -r line; do
            [ "$(printf '%s' "$line" | wc -m)" -le 80 ] || fail "wider than 80 columns: $line"
        done
    fi
}

queries() {
    cd "$here/rules"
    set -- eval --data history.csv --evaluation-interval 5m
    expect 0 "$@" --query 'up == 0 or vector(-1)' --query 'rate(errors_total[2m])' --csv
    golden query.csv
    expect 0 "$@" --query 'up == 0 or vector(-1)' --query 'rate(errors_total[2m])'
    golden query.json
    # What a query prints is data for the next one; the rules' series can be asked for.
    cp "$work/out" "$work/again.json"
    expect 0 eval --data "$work/again.json" --metric again --query 'count_over_time(again[1h])' --csv
    [ "$(wc -l <"$work/out")" -gt 1 ] || fail "answers could not be read again"
    expect 0 "$@" --rules rules.yml --query 'shop:errors:ratio_rate2m > 0.1' --query 'ALERTS{alertstate="firing"}' --csv
    golden query-rules.csv
    # A query may look ahead, as on a server that is asked about the past; a rule sees what was known at its time.
    printf 't_s,x\n0,0\n60,1\n120,2\n180,3\n240,4\n' >"$work/x.csv"
    expect 0 eval --data "$work/x.csv" --from 60 --to 120 --query 'x offset -2m' --query 'x @ 240' \
        --query 'x @ end() - x @ start()' --query 'sum_over_time(x[2m:1m] @ 120)' --query x --csv
    sed -n 's/^[^,]*,\([0-9]*\),.*,\([0-9]*\)$/\1=\2/p' "$work/out" | paste -sd ' ' >"$work/got"
    [ "$(cat "$work/got")" = "60=3 120=4 60=4 120=4 60=1 120=1 60=3 120=3 60=1 120=2" ] || fail "queries do not look ahead"
    printf 'groups: [{name: g, rules: [{record: r, expr: x @ 240}, {alert: A, expr: x offset -1m > 3}]}]\n' >"$work/r.yml"
    expect 0 eval --rules "$work/r.yml" --data "$work/x.csv" --query r --query 'r @ 240' --query 'ALERTS{alertname="A"}' --csv
    sed -n 's/^[^,]*,\([0-9]*\),.*,\([0-9]*\)$/\1=\2/p' "$work/out" | paste -sd ' ' >"$work/got"
    [ "$(cat "$work/got")" = "0=0 60=1 120=2 180=3 240=4 0=4 60=4 120=4 180=4 240=4 240=1" ] || fail "rules look ahead"
    # An expression that fails tells it, and the status shows it.
    expect 2 "$@" --query 'up * on() up'
    grep -q 'error: --query up \* on() up: ' "$work/err" || fail "a failing query is not told of"
}

# The first and the last time that is read, and groups that are due once in centuries.
far() {
    printf 't_s,x\n9099999999,1\n' >"$work/far.csv"
    printf 't_s,x\n-9099999999,1\n' >"$work/early.csv"
    printf 'groups: [{name: g, interval: 290y, rules: [{alert: A, expr: x > 0}]}, {name: h, interval: 1y, rules: [{alert: B, expr: x > 0}]}]\n' >"$work/r.yml"
    for file in far early; do
        expect 0 eval --rules "$work/r.yml" --data "$work/$file.csv" --quiet
        expect 0 eval --rules "$work/r.yml" --data "$work/$file.csv" --group-offsets hashed --rules-path /etc --quiet
        expect 0 eval --data "$work/$file.csv" --query x --csv
        grep -q '^x,.*,x,1$' "$work/out" || fail "no sample of $file.csv"
    done
}

# Control characters of files do not reach the terminal, nor XML what it cannot hold.
odd_text() {
    escape=$(printf '\033')
    cat >"$work/odd.yml" <<'EOF'
groups:
  - name: "g\e[1m"
    rules:
      - {alert: "X\nY\e[31m", expr: up > 0, labels: {team: "a\nb\e[31m\x9b"}}
      - {record: r, expr: up * on() up}
EOF
    cat >"$work/test.yml" <<'EOF'
rule_files: [odd.yml]
tests:
  - name: "n\e[1m"
    input_series: [{series: 'up{a="\x1b[31m"}', values: 1}]
    promql_expr_test: [{expr: up, eval_time: 0, exp_samples: [{labels: 'up{a="\x1b[32m"}', value: 1}]}]
EOF
    printf 'time,series,value\n0,"up{a=""1"",b=""\033[31m""}",1\n0,"up{a=""2""}",1\n' >"$work/odd.csv"
    expect 0 check "$work/odd.yml"
    ! grep -q "$escape" "$work/out" || fail "check lets control characters through"
    grep -q '^  X\\nY\\x1b\[31m ' "$work/out" || fail "check does not spell them"
    expect 0 eval --rules "$work/odd.yml" --data "$work/odd.csv"
    ! grep -q "$escape" "$work/out" || fail "eval lets control characters through"
    grep -q 'X\\nY\\x1b\[31m' "$work/out" || fail "eval does not spell them"
    expect 1 test "$work/test.yml"
    ! grep -q "$escape" "$work/out" || fail "test lets control characters through"
    name=$(printf '%s/t\377.yml' "$work")
    cp "$work/test.yml" "$name"
    expect 1 test "$name" --junit "$work/junit.xml"
    ! grep -q "$escape" "$work/junit.xml" || fail "XML with control characters"
    iconv -f UTF-8 -t UTF-8 "$work/junit.xml" >/dev/null || fail "XML that is not UTF-8"
    grep -q 'testsuite name=".*/t\xef\xbf\xbd.yml"' "$work/junit.xml" || grep -q 'testsuite name=".*/t�.yml"' "$work/junit.xml" || fail "no name of the file"
}

# Words for what goes wrong where the data begin and end.
ends() {
    cd "$here/rules"
    refuse "rollsim: error: --evaluation-interval must be longer than 0s" eval --data history.csv --query x --evaluation-interval 0
    refuse "rollsim: error: --evaluation-interval must be above 0s, at most 1y, to the millisecond, got '2y'" \
        eval --data history.csv --query x --evaluation-interval 2y
    "$rollsim" rules eval --data - --query x <&- >"$work/out" 2>"$work/err" && fail "nothing was read"
    grep -qx '(stdin): error: standard input is closed' "$work/err" || fail "no word of closed standard input"
    awk 'BEGIN { print "t_s,x"; for (i = 0; i < 60000; i++) print i "," i * i % 9973 }' | gzip | head -c 9000 >"$work/cut.gz"
    expect 2 eval --data "$work/cut.gz" --query x
    [ "$(wc -l <"$work/err")" = 1 ] || fail "more than one word of a file that is cut"
    grep -q 'cut.gz:[0-9]*:1: error: the file is damaged: its gzip data cannot be read on' "$work/err" || fail "not told as damaged"
    printf 't_s,"x\ny"\n0,1\n' >"$work/q.csv"
    refuse "$work/q.csv:1:5: error: the quote that begins here does not end on its line" eval --data "$work/q.csv" --query x
    printf 'tests: [{start_timestamp: 60}, {start_timestamp: 0}]\n' >"$work/t.yml"
    expect 0 test "$work/t.yml"
    grep -qx "$work/t.yml:1:10: note: \"start_timestamp\" is known from Prometheus 3.9 on; promtool refuses it before" "$work/err" || fail "no note of start_timestamp"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "the note is told twice"
}

# A rule that fails is told of, and the others go on.
failures() {
    cd "$here/rules"
    printf 'groups: [{name: g, rules: [{record: r, expr: up * on() up}, {alert: A, expr: up == 0}]}]\n' >"$work/r.yml"
    expect 0 eval --rules "$work/r.yml" --data history.csv
    grep -q '✘ r of group g: 20 times, first at 2025-09-22T09:00:00Z' "$work/out" || fail "the failure is not told of"
    grep -q '  A  *instance=b' "$work/out" || fail "the other rule did not go on"
}

# Several files, standard input, gzip, notes of what was put in order, recorded series that rules write.
data() {
    cd "$here/rules"
    printf 'x 2 60000\nx 1 0\nx 1 0\nx 3 60000\n' >"$work/a.prom"
    printf 't_s,y\n0,5\n60,6\n' | gzip >"$work/b.csv.gz"
    expect 0 eval --data "$work/a.prom" --data "$work/b.csv.gz" --query 'x + y' --csv
    printf 'query,t_s,series,value\nx + y,0,{},6\nx + y,60,{},8\n' | cmp -s - "$work/out" || fail "two files do not go together"
    grep -qx 'rollsim: note: 2 samples were out of order and have been put in place, the first: x at 0' "$work/err" || fail "no word of the order"
    grep -qx 'rollsim: note: 2 samples had the time of an earlier one of their series and are left out (1 with another value), the first: x at 0' \
        "$work/err" || fail "no word of equal times"
    printf 'timestamp,value\n0,5\n60,6\n' >"$work/one.csv"
    expect 0 eval --data "$work/one.csv" --query 'value' --csv
    grep -qx "$work/one.csv:1:11: note: the column is read as a series called \"value\"; --metric gives it another name" "$work/err" ||
        fail "no word of a series called value"
    expect 0 eval --data "$work/one.csv" --query 'load' --metric load --csv
    grep -qx 'load,60,load,6' "$work/out" || fail "--metric does not name the only column"
    # Durations count from the first sample, negative ones from the last; a date alone is midnight.
    expect 0 eval --data history.csv --query 'vector(1)' --from 10m --to -5m --evaluation-interval 5m --csv
    printf 'query,time,series,value\nvector(1),2025-09-22T09:10:00Z,{},1\nvector(1),2025-09-22T09:15:00Z,{},1\n' |
        cmp -s - "$work/out" || fail "durations do not count from the first and the last sample"
    expect 0 eval --data history.csv --query 'vector(1)' --from 2025-09-22 --to 2025-09-22T00:00:30 --csv
    grep -qx 'vector(1),2025-09-22T00:00:00Z,{},1' "$work/out" || fail "a date is not its midnight"
    expect 0 eval --data "$work/a.prom" --query x --quiet
    [ ! -s "$work/err" ] || fail "--quiet is not quiet"
    "$rollsim" rules eval --data - --query 'y' --csv <"$work/b.csv.gz" >"$work/out" || fail "no reading from standard input"
    grep -qx 'y,60,y,6' "$work/out" || fail "standard input was read wrongly"
    printf 'time,series,value\n0,shop:errors:ratio_rate2m,9\n60,shop:errors:ratio_rate2m,9\n0,ALERTS,1\n60,x,1\n' >"$work/own.csv"
    expect 0 eval --rules rules.yml --data "$work/own.csv"
    grep -qx '2 recorded series are left out: the rules write them themselves' "$work/out" || fail "the rules' own series are read"
}

# Outcomes of the real promtool, all three releases, kept in unit/outcomes.txt by promtool_outcomes.sh: FILE DIALECT STATUS,
# then the cases that fail, indented.
unit_outcomes() {
    cd "$here/unit"
    for file in pass fail traps order broken_expr rule_error notation ahead; do
        for dialect in 2.42 2.53 3; do
            status=0
            "$rollsim" rules test --json --prometheus $dialect $file.yml >"$work/json" 2>"$work/err" || status=$?
            [ "$status" -le 1 ] || fail "$file.yml ended with status $status"
            printf '%s.yml %s %s\n' $file $dialect $status
            sed -n 's/^ *"what": "\(.*\)",$/  \1/p' "$work/json" | sed 's/\\"/"/g' | LC_ALL=C sort
        done
    done >"$work/out"
    cmp -s outcomes.txt "$work/out" || {
        diff outcomes.txt "$work/out" >"$work/err" || true
        fail "not what promtool's outcomes are"
    }
}

unit_forms() {
    cd "$here/unit"
    expect 0 test pass.yml notation.yml
    golden unit-pass.out
    expect 0 test pass.yml --quiet
    [ ! -s "$work/out" ] || fail "--quiet is not quiet"
    expect 1 test fail.yml traps.yml broken_expr.yml rule_error.yml
    golden unit-fail.out
    grep -qx 'broken_expr.yml:1:14: note: no file matches "none\*.yml"' "$work/err" || fail "no note of a pattern without a file"
    expect 0 test traps.yml --run '^samples|^of one'
    golden unit-run.out
    expect 2 test traps.yml --run nothing-like-it
    [ ! -s "$work/out" ] || fail "something is told of tests that were not run"
    expect 1 test fail.yml --junit "$work/junit.xml"
    sed 's/ time="[0-9]*\.[0-9]*"/ time="..."/' "$work/junit.xml" >"$work/out"
    golden unit-fail.xml
    expect 2 test pass.yml --junit "$work/none/junit.xml"
}

wrong() {
    cd "$here/rules"
    # The command line.
    refuse "rollsim: error: rollsim rules check wants FILE..." check
    refuse "rollsim: error: rollsim rules test wants FILE..." test
    refuse "rollsim: error: rollsim rules eval needs --rules FILE or --query EXPR" eval --data history.csv
    refuse "rollsim: error: rollsim rules eval needs --data FILE" eval --rules rules.yml
    refuse "rollsim: error: unexpected argument 'b.yml': give --rules once for each file, or a pattern in quotes, as in --rules 'rules/*.yml'" \
        eval --rules a.yml b.yml --data history.csv
    refuse ".: error: a folder; name its files, as in './*.yml'" eval --rules . --data history.csv
    refuse "none*.yml: error: no file matches the pattern" eval --rules 'none*.yml' --data history.csv
    refuse "rollsim: error: unknown option '--rule' of rollsim rules eval (did you mean '--rules'?)" eval --rule rules.yml
    refuse "rollsim: error: --prometheus must be 2.42 (for releases up to 2.50), 2.53 (2.51 to 2.55) or 3 (3.x), got '2.45'" \
        check rules.yml --prometheus 2.45
    refuse "rollsim: error: --ignore: no finding has the code 'never-ture' (did you mean 'never-true'?)" check rules.yml --ignore never-ture
    refuse "rollsim: error: --lookback must be longer than 0s" check rules.yml --lookback 0
    refuse "rollsim: error: --scrape-interval must be a duration like 15s or 5m, got 'often'" check rules.yml --scrape-interval often
    refuse "rollsim: error: --scrape-interval must be longer than 0s" check rules.yml --scrape-interval 0
    refuse "rollsim: error: --lookback must be above 0s, at most 1y, to the millisecond, got '2y'" eval --data history.csv --query x --lookback 2y
    refuse "rollsim: error: --group-offsets must be zero, hashed or hashed-slices, got 'random'" \
        eval --rules rules.yml --data history.csv --group-offsets random
    refuse "rollsim: error: --group-offsets hashed needs --rules-path: the offset is made of the path where the server loads the file" \
        eval --rules rules.yml --data history.csv --group-offsets hashed
    refuse "rollsim: error: --csv and --json are two forms of one output: give one" eval --data history.csv --query x --csv --json
    refuse "rollsim: error: --csv prints no notifications: leave --alertmanager out, or give --json" \
        eval --rules rules.yml --data history.csv --alertmanager pagers.yml --csv
    refuse "rollsim: error: --query prints no notifications: leave --alertmanager out, or --query" \
        eval --data history.csv --alertmanager pagers.yml --query x
    refuse "rollsim: error: --silences needs --alertmanager FILE" eval --rules rules.yml --data history.csv --silences silences.json
    refuse "rollsim: error: --alertmanager-version must be 0.25 (up to 0.27), 0.28 (up to 0.32) or 0.33, got '0.30'" \
        eval --rules rules.yml --data history.csv --alertmanager pagers.yml --alertmanager-version 0.30
    refuse "rollsim: error: --metric must be a metric name, got '1x'" eval --data history.csv --query x --metric 1x
    refuse "rollsim: error: --from must be a date, RFC 3339, seconds, or a duration from the first (-1h: before the last) sample, got 'noon'" \
        eval --data history.csv --query x --from noon
    refuse "rollsim: error: the first sample, 2025-09-22T09:00:00Z, is after --to, 2025-09-22T08:00:00Z" \
        eval --data history.csv --query x --to 2025-09-22T08:00:00Z
    refuse "rollsim: error: --from, 2025-09-23T08:00:00Z, is after the last sample, 2025-09-22T09:20:00Z" \
        eval --data history.csv --query x --from 2025-09-23T08:00:00Z
    refuse "rollsim: error: --from, 2025-09-22T09:15:00Z, is after --to, 2025-09-22T09:05:00Z" \
        eval --data history.csv --query x --from -5m --to 5m
    refuse "rollsim: error: --from 600 is in the year 1970 or near it, and the data have dates: give one, or a duration from the first sample, like 600s" \
        eval --data history.csv --query x --from 600
    refuse "rollsim: error: more than 100000000 evaluations lie between --from and --to; are the times of the data in one unit?" \
        eval --data history.csv --query x --from 2025-09-20 --evaluation-interval 1ms
    refuse "rollsim: error: --to is out of range, the years 1682 to 2258, got '9999-12-31T00:00:00Z'" \
        eval --data history.csv --query x --to 9999-12-31T00:00:00Z
    refuse "rollsim: error: --to is out of range, the years 1682 to 2258, got '240y'" \
        eval --data history.csv --query x --to 240y
    refuse "rollsim: error: --external-label must be NAME=VALUE, got 'north'" \
        eval --data history.csv --query x --external-label north
    refuse "rollsim: error: --external-label a is given twice" \
        eval --data history.csv --query x --external-label a=b --external-label a=c
    refuse "rollsim: error: --run must be a regular expression, got '('" test x.yml --run '('
    # Expressions and files.
    refuse "--query:1:5: error: unknown function ratee, did you mean rate?" eval --data history.csv --query 'sum(ratee(x[5m]))'
    refuse "--query:1:1: error: a query over time must give an instant vector or a scalar, this is a range vector or a text" \
        eval --data history.csv --query 'x[5m]'
    refuse "none.yml: error: no such file or directory" check none.yml
    refuse "none.csv: error: the file cannot be opened" eval --data none.csv --query x
    refuse "alertmanager.yml: error: an Alertmanager file goes with --alertmanager, not with --rules" \
        eval --rules alertmanager.yml --data history.csv
    refuse "rules.yml: error: a rule file goes with --rules, not with --alertmanager" \
        eval --rules rules.yml --alertmanager rules.yml --data history.csv
    refuse "alertmanager.yml: error: a second Alertmanager file; alertmanager.yml is one already" check alertmanager.yml alertmanager.yml
    printf 'x one 10\n' >"$work/bad.prom"
    refuse "$work/bad.prom:1:3: error: a value is expected behind the series, got \"one\"" eval --data "$work/bad.prom" --query x
    printf '# EOF\n' >"$work/empty.om"
    refuse "$work/empty.om: error: the data holds no samples" eval --data "$work/empty.om" --query x
    printf '# a comment\ntests: [{interval: 1m, promql_expr_tests: []}]\n' >"$work/t.yml"
    refuse "$work/t.yml:2:24: error: unknown key \"promql_expr_tests\" in a test, did you mean \"promql_expr_test\"?" test "$work/t.yml"
    # A bad interval hides no other mistake of the file.
    printf 'tests:\n- interval: soon\n  alert_rule_test: [{alert: A, eval_time: x, exp_alert: []}]\n' >"$work/t.yml"
    expect 2 test "$work/t.yml"
    [ "$(grep -c error: "$work/err")" = 5 ] || fail "not all mistakes of the test file were told"
    refuse "$here/rules/rules.yml:2:1: error: this is a rule file: \`rollsim rules check\` looks at it, and \`rule_files\` of a test file names it" \
        test "$here/rules/rules.yml"
    printf 'rule_files: [%s]\n' "$here/rules/alertmanager.yml" >"$work/t.yml"
    refuse "$work/t.yml:1:14: error: \"$here/rules/alertmanager.yml\" is an Alertmanager file, no rule file" test "$work/t.yml"
    [ "$(cd "$work" && echo *)" = "bad.prom empty.om err out t.yml" ] || fail "a refused command left a file behind"
}

# Prometheus 2.42's own answers: the times of activations to the letter, 41 range queries to the last bit.
recorded() {
    [ -d "$shared/alerts" ] || { echo "skipped: no $shared"; exit 77; }
    for input in "$shared"/alerts/*.input.csv; do
        name=${input%.input.csv}
        expect 0 eval --rules "$name.rules.yml" --data "$input" --prometheus 2.42 --csv
        cmp -s "$work/out" "$name.firings.csv" || fail "not the activations of $name.firings.csv"
    done
    name=$shared/prom/selfmon_2022-03-21_a
    gzip -dc "$name.query_range.jsonl.gz" >"$work/answers"
    # The answers hold their questions: every query becomes an option.
    sed -n 's/^{"query":\(".*"\),"start".*/\1/p' "$work/answers" | sed 's/\\"/"/g; s/^"//; s/"$//; s/\\u003e/>/g; s/\\u003c/</g' >"$work/queries"
    set -- eval --data "$name.om.gz" --prometheus 2.42 --from 1647878249 --to 1647888449 --evaluation-interval 1m
    while IFS= read -r query; do
        set -- "$@" --query "$query"
    done <"$work/queries"
    expect 0 "$@"
    [ "$(wc -l <"$work/out")" -ge 41 ] || fail "not all queries were answered"
    cmp -s "$work/out" "$work/answers" || fail "not the answers of $name.query_range.jsonl.gz"
    rm "$work/answers" "$work/queries"
    for file in "$shared"/rules/*.y*ml; do
        expect 0 check "$file" --scrape-interval 30s
        ! grep -q '^0 rules' "$work/out" || fail "no rules in $file"
    done
}

case $case_name in
usage | documented | check | eval_forms | eval_notes | queries | far | odd_text | ends | failures | data | unit_outcomes | unit_forms | wrong | recorded) "$case_name" ;;
*) fail "no such case" ;;
esac
