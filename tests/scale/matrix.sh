#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same bits for any number of threads, ranks and shards, resumed or not, stopped early or not.
#   matrix.sh ROLLSIM SOURCE_DIR short|long
# A cell is run, and its record compared with that of one thread, byte by byte, and its JSON. Silence is success; exit status 77
# when there is no MPI and nothing else failed.
set -eu
rollsim=$1
source_dir=$2
form=$3
scenario=$source_dir/tests/scale/scale.yaml
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
export ASAN_OPTIONS=exitcode=99
# Open MPI: more ranks than processors, and root in a container, are no mistake here.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
n_resumed=0
n_skipped=0

fail() {
    printf 'matrix: %s\n' "$*" >&2
    [ ! -s err ] || head -n 20 err >&2
    exit 1
}

# What Open MPI keeps until the process ends is not ours to look for.
on_ranks() {
    n_rank=$1
    shift
    ASAN_OPTIONS=exitcode=99:detect_leaks=0 exec mpirun -np "$n_rank" "$rollsim" "$@"
}

have_mpi=no
if command -v mpirun >/dev/null && (on_ranks 2 --version) >/dev/null 2>&1; then
    have_mpi=yes
fi

# start RANKS WORD... : rollsim on so many ranks, in the background; the process is $!.
start() {
    ranks=$1
    shift
    if [ "$ranks" = 1 ]; then
        "$rollsim" "$@" >out 2>err </dev/null &
    else
        on_ranks "$ranks" "$@" >out 2>err </dev/null &
    fi
}

# rank_0 PID RANKS: the process that keeps the record.
rank_0() {
    if [ "$2" = 1 ]; then
        echo "$1"
    else
        for child in $(pgrep -P "$1" || true); do
            if tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | grep -qx OMPI_COMM_WORLD_RANK=0; then
                echo "$child"
            fi
        done
    fi
}

# finish PID STATUS...: waits; the exit status must be one of these.
finish() {
    pid=$1
    shift
    got=0
    wait "$pid" || got=$?
    for wanted in "$@"; do
        [ "$got" != "$wanted" ] || return 0
    done
    fail "rollsim ended with status $got, expected one of $*"
}

# interrupt PID RANKS RECORD: SIGINT a moment after the run has begun to keep histories.
interrupt() {
    n=0
    while [ ! -e "$3.part" ] && [ ! -e "$3" ] && [ $n -lt 600 ]; do
        sleep 0.02
        n=$((n + 1))
    done
    sleep 0.$((delay % 4))5
    delay=$((delay + 1))
    target=$(rank_0 "$1" "$2")
    [ -z "$target" ] || kill -INT "$target" 2>/dev/null || true
}
delay=0

# run_part THREADS RANKS RESUMED RECORD WORD... : one run to its end, through an interruption if RESUMED is yes.
run_part() {
    threads=$1 ranks=$2 resumed=$3 record=$4
    shift 4
    start "$ranks" verify "$scenario" --jobs "$threads" -o "$record" --quiet "$@"
    pid=$!
    if [ "$resumed" = no ]; then
        finish "$pid" 0 1 3
    else
        interrupt "$pid" "$ranks" "$record"
        finish "$pid" 0 1 3 130 # 130: the signal came when all was done, and met the program on its way out
    fi
    if [ ! -e "$record" ]; then
        [ "$resumed" = yes ] || fail "no record"
        if [ -e "$record.part" ]; then
            n_resumed=$((n_resumed + 1))
            start "$ranks" verify --resume "$record" --jobs "$threads" --quiet
        else # before the first history was there
            start "$ranks" verify "$scenario" --jobs "$threads" -o "$record" --quiet "$@"
        fi
        finish $! 0 1 3
    fi
}

# cell NAME THREADS RANKS SHARDS RESUMED WORD... : must give NAME.db and NAME.json of the reference.
cell() {
    name=$1 cell_threads=$2 cell_ranks=$3 shards=$4 cell_resumed=$5
    shift 5
    if [ "$cell_ranks" -gt 1 ] && [ $have_mpi = no ]; then
        n_skipped=$((n_skipped + 1))
        return 0
    fi
    rm -f cell*.db*
    if [ "$shards" = 1 ]; then
        run_part "$cell_threads" "$cell_ranks" "$cell_resumed" cell.db "$@"
    else
        i=1
        while [ $i -le "$shards" ]; do
            run_part "$cell_threads" "$cell_ranks" "$cell_resumed" "cell-$i.db" --shard "$i/$shards" "$@"
            i=$((i + 1))
        done
        start 1 merge -o cell.db cell-*.db --json
        finish $! 0 1 3
        cmp -s out "$name.json" || fail "$name, $shards shards: the JSON differs"
    fi
    cmp -s cell.db "$name.db" ||
        fail "$name: $cell_threads threads, $cell_ranks ranks, $shards shards, resumed $cell_resumed: another record"
}

# JSON of ranks and threads, which --quiet leaves out above.
json_cell() {
    name=$1
    [ "$3" = 1 ] || [ $have_mpi = yes ] || return 0
    start "$3" verify "$scenario" --jobs "$2" --json $4
    finish $! 0 1 3
    cmp -s out "$name.json" || fail "$name: $2 threads, $3 ranks: the JSON differs"
}

all="--replicas 600 --all"
[ "$form" = short ] || all="--replicas 6000 --all"
early="--replicas 3000"
for name in all early; do
    words=$all
    [ $name = all ] || words=$early
    # shellcheck disable=SC2086 # words on purpose
    start 1 verify "$scenario" --jobs 1 -o $name.db --json $words
    finish $! 0 1 3
    mv out $name.json
done
cmp -s all.db early.db && fail "the early stop is none"

if [ "$form" = long ]; then
    for name in all early; do
        words=$all
        [ $name = all ] || words=$early
        for threads in 1 2 3; do
            for ranks in 1 2 4; do
                json_cell $name $threads $ranks "$words"
                for shards in 1 3; do
                    for resumed in no yes; do
                        # shellcheck disable=SC2086
                        cell $name $threads $ranks $shards $resumed $words
                    done
                done
            done
        done
    done
    [ $n_resumed -ge 8 ] || fail "only $n_resumed runs were interrupted at all"
else
    # Every pair of threads, ranks, shards and resumption is among these; the long form runs all cells.
    while read -r name threads ranks shards resumed; do
        words=$all
        [ "$name" = all ] || words=$early
        # shellcheck disable=SC2086
        cell "$name" "$threads" "$ranks" "$shards" "$resumed" $words
    done <<'END'
all 2 1 1 no
all 3 1 1 yes
all 2 2 1 yes
all 3 4 1 no
all 1 1 3 yes
all 2 4 1 yes
all 1 2 3 no
early 3 2 1 no
early 1 4 1 yes
early 2 1 3 no
END
    json_cell all 2 2 "$all"
    json_cell early 1 4 "$early"
fi
[ -z "${RS_SCALE_TELL:-}" ] || echo "matrix: $n_resumed runs were interrupted and resumed"
if [ $n_skipped -gt 0 ]; then
    echo "matrix: $n_skipped cells with several ranks were left out: no mpirun, or rollsim is built without MPI" >&2
    exit 77
fi
