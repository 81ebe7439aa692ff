#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of the program. cli.sh ROLLSIM SOURCE_DIR CASE: runs one case in a folder of its own; silence is success.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
scenario=$source_dir/scenarios/prisma/prisma.yaml
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
few="--replicas 20 --seed 7"
. "$source_dir/tests/cli/expect.sh"

# expect_verdict WORD... : as above, for any of the verdicts' statuses.
expect_verdict() {
    got=0
    "$rollsim" "$@" >out 2>err </dev/null || got=$?
    case $got in
    0 | 1 | 3) ;;
    *) fail "rollsim $* ended with status $got, expected a verdict's" ;;
    esac
}

says() { # says FILE TEXT: the text stands in it as it is
    grep -qF -- "$2" "$1" || fail "no '$2' in the $1 of the command"
}

silent() { # silent FILE
    [ ! -s "$1" ] || fail "the $1 of the command is not empty"
}

usage() {
    expect 2
    says err "Usage: rollsim COMMAND"
    silent out
    expect 0 --help
    says out "verify"
    says out "Exit status: 0"
    silent err
    expect 0 help
    expect 0 -h
    expect 0 --version
    says out "rollsim 0."
    expect 0 help verify
    says out "Usage: rollsim verify"
    expect 2 help verify plot
    expect 2 help verfy
    says err "did you mean 'verify'?"
    for command in check rehearse verify tune retro plot recording; do
        expect 0 "$command" --help
        says out "Usage: rollsim $command"
        says out "Examples:"
        silent err
        expect 0 "$command" -h
        [ "$command" = check ] && continue
        expect 2 "$command"
        says err "rollsim $command wants"
    done
}

unknown_words() {
    expect 2 verfiy "$scenario"
    says err "unknown command 'verfiy' (did you mean 'verify'?)"
    silent out
    expect 2 verify "$scenario" --replica 17
    says err "unknown option '--replica' of rollsim verify (did you mean '--replicas'?)"
    expect 2 verify "$scenario" --seed 7 --jbos 2
    says err "unknown option '--jbos' of rollsim verify (did you mean '--jobs'?)"
    expect 2 verify "$scenario" --jbos=2
    says err "unknown option '--jbos' of rollsim verify (did you mean '--jobs'?)"
    expect 2 verify -z "$scenario"
    says err "unknown option '-z' of rollsim verify"
    expect 2 verify "$scenario" --quiet=yes
    says err "option '--quiet' takes no value"
    expect 2 verify "$scenario" --seed
    says err "option '--seed' wants a value"
    expect 2 verify "$scenario" another
    says err "unexpected argument 'another'"
    expect 2 verify -- "$scenario" --quiet
    says err "unexpected argument '--quiet'"
    silent out
}

