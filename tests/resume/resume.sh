#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Black-box tests of rollsim verify --resume. resume.sh ROLLSIM SOURCE_DIR CASE: runs one case in a folder of its own.
set -eu
rollsim=$1
source_dir=$2
case_name=$3
scenario=$source_dir/scenarios/prisma/prisma.yaml
here=$(mktemp -d)
trap 'umount "$here/small" 2>/dev/null || true; rm -rf "$here"' EXIT
cd "$here"
n_all=250
some="--replicas $n_all --seed 7"
. "$source_dir/tests/cli/expect.sh"

says() { # says FILE TEXT: the text stands in it as it is
    grep -qF -- "$2" "$1" || fail "no '$2' in the $1 of the command"
}

size_of() { # size_of FILE: bytes; 0 when it is not there
    if [ -e "$1" ]; then wc -c <"$1"; else echo 0; fi
}

# What the options ask for, undisturbed: the record ref.db and its status.
reference() {
    status=0
    # shellcheck disable=SC2086
    "$rollsim" verify "$@" -o ref.db >out 2>err </dev/null || status=$?
    case $status in
    0 | 1 | 3) ;;
    *) fail "the reference ended with status $status" ;;
    esac
}

# interrupted SIGNAL WORD... : a run that gets the signal once a history is kept. Its status is in `got`.
interrupted() {
    signal=$1
    shift
    "$rollsim" verify "$@" >out 2>err </dev/null &
    pid=$!
    waited=0
    while [ "$(size_of run.db.part)" -lt 24576 ] && [ "$waited" -lt 3000 ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.02
        waited=$((waited + 1))
    done
    kill "-$signal" "$pid" 2>/dev/null || fail "the run ended before it got a signal"
    got=0
    wait "$pid" 2>/dev/null || got=$?
    [ -s run.db.part ] || fail "nothing was kept"
    [ ! -e run.db ] || fail "the run was over before the signal"
}

same() {
    [ ! -e run.db.part ] && [ ! -e run.db.new ] && [ ! -e run.db.part-journal ] || fail "something is left: $(ls)"
    cmp run.db ref.db || fail "the record has other bytes"
}

# Ctrl-C, SIGTERM and kill -9, one after the other, and the end.
signals() {
    # shellcheck disable=SC2086
    reference "$scenario" $some
    for signal in INT TERM KILL; do
        rm -f run.db
        # shellcheck disable=SC2086
        interrupted "$signal" "$scenario" $some -o run.db
        if [ "$signal" != KILL ]; then
            case $got in 1 | 3) ;; *) fail "SIG$signal ended the run with status $got" ;; esac
            says out "Verdicts"
            says err "to go on: rollsim verify --resume run.db"
            n=$(sqlite3 run.db.part 'select count(*) from journal')
            says err "stopped after $n of $n_all replicas; the verdicts rest on those, kept in run.db.part"
        fi
        expect "$status" verify --resume run.db --jobs 3
        says out "record: run.db"
        same
    done
    expect "$status" verify --resume run.db
    says out "run.db is finished"
    cmp run.db ref.db || fail "telling of a finished run changed it"
}

# The program is killed at random moments of its work, and goes on each time.
kills() {
    wanted=${1:-3}
    seed=1
    n_kill=0
    n_run=0
    reference "$scenario" --replicas $n_all --seed 7
    while [ "$n_kill" -lt "$wanted" ]; do
        rm -f run.db
        set -- "$scenario" --replicas $n_all --seed 7 -o run.db
        n_run=$((n_run + 1))
        while :; do
            "$rollsim" verify "$@" --jobs $((1 + seed % 3)) --quiet >out 2>err </dev/null &
            pid=$!
            seed=$(((seed * 1103515245 + 12345) % 2147483648))
            sleep "$((seed / 65536 % 3)).$((seed / 7 % 90 + 10))"
            kill -KILL "$pid" 2>/dev/null || true
            got=0
            wait "$pid" 2>/dev/null || got=$?
            [ "$got" = 137 ] || break
            n_kill=$((n_kill + 1))
            [ ! -s run.db.part ] || set -- --resume run.db
        done
        case $got in 0 | 1 | 3) ;; 2) grep -q "holds nothing yet" err || fail "status 2" ;; *) fail "status $got" ;; esac
        [ "$got" = 2 ] && rm -f run.db.part || same
    done
    echo "$n_kill kills of $n_run runs"
}

kills_long() {
    kills 200
}

