#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ranks that are lost, or cannot serve: clear words, and a checkpoint that goes on to the same bytes. ranks.sh ROLLSIM SOURCE_DIR
set -eu
rollsim=$1
source_dir=$2
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
# What Open MPI keeps until the process ends is not ours to look for.
export ASAN_OPTIONS=exitcode=99:detect_leaks=0
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cp "$source_dir"/tests/scale/*.y*ml .

fail() {
    printf 'ranks: %s\n' "$*" >&2
    head -n 30 out err >&2
    exit 1
}

if ! command -v mpirun >/dev/null || ! mpirun -np 2 "$rollsim" --version >/dev/null 2>&1; then
    echo "ranks: left out: no mpirun, or rollsim is built without MPI" >&2
    exit 77
fi

says() { # says TEXT
    grep -qF -- "$1" err || fail "nobody says '$1'"
}

# Words and files are those of rank 0 alone.
mpirun -np 3 "$rollsim" --version >out 2>err
[ "$(grep -c '^rollsim' out)" = 1 ] || fail "more than one rank speaks"
mpirun -np 3 "$rollsim" verify none.yaml >out 2>err && fail "no scenario is no mistake"
[ "$(grep -c 'none.yaml: error' err)" = 1 ] || fail "a mistake is not told once"

# A rank that sees other files, or none.
mkdir elsewhere
mpirun -np 1 "$rollsim" verify scale.yaml --replicas 50 : -np 1 -wdir "$here/elsewhere" "$rollsim" >out 2>err &&
    fail "a rank without the scenario served"
says "rank 1 of 2: no such file or directory"
sed 's/20%/21%/' scale.yaml >elsewhere/scale.yaml
cp scale-*.yml elsewhere/
mpirun -np 1 "$rollsim" verify scale.yaml --replicas 50 -o x.db : -np 1 -wdir "$here/elsewhere" "$rollsim" >out 2>err &&
    fail "a rank with another scenario served"
says "rank 1 of 2 reads other files than rank 0"
[ ! -e x.db ] && [ ! -e x.db.part ] || fail "it left a file"

# rank NUMBER PID: that rank's process.
rank() {
    for child in $(pgrep -P "$2" || true); do
        if tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$child"
        fi
    done
}

# Killed at a moment when some histories are there to last: whichever it is, the record can go on.
"$rollsim" verify scale.yaml --replicas 2000 --all --jobs 1 -o whole.db --quiet || [ $? -lt 4 ] || fail "the reference"
for victim in 2 0; do
    mpirun -np 3 "$rollsim" verify scale.yaml --replicas 2000 --all --jobs 1 -o lost.db --quiet >out 2>err </dev/null &
    launcher=$!
    n=0
    while [ $n -lt 300 ] && [ "$(sqlite3 lost.db.part 'SELECT count(*) > 0 FROM journal' 2>/dev/null || true)" != 1 ]; do
        sleep 0.05
        n=$((n + 1))
    done
    target=$(rank $victim $launcher)
    [ -z "$target" ] || kill -KILL "$target"
    wait $launcher || true
    if [ ! -e lost.db ]; then
        [ -e lost.db.part ] || fail "nothing was kept of a run that lost rank $victim"
        "$rollsim" verify --resume lost.db --quiet >out 2>err || [ $? -lt 4 ] || fail "it does not go on"
    fi
    cmp whole.db lost.db || fail "rank $victim was lost, and the record is another"
    rm lost.db
done