wrong_values() {
    for value in -1 x '' 1.5 18446744073709551616 ' 7' 7x 0x7; do
        expect 2 verify "$scenario" --seed "$value"
        says err "--seed must be a whole number from 0 on, got '$value'"
    done
    expect 2 verify "$scenario" --jobs 0
    says err "--jobs must be a whole number in 1..1024, got '0'"
    expect 2 verify "$scenario" --replicas 0
    expect 2 verify "$scenario" --traffic portal
    says err "--traffic must be SERVICE=FILE or SERVICE/COHORT=FILE, got 'portal'"
    expect 2 verify "$scenario" -o ''
    says err "--output must not be empty"
    expect 2 plot --format gif x.db
    says err "--format must be svg or png, got 'gif'"
    [ "$(ls)" = "err
out" ] || fail "a refused command left a file behind"
}

check() {
    expect 0 check "$scenario" --fail-on never
    says out "scenario is well-formed: 4 services, 5 flags, 5 faults, 6 stages, 4 procedures, 3 roles"
    says out 'alertmanager.yml:14:5: note: what the integrations of 3 receivers hold is ignored: '
    says out 'on the rules: rollsim rules check '
    silent err
    expect 0 check --json "$scenario" --fail-on never
    says out '"well_formed": true'
    says out '"notes"'
    says out '"findings"'
    expect 2 check
    says err "rollsim check wants SCENARIO"
    expect 2 check no-such.yaml
    says err "no-such.yaml"
    silent out
    expect 0 check --print-schema
    says out '"$schema"'
    expect 0 check --print-reference
    says out "horizon"
    expect 0 check --list
    says out "grey-zone"
    expect 0 check --explain grey-zone
    says out "grey-zone"
    expect 2 check --explain gray-zone
    says err "no finding has the code 'gray-zone' (did you mean 'grey-zone'?)"
}

# The three formats, the file beside them, and from which findings on the command fails.
check_formats() {
    expect 0 check "$scenario" --fail-on never --sarif check.sarif
    says out "scenario is well-formed"
    [ ! -e check.sarif.part ] || fail "a part of the report was left behind"
    expect 0 check "$scenario" --fail-on never --format sarif
    cmp -s out check.sarif || fail "--sarif and --format sarif differ"
    says out '"version": "2.1.0"'
    ! grep -qF "$here" out || fail "a path of this machine in the SARIF log"
    expect 0 check "$scenario" --fail-on never --format json
    n=$(grep -c '"severity": "error"' out) || true
    m=$(grep -c '"severity": "warning"' out) || true
    status=0
    [ "$n" = 0 ] || status=1
    expect "$status" check "$scenario"
    expect "$status" check "$scenario" --fail-on error --json
    says out "\"exit_status\": $status"
    [ "$m" = 0 ] || status=1
    expect "$status" check "$scenario" --fail-on warning
    expect 2 check "$scenario" --fail-on anything
    says err "--fail-on must be warning, error or never, got 'anything'"
    expect 2 check "$scenario" --format xml
    says err "--format must be text, json or sarif, got 'xml'"
    expect 2 check "$scenario" --json --format sarif
    says err "--json and --format sarif exclude each other"
    expect 2 check "$scenario" --sarif no/such/folder/check.sarif
    says err "folder no/such/folder does not exist"
    cp "$scenario" precious.yaml
    expect 2 check "$scenario" --sarif precious.yaml
    says err "precious.yaml is no report and is not overwritten"
    cmp -s "$scenario" precious.yaml || fail "a report replaced a scenario"
    printf 'rollsim: 1\nhorizn: 3d\n' >bad.yaml
    expect 2 check bad.yaml --format sarif --sarif bad.sarif
    says out '"ruleId": "scenario-error"'
    says out '"startLine": 2'
    cmp -s out bad.sarif || fail "--sarif says something else of a wrong scenario"
    silent err
}

# The reference pages that the repository holds are those that the program prints.
printed_pages() {
    expect 0 check --print-reference
    cmp -s out "$source_dir/docs/scenario-reference.md" || fail "docs/scenario-reference.md is not what --print-reference prints"
    expect 0 check --print-schema
    cmp -s out "$source_dir/docs/scenario.schema.json" || fail "docs/scenario.schema.json is not what --print-schema prints"
}

bad_scenario() {
    mkdir bad
    cp "$source_dir"/scenarios/prisma/*.y*ml bad/
    sed 's/^horizon: 3d/horizn: 3d/; s/default: off/default: perhaps/' "$scenario" >bad/prisma.yaml
    for command in check rehearse verify; do
        expect 2 "$command" bad/prisma.yaml
        silent out
        says err "bad/prisma.yaml:8:1: error: unknown key"
        says err "horizon"
        [ "$(grep -c ': error: ' err)" -ge 3 ] || fail "not all mistakes are told in one go"
    done
    expect 2 verify bad/prisma.yaml -o run.db
    [ ! -e run.db ] && [ ! -e run.db.part ] || fail "a bad scenario left a record behind"
    expect 2 check --json bad/prisma.yaml
    says out '"well_formed": false'
    says out '"line": 8'
}

# Every wrong scenario: its expected message through the program, status 2, nothing on standard output, no file left behind.
golden() {
    mkdir -p tests/golden # as deep as they lie: some name a shipped scenario
    cp -r "$source_dir/tests/golden/bad" tests/golden/bad
    ln -s "$source_dir/scenarios" scenarios
    cd tests/golden/bad
    find . | sort >../before
    n_bad=0
    for want in *.err; do
        name=${want%.err}
        [ -e "$name.yaml" ] || continue
        n_bad=$((n_bad + 1))
        case $name in
        retell_*) expect 2 tune "$name.yaml" ;; # recordings: nothing else reads them
        retro_*) expect 2 retro "$name.yaml" -o run.db ;;
        *) expect 2 verify "$name.yaml" -o run.db --replicas 2 ;;
        esac
        silent out
        cmp -s "$want" err || fail "$name: $(diff "$want" err | head -n 4)"
        rm -f out err
        find . | sort >../after
        cmp -s ../before ../after || fail "$name: left behind: $(diff ../before ../after)"
    done
    [ "$n_bad" -ge 40 ] || fail "only $n_bad wrong scenarios"
    : >out
    : >err
}

# A path that a shell would take apart is handed out between quotes.
quoted() {
    mkdir "a plan"
    cp "$source_dir"/scenarios/prisma/*.yaml "$source_dir"/scenarios/prisma/*.yml "a plan/"
    expect 0 rehearse "a plan/prisma.yaml" --fault none
    says out "again      rollsim rehearse 'a plan/prisma.yaml' --fault none"
    expect_verdict verify "a plan/prisma.yaml" --replicas 20
    says out "rollsim rehearse 'a plan/prisma.yaml' --seed"
    # Nor does a history depend on how its scenario is called.
    expect 0 rehearse "a plan/prisma.yaml" --replica 170 --json
    grep -v 'prisma.yaml' out >here
    expect 0 rehearse "$scenario" --replica 170 --json
    grep -v 'prisma.yaml' out >there
    cmp here there || fail "another path to the scenario, another history"
}

rehearse() {
    for fault in prisma-read-errors settlement-inconsistency portal-errors portal-latency vault-auth-failure none; do
        expect 0 rehearse "$scenario" --fault "$fault" --replica 3
        silent err
        says out "$fault"
        says out "Outcome: "
        says out "again      rollsim rehearse $scenario --fault $fault --replica 3 --seed 7"
        cp out first
        expect 0 rehearse "$scenario" --fault "$fault" --replica 3
        cmp -s out first || fail "the same words told another history"
        expect 0 rehearse "$scenario" --fault "$fault" --replica 3 --json
        case $fault in
        prisma-read-errors | settlement-inconsistency | portal-errors) says out '"clock_s"' ;;
        esac
        says out '"trace"'
    done
    expect 2 rehearse "$scenario" --fault portal-eror
    says err "has no fault 'portal-eror' (did you mean 'portal-errors'?)"
    expect 0 rehearse "$scenario" --fault none
    says out "fault      none"
}

# What is exported reads back: the rules over the series find the alert that the history tells, half a round off at most.
exported() {
    expect 0 rehearse "$scenario" --fault portal-errors --replica 3 --export evidence
    says out "PortalSLA inactive -> firing"
    at=$(sed -n 's/.* \([0-9:]*\) .*PortalSLA inactive -> firing.*/\1/p' out)
    for file in metrics.om timeline.yaml truth.json; do
        [ -s "evidence/$file" ] || fail "no $file"
    done
    grep -q "T$at.*event: detected.*PortalSLA" evidence/timeline.yaml || fail "no detection at $at"
    sed -n 's/.*{at: \([^,]*\),.*/\1/p' evidence/timeline.yaml >times
    sort -c times || fail "the timeline is not in order"
    grep '"outcome": "rolled-back"' evidence/truth.json >/dev/null || fail "no outcome"
    cp evidence/metrics.om first
    expect 0 rehearse "$scenario" --fault portal-errors --replica 3 --export evidence
    cmp -s first evidence/metrics.om || fail "the same words recorded something else"
    expect 0 rules eval --rules "$source_dir/scenarios/prisma/alerts.yml" --data evidence/metrics.om \
        --evaluation-interval 30s --json
    says out '"firing_from": "2025-09-29T13:55:30Z"' # the history's own phase: 13:55:45
    expect 0 recording evidence/metrics.om --format series
    : >no-folder
    expect 4 rehearse "$scenario" --fault portal-errors --export no-folder/x
    says err "cannot make no-folder/x"
}

# A fault's history names every mark of the rollback clock, and the words that it hands out tell it again.
clock() {
    expect 0 rehearse "$scenario" --fault prisma-read-errors --replica 1
    for mark in "fault onset" "first bad sample" "alert pending" "detected (" "page or board seen" acknowledged decided \
        "flag set" "last instance effective" "all blocking actions done" "metric recovered"; do
        says out "$mark"
    done
    says out "detected -> completed"
    words=$(sed -n 's/^again *rollsim //p' out)
    cp out first
    # shellcheck disable=SC2086 # the words are words
    expect 0 $words
    cmp -s out first || fail "the words under 'again' tell another history"
}

# verify's replicas are rehearse's: a record and a told history agree.
same_replicas() {
    agree
}

# So they are when GSL draws: other histories, which the record and the words to tell them again say.
samplers() {
    expect 0 rehearse "$scenario" --replica 11 --seed 7
    cp out own
    expect 0 rehearse "$scenario" --replica 11 --seed 7 --samplers own
    grep -v '^again' own >first
    grep -v '^again' out >second
    cmp -s first second || fail "--samplers own is not the default"
    expect 0 rehearse "$scenario" --replica 11 --seed 7 --samplers gsl
    says out "drawn by GSL's samplers"
    says out "again      rollsim rehearse $scenario --replica 11 --seed 7 --samplers gsl"
    grep -v '^again' out | sed "s/, drawn by GSL's samplers//" >second
    ! cmp -s first second || fail "--samplers gsl tells the same history"
    agree --samplers gsl
    [ "$(sqlite3 run.db "select value from meta where key = 'samplers'")" = gsl ] || fail "the record does not say so"
    for command in rehearse verify; do
        expect 2 "$command" "$scenario" --samplers gls
        says err '--samplers must be own or gsl, got "gls"'
    done
}

# agree OPTION... : a record and a told history, both with these options
agree() {
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few -o run.db "$@"
    row=$(sqlite3 run.db "select r.outcome, n_request, n_error, users_hurt, coalesce(f.name, 'null')
        from replica r left join fault f using (fault) where replica = 11" -separator ' ')
    expect 0 rehearse "$scenario" --replica 11 --seed 7 --json "$@"
    # shellcheck disable=SC2086
    set -- $row
    says out "\"outcome\": \"$1\""
    says out "\"requests\": $2"
    says out "\"failed\": $3"
    says out "\"users_hurt\": $4"
    case $5 in
    null) says out '"fault": null' ;;
    *) says out "\"fault\": \"$5\"" ;;
    esac
}