# A small disk that fills up; some room is made, and the run goes on, until it is through.
full() {
    mkdir small
    if mount -t tmpfs -o size=100k tmpfs small 2>/dev/null; then
        reference "$scenario" --replicas 120 --seed 7
        set -- "$scenario" --replicas 120 --seed 7 -o small/run.db
        n_full=0
        for size in 100 160 220 280 400 600 800 1000 1200 1400 1600 1800 2000; do
            mount -o "remount,size=${size}k" small
            got=0
            "$rollsim" verify "$@" >out 2>err </dev/null || got=$?
            [ "$got" = 4 ] || break
            n_full=$((n_full + 1))
            says err "the disk is full"
            [ ! -e small/run.db ] && [ ! -e small/run.db.new ] || fail "a full disk left more than histories"
            if [ -e small/run.db.part ]; then
                says err "to go on: rollsim verify --resume small/run.db"
                set -- --resume small/run.db
            fi
        done
        [ "$got" = "$status" ] || fail "it ended with status $got, wanted $status"
        [ "$n_full" -ge 3 ] || fail "the disk was full $n_full times only"
        cmp small/run.db ref.db || fail "the record has other bytes"
        [ "$(ls small)" = run.db ] || fail "something is left: $(ls small)"
        echo "full $n_full times"
    else
        echo "no small file system can be mounted here: skipped"
        exit 77
    fi
}

# A limit on the size of files is met as a full disk is; one that needs no rights.
limited() {
    reference "$scenario" --replicas 120 --seed 7
    got=0
    (ulimit -f 500 && exec "$rollsim" verify "$scenario" --replicas 120 --seed 7 -o run.db) >out 2>err </dev/null || got=$?
    [ "$got" = 4 ] || fail "it ended with status $got"
    says err "disk I/O error"
    says err "to go on: rollsim verify --resume run.db"
    expect "$status" verify --resume run.db
    same
}

# refused WORDS OPTION... : --resume with these is refused with the words, and the file stays as it is.
refused() {
    words=$1
    shift
    cp run.db.part before
    expect 2 verify --resume run.db "$@"
    says err "$words"
    cmp run.db.part before || fail "a refusal changed the file ($words)"
}

# What is not as it was is named.
refusals() {
    mkdir other
    cp -r "$source_dir/scenarios/prisma" other/
    ours=other/prisma/prisma.yaml
    # shellcheck disable=SC2086
    interrupted INT "$ours" $some -o run.db
    refused "with seed 7, not 8" --seed 8
    refused "with --replicas $n_all, not 401" --replicas 401
    refused "without --all" --all
    refused "with other claims: all, not portal-in-5m" --claim portal-in-5m
    refused "--output begins another" -o other.db
    refused "--force begins anew" --force
    refused "rollsim's own samplers" --samplers gsl
    printf 'time,requests\n0,5\n60,6\n' >series.csv
    refused "another scenario" --traffic portal=series.csv
    cp other/prisma/alerts.yml alerts
    echo "# a word more" >>other/prisma/alerts.yml
    refused "alerts.yml has changed (sha256 "
    cp alerts other/prisma/alerts.yml
    mv other/prisma/prisma.yaml other/moved.yaml
    refused "which cannot be read from here"
    mv other/moved.yaml other/prisma/prisma.yaml
    # shellcheck disable=SC2086
    expect 2 verify "$ours" $some -o run.db
    says err "of $n_all replicas of an interrupted run; --resume run.db goes on, --force starts anew"
    cmp run.db.part before || fail "the refused run touched what was kept"
    expect 2 plot run.db.part
    says err "rollsim verify --resume run.db goes on"
    cp run.db.part kept
    sqlite3 run.db.part "update meta set value = '8' where key = 'seed'"
    refused "is damaged"
    cp kept run.db.part
    sqlite3 run.db.part "update journal set history = zeroblob(100) where replica = 0"
    refused "is damaged: history 0 cannot be read"
    cp kept run.db.part
    sqlite3 run.db.part "delete from journal where replica = 0"
    refused "is damaged"
    cp kept run.db.part
    sqlite3 run.db.part "pragma user_version = 9"
    refused "has schema version 9; this rollsim reads versions 1 to 3"
    echo "no database" >run.db.part
    refused "is not the record of a rollsim run"
    rm run.db.part
    expect 2 verify --resume run.db
    says err "there is neither run.db.part nor run.db"
    # shellcheck disable=SC2086
    interrupted INT "$ours" $some -o run.db
    # shellcheck disable=SC2086
    reference "$ours" $some
    # shellcheck disable=SC2086
    expect "$status" verify "$ours" $some -o run.db --force
    same
}