verify() {
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few
    status=$got
    says out "dashboard-in-5m"
    silent err
    [ "$(ls)" = "err
out" ] || fail "verify without -o left a file behind"
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" $few --quiet
    silent out
    silent err
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" $few --json --jobs 1
    cp out one
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" $few --json --jobs 2
    cmp -s out one || fail "--jobs 1 and --jobs 2 print different JSON"
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" --replicas 20 --seed 8 --json
    cmp -s out one && fail "another seed gives the same run"
    return 0
}

# The formats, the files beside the table, and the schemas that describe the JSON.
verify_formats() {
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few --junit verify.xml --sarif verify.sarif
    status=$got
    says out "portal-in-5m"
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" $few --format junit --jobs 1
    cmp -s out verify.xml || fail "--junit and --format junit differ"
    n=$(grep -c '<testcase ' out)
    [ "$n" = "$(sed -n '/^claims:/,$s/^  - name: //p' "$scenario" | grep -c .)" ] || fail "$n test cases"
    # shellcheck disable=SC2086
    expect "$status" verify "$scenario" $few --format sarif --jobs 2
    cmp -s out verify.sarif || fail "--sarif and --format sarif differ"
    ! grep -qF "$here" out || fail "a path of this machine in the SARIF log"
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few --format csv
    says err "--format must be text, json, junit or sarif, got 'csv'"
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few --junit no/such/verify.xml
    says err "folder no/such does not exist"
    cp "$scenario" precious.yaml
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few --junit precious.yaml
    says err "precious.yaml is no report and is not overwritten"
    printf 'rollsim: 1\nhorizn: 3d\n' >bad.yaml
    expect 2 verify bad.yaml --format junit --sarif bad.sarif
    says out '<error message="'
    says out 'bad.yaml:2:1: error: unknown key'
    says bad.sarif '"ruleId": "scenario-error"'
    says err "bad.yaml:2:1: error: unknown key"
}

schemas() {
    command -v python3 >/dev/null || { echo "no python3: skipped"; exit 77; }
    fits() { # fits SCHEMA: the output of the command is what docs/SCHEMA describes
        python3 "$source_dir/tests/cli/schema.py" "$source_dir/docs/$1" out >breaches || fail "$(cat breaches)"
    }
    for name in prisma sre-workbook canary-judges; do
        expect 0 check --json --fail-on never "$source_dir/scenarios/$name/$name.yaml"
        fits check.schema.json
        expect_verdict verify --json --replicas 30 "$source_dir/scenarios/$name/$name.yaml"
        fits verify.schema.json
        [ "$(python3 -c 'import json; print(len(json.load(open("out"))["claims"]))')" -gt 3 ] || fail "no claims"
    done
    expect_verdict verify --json --replicas 5 --seed 18446744073709551615 "$scenario"
    fits verify.schema.json
    printf 'rollsim: 1\nhorizn: 3d\n' >bad.yaml
    expect 2 verify --json bad.yaml
    fits verify.schema.json
    expect 2 check --json bad.yaml
    fits check.schema.json
    # The validator itself: what does not fit is told.
    sed 's/"exit_status": 2/"exit_status": 7/' out >wrong
    mv wrong out
    if python3 "$source_dir/tests/cli/schema.py" "$source_dir/docs/check.schema.json" out >breaches; then
        fail "an exit status of 7 fits the schema"
    fi
}

# Some claims alone: the family is theirs, and the reports say that others were left out.
some_claims() {
    n=$(sed -n '/^claims:/,$s/^  - name: //p' "$scenario" | grep -c .)
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few --claim portal-in-5m --claim dashboard-in-5m --claim portal-in-5m
    says out "95% for all 2 statistical ones together"
    says out "$((n - 2)) more claims of the scenario were not asked for"
    ! grep -qF "healthy-completes" out || fail "a claim that was not asked for is told"
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few --claim portal-in-5m --json -o run.db
    says out "\"n_left_out\": $((n - 1))"
    [ "$(sqlite3 run.db 'select count(*) from verdict')" = 1 ] || fail "the record holds other claims"
    [ "$(sqlite3 run.db "select value from meta where key = 'n_left_out'")" = "$((n - 1))" ] || fail "the record does not say how many were left out"
    [ "$(sqlite3 run.db 'select count(*) > 0 from findings')" = 1 ] || fail "no finding in the record"
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few --claim portal-in-5
    says err "has no claim 'portal-in-5' (did you mean 'portal-in-5m'?)"
    silent out
}

# No more replicas than it takes, unless all are asked for; the witness is told again by the words that are handed out.
enough() {
    expect 1 verify "$scenario" --claim slow-portal-seen-30m --replicas 2000
    says out " replicas of at most 2000: then every claim was decided, seed 7"
    words=$(sed -n 's/^ *rollsim rehearse /rehearse /p' out)
    # shellcheck disable=SC2086 # the words are words
    expect 0 $words
    says out "fault      portal-latency"
    expect 1 verify "$scenario" --claim slow-portal-seen-30m --replicas 300 --all
    says out "  300 replicas, seed 7"
    printf 'time,requests\n0,600\n60,700\n' >series.csv
    expect_verdict verify "$scenario" --claim slow-portal-seen-30m --replicas 30 --traffic portal=series.csv
    says out "--replica "
    says out " --traffic portal=series.csv"
}

# A violated claim, claims that hold, too few replicas: the statuses 1, 0 and 3.
verdict_statuses() {
    mkdir s
    cp "$source_dir"/scenarios/prisma/*.yml s/
    sed '/^claims:/,$d' "$scenario" >s/head
    claim() { # claim LIMIT-LINE
        { cat s/head; printf 'claims:\n  - name: completes\n    says: It completes\n    ref: "x"\n'
          printf '    probability: {outcome: completed}\n    given: all\n    %s\n' "$1"; } >s/prisma.yaml
    }
    claim "at_least: 0.01%"
    expect 0 verify s/prisma.yaml --replicas 20
    claim "at_least: 99.99%"
    expect 1 verify s/prisma.yaml --replicas 60
    claim "at_least: 50%"
    expect 3 verify s/prisma.yaml --replicas 1
}

# The command that is printed with a violated claim tells a history that breaks it, in words and as JSON.
witness() {
    expect 1 verify "$scenario" --replicas 150 --seed 7
    awk '$1 == "✘" && NF >= 2 && !($2 ~ /^violated|^refuted|^unbounded/) { claim = $2 }
         $1 == "✔" || $1 == "?" { claim = "" }
         claim && $1 == "rollsim" && $2 == "rehearse" { print claim, $0; claim = "" }' out >witnesses
    [ "$(wc -l <witnesses)" -ge 3 ] || fail "fewer than three witnesses"
    while read -r claim _ words; do
        # shellcheck disable=SC2086 # the words are words
        expect 0 $words
        grep -q "✘ broken  *$claim " out || fail "rollsim $words does not show that $claim is broken"
        # shellcheck disable=SC2086
        expect 0 $words --json
        n=$(sqlite3 :memory: "select count(*) from json_each(readfile('out'), '\$.claims') where value->>'name' = '$claim'
            and value->>'state' = 'broken' and (value->>'never' or value->>'value' > value->>'limit')")
        [ "$n" = 1 ] || fail "rollsim $words --json does not show that $claim is broken"
    done <witnesses
}

records() {
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few -o run.db
    [ -s run.db ] && [ ! -e run.db.part ] || fail "no record, or one half-written"
    says out "record: run.db"
    cp run.db before
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few -o run.db
    says err "run.db is there already; --force replaces it"
    cmp -s run.db before || fail "the refused run touched the record"
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few -o run.db --force
    cp "$scenario" precious.yaml
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few -o precious.yaml --force
    says err "precious.yaml is no record of a run and is not overwritten"
    cmp -s "$scenario" precious.yaml || fail "--force replaced a file that is no record"
    for view in verdicts timing_card replicas; do
        [ "$(sqlite3 run.db "select count(*) from $view")" -gt 0 ] || fail "view $view is empty"
    done
    [ "$(sqlite3 run.db 'pragma integrity_check')" = ok ] || fail "the record is damaged"
    # shellcheck disable=SC2086
    expect 2 verify "$scenario" $few -o no/such/folder/run.db
    says err "folder no/such/folder does not exist"
    for command in check rehearse verify; do
        expect 2 "$command" run.db
        says err "run.db: this is a record of a run; rollsim plot reads it"
        silent out
    done
}

pictures() {
    # shellcheck disable=SC2086
    expect_verdict verify "$scenario" $few --plots drawn
    says out "picture: drawn/"
    says out "record: drawn/run.db"
    ls drawn/*.svg >names || fail "no picture was drawn"
    for picture in drawn/*.svg; do
        grep -q '</svg>' "$picture" || fail "$picture is not whole"
    done
    mkdir alone
    cp drawn/run.db alone/run.db
    expect 0 plot alone/run.db -o again
    says out "picture: again/"
    for picture in drawn/*.svg; do
        cmp -s "$picture" "again/$(basename "$picture")" || fail "plot draws another $(basename "$picture")"
    done
    one=$(basename "$(head -n 1 names)" .svg)
    expect 0 plot alone/run.db -o png --format png --only "$one"
    [ "$(ls png)" = "$one.png" ] || fail "--only drew something else: $(ls png)"
    expect 0 plot alone/run.db -o silent --quiet
    silent out
}

wrong_database() {
    expect 2 plot no-such.db
    says err "no-such.db"
    echo "this is no database" >text.db
    expect 2 plot text.db -o drawn
    : >empty.db
    expect 2 plot empty.db -o drawn
    sqlite3 other.db 'create table t (x)'
    expect 2 plot other.db -o drawn
    expect 2 plot "$here" -o drawn
    silent out
    [ ! -e drawn ] || [ -z "$(ls drawn)" ] || fail "a wrong database left pictures"
}

# SIGINT ends a long run cleanly: what was done is judged and kept, and the status is a verdict's, never 0.
interrupt() {
    # A shell gives its background jobs SIGINT ignored; the program sets a handler of its own all the same.
    "$rollsim" verify "$scenario" --replicas 1000000 --seed 7 -o run.db >out 2>err </dev/null &
    pid=$!
    waited=0
    while [ ! -s run.db.part ] && [ "$waited" -lt 300 ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        waited=$((waited + 1))
    done
    sleep 1
    kill -INT "$pid" || fail "the run ended before it was interrupted"
    got=0
    wait "$pid" || got=$?
    case $got in
    1 | 3) ;;
    *) fail "an interrupted run ended with status $got" ;;
    esac
    says out "Verdicts"
    says err "kept in run.db.part"
    says err "to go on: rollsim verify --resume run.db"
    [ ! -e run.db ] && [ ! -e run.db.new ] || fail "an interrupted run has a record"
    n=$(sqlite3 run.db.part 'select count(*) from journal')
    says err "stopped after $n of 1000000 replicas"
}

# Without a record there is nothing to go on with: the command that is told makes the same run, whole.
interrupt_unrecorded() {
    mkdir "some data"
    awk 'BEGIN { print "time,requests"; for (i = 0; i < 4320; i++) printf "%d,%d\n", 60 * i, 600 }' >"some data/series.csv"
    set -- --all --claim portal-in-5m --claim no-false-rollback --samplers gsl
    "$rollsim" verify "$scenario" --replicas 1000000 --seed 7 "$@" --traffic "portal=some data/series.csv" --junit "a report.xml" \
        >out 2>err </dev/null &
    pid=$!
    sleep 4
    kill -INT "$pid" || fail "the run ended before it was interrupted"
    wait "$pid" || true
    says err "for all of them: rollsim verify $scenario --replicas 1000000 --seed 7 $* --traffic 'portal=some data/series.csv' --junit 'a report.xml'"
}

standard_output() {
    got=0
    "$rollsim" --help >&- 2>err || got=$?
    [ "$got" = 4 ] || fail "a closed standard output gave status $got"
    says err "cannot write to standard output"
    # With its standard output closed, the words must not land in the record.
    got=0
    "$rollsim" verify "$scenario" --replicas 3 -o run.db >&- 2>err || got=$?
    [ "$got" = 4 ] || fail "a closed standard output gave status $got"
    [ "$(sqlite3 run.db 'pragma integrity_check')" = ok ] || fail "the table landed in the record"
    if [ -w /dev/full ]; then
        got=0
        "$rollsim" rehearse "$scenario" >/dev/full 2>err || got=$?
        [ "$got" = 4 ] || fail "a full disk gave status $got"
        says err "cannot write to standard output"
    fi
    # A reader that goes away is met with silence.
    { "$rollsim" check --print-schema 2>err || echo "$?" >status; } | true
    silent err
}

colour() {
    script -qec true /dev/null >out 2>&1 </dev/null || { echo "no pseudo-terminal here: skipped"; exit 77; }
    escape=$(printf '\033')
    expect 0 rehearse "$scenario" --fault none
    ! grep -qF "$escape" out || fail "colour on a stream that is no terminal"
    TERM=xterm script -qec "'$rollsim' rehearse '$scenario' --fault none" /dev/null >out 2>err </dev/null
    grep -qF "$escape[" out || fail "no colour on a terminal"
    TERM=xterm NO_COLOR=1 script -qec "'$rollsim' rehearse '$scenario' --fault none" /dev/null >out 2>err </dev/null
    ! grep -qF "$escape[" out || fail "NO_COLOR is not honoured"
    TERM=dumb script -qec "'$rollsim' rehearse '$scenario' --fault none" /dev/null >out 2>err </dev/null
    ! grep -qF "$escape[" out || fail "colour on a dumb terminal"
}

progress() {
    script -qec true /dev/null >out 2>&1 </dev/null || { echo "no pseudo-terminal here: skipped"; exit 77; }
    TERM=xterm script -qec "'$rollsim' verify '$scenario' --replicas 200 >table" /dev/null >out 2>err </dev/null || true
    says out "of 200 replicas"
    says out "ETA"
    ! grep -qF "ETA" table || fail "progress on standard output"
    TERM=xterm script -qec "'$rollsim' verify '$scenario' --replicas 200 --quiet" /dev/null >out 2>err </dev/null || true
    ! grep -qF "ETA" out || fail "progress though --quiet was given"
}

# Recorded traffic: a series per second drives the portal, and a wrong one is refused with its place.
traffic() {
    awk 'BEGIN { print "time,requests"; for (i = 0; i < 4320; i++) printf "%d,%d\n", 60 * i, 600 + 300 * (i % 2) }' >series.csv
    expect 0 rehearse "$scenario" --fault none --json --traffic portal=series.csv
    cp out recorded
    expect 0 rehearse "$scenario" --fault none --json
    cmp -s out recorded && fail "--traffic changed nothing"
    expect 2 rehearse "$scenario" --traffic portl=series.csv
    says err "portal"
    expect 2 rehearse "$scenario" --traffic portal=series.csv --traffic portal/agents=series.csv
    says err "the traffic of portal is driven by series.csv already"
    expect 2 rehearse "$scenario" --traffic portal=no-such.csv
    says err "no-such.csv"
    printf 'time,requests\n0,five\n' >wrong.csv
    expect 2 verify "$scenario" --traffic portal=wrong.csv
    says err "wrong.csv:2:"
    echo 'host 1.2.3.4 - - [17/May/2015:10:05:03 +0200] "GET / HTTP/1.1" 200 12 0.1' >more.log
    expect 2 verify "$scenario" --traffic portal=more.log
    says err 'give "log_format" in "requests" or "recorded" of the scenario'
}

# The series that others recorded: requests per minute of the World Cup's site, per second of NASA's.
real_traffic() {
    recordings=$source_dir/../shared/data/access
    minutes=$recordings/worldcup98_requests_per_minute_to_0623.csv.gz
    seconds=$recordings/nasa_http_1995-07_requests_per_second.txt.gz
    if [ ! -r "$minutes" ] || [ ! -r "$seconds" ]; then
        echo "../shared is not here: skipped"
        exit 77
    fi
    expect 0 rehearse "$scenario" --fault none --json
    cp out profile
    for file in "$minutes" "$seconds"; do
        expect 0 rehearse "$scenario" --fault none --json --traffic "portal=$file"
        says out "--traffic portal=$file"
        cmp -s out profile && fail "$file changed nothing"
        cp out first
        expect 0 rehearse "$scenario" --fault none --json --traffic "portal=$file"
        cmp -s out first || fail "$file gives two histories"
    done
}

# Every option that --help lists stands in the man page and in the completion.
documented() {
    for command in check rehearse verify tune retro plot recording; do
        expect 0 "$command" --help
        options=$(sed -n 's/^  .* --\([a-z-]*\).*/\1/p' out)
        [ -n "$options" ] || fail "no option found in the help of $command"
        row=$(sed -n "/^ *$command) options=/,/;;/p" "$source_dir/cli/completion/rollsim.bash")
        for option in $options; do
            grep -q "^\.It Fl.* -$option" "$source_dir/man/rollsim-$command.1" || fail "man page of $command: no --$option"
            case $row in
            *"--$option"*) ;;
            *) fail "completion of $command: no --$option" ;;
            esac
        done
    done
}

"$case_name"