# A run that is under way is not gone on with by another.
living() {
    "$rollsim" verify "$scenario" --replicas 1000000 --seed 7 -o run.db >out1 2>err1 </dev/null &
    pid=$!
    waited=0
    while [ "$(size_of run.db.part)" -lt 24576 ] && [ "$waited" -lt 3000 ]; do
        sleep 0.02
        waited=$((waited + 1))
    done
    got=0
    "$rollsim" verify --resume run.db >out 2>err </dev/null || got=$?
    kill -INT "$pid"
    wait "$pid" || true
    [ "$got" = 2 ] || fail "it ended with status $got"
    says err "another run is writing run.db.part"
}

# A file of somebody else's that has the record's name by the time the run is through.
foreign() {
    # shellcheck disable=SC2086
    reference "$scenario" $some
    # shellcheck disable=SC2086
    "$rollsim" verify "$scenario" $some -o run.db >out 2>err </dev/null &
    pid=$!
    waited=0
    while [ ! -e run.db.part ] && [ "$waited" -lt 3000 ]; do
        sleep 0.02
        waited=$((waited + 1))
    done
    (set -C && echo "somebody else's" >run.db) 2>/dev/null || fail "the run was over before the file came"
    got=0
    wait "$pid" || got=$?
    [ "$got" = 2 ] || fail "it ended with status $got"
    says err "run.db exists already and is not overwritten; run.db.part is kept: move the file away, and rollsim verify --resume run.db finishes it"
    [ ! -e run.db.new ] || fail "the draft is left"
    [ "$(cat run.db)" = "somebody else's" ] || fail "the file was written over"
    expect 2 verify --resume run.db
    says err "run.db.part is kept"
    [ ! -e run.db.new ] && [ -s run.db.part ] || fail "the second time it is not as the first"
    mv run.db away
    expect "$status" verify --resume run.db
    same
}

# What a run was begun with is known to it, from another folder too; and told again it is no mistake.
options() {
    awk 'BEGIN { print "time,requests"; for (i = 0; i < 4320; i++) printf "%d,%d\n", 60 * i, 600 + 300 * (i % 2) }' >series.csv
    set -- --replicas $n_all --seed 9 --all --claim portal-in-5m --claim no-false-rollback --samplers gsl \
        --traffic "portal=$here/series.csv"
    reference "$scenario" "$@"
    interrupted INT "$scenario" "$@" -o run.db
    mkdir elsewhere
    cd elsewhere
    expect "$status" verify --resume ../run.db.part "$@"
    cd ..
    same
    rm run.db
    interrupted INT "$scenario" "$@" -o run.db
    expect "$status" verify --resume run.db --plots drawn --junit report.xml
    says out "picture: drawn/"
    [ -s report.xml ] || fail "no report"
    same
    # The old record stays until the new one is whole.
    cp run.db old.db
    "$rollsim" verify "$scenario" --replicas 100000 --seed 8 -o run.db --force >out 2>err </dev/null &
    pid=$!
    sleep 1
    kill -KILL "$pid"
    wait "$pid" || true
    cmp run.db old.db || fail "the old record is gone"
}

# Histories of another seed in the journal: the chosen ones come out differently, and going on can never mend that.
differs() {
    interrupted INT "$scenario" --replicas 400 --seed 8 --all -o run.db
    mv run.db.part other.db.part
    interrupted INT "$scenario" --replicas 400 --seed 7 --all -o run.db
    # The last one is compared before it goes on, and stays.
    n=$(sqlite3 run.db.part "attach 'other.db.part' as other" \
        'update journal set history = (select history from other.journal o where o.replica = journal.replica)
            where replica < (select max(replica) from journal) and replica in (select replica from other.journal)' \
        'select changes()')
    [ "$n" -ge 1 ] || fail "no history was changed"
    for again in 1 2; do
        expect 4 verify --resume run.db
        says err "came out differently when repeated"
        says err "replicas are kept in run.db.part"
        says err "please report it"
        ! grep -q "to go on" err || fail "it is said to go on, which can never help (time $again)"
    done
}

case $case_name in
signals | kills | kills_long | full | limited | refusals | living | foreign | options | differs) "$case_name" ;;
*) fail "no such case" ;;
esac
