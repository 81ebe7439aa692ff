#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What rollsim merge and --shard refuse, and with which words. shards.sh ROLLSIM SOURCE_DIR
set -eu
rollsim=$1
source_dir=$2
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
export ASAN_OPTIONS=exitcode=99
cp "$source_dir"/tests/scale/*.y*ml .

fail() {
    printf 'shards: %s\n' "$*" >&2
    head -n 20 out err >&2
    exit 1
}

# expect STATUS TEXT WORD... : rollsim ends so, and says so on standard error.
expect() {
    wanted=$1 text=$2
    shift 2
    got=0
    "$rollsim" "$@" >out 2>err </dev/null || got=$?
    [ "$got" = "$wanted" ] || fail "rollsim $* ended with status $got, expected $wanted"
    [ -z "$text" ] || grep -qF -- "$text" err || fail "rollsim $* does not say '$text'"
}

# shard FILE I/N WORD...
shard() {
    file=$1 part=$2
    shift 2
    "$rollsim" verify scale.yaml --replicas 12 --shard "$part" -o "$file" "$@" >out 2>err || fail "shard $part"
}

shard 1.db 1/3
grep -q '^shard 1 of 3: 4 of 12 replicas are in 1.db$' out || fail "what a shard says"
shard 2.db 2/3
shard 3.db 3/3
shard 2b.db 2/3
shard seed.db 3/3 --seed 9
shard all.db 3/3 --all
shard half.db 1/2
"$rollsim" verify scale.yaml --replicas 12 -o whole.db --quiet || [ $? != 4 ]

expect 2 "-o RUN.db names the record" merge 1.db 2.db 3.db
expect 2 "shard 2/3 is missing: rollsim verify scale.yaml --replicas 12 --seed 1 --shard 2/3 -o FILE makes it" \
    merge -o m.db 1.db 3.db
expect 2 "shard 1/3 and 1 more is missing" merge -o m.db 2.db
expect 2 "2.db and 2b.db are both shard 2/3" merge -o m.db 1.db 2.db 2b.db 3.db
expect 2 "1.db and seed.db are of two runs: seed.db is of a run with seed 9, not 1" merge -o m.db 1.db 2.db seed.db
expect 2 "1.db and all.db are of two runs" merge -o m.db 1.db 2.db all.db
expect 2 "1.db and half.db are of two runs" merge -o m.db 1.db half.db
expect 2 "whole.db" merge -o m.db whole.db
expect 2 "no-such.db" merge -o m.db no-such.db
expect 2 "scale.yaml" merge -o m.db scale.yaml
expect 2 "is there already" merge -o whole.db 1.db 2.db 3.db
head -c 5000 2.db >cut.db
expect 2 "cut.db" merge -o m.db 1.db cut.db 3.db
[ ! -e m.db ] || fail "a merge that was refused left a record"

# A record that would take the place of a shard, whatever it is called.
ln 2.db hard.db
ln -s 2.db soft.db
cp 2.db m.db.part
cp 3.db n.db.new
cat 1.db 2.db 3.db m.db.part n.db.new >before
expect 2 "-o 1.db would write over the shard 1.db" merge --force -o 1.db 1.db 2.db 3.db
expect 2 "-o ./1.db would write over the shard 1.db" merge --force -o ./1.db 1.db 2.db 3.db
expect 2 "-o hard.db would write over the shard 2.db" merge --force -o hard.db 1.db 2.db 3.db
expect 2 "-o soft.db would write over the shard 2.db" merge --force -o soft.db 1.db 2.db 3.db
expect 2 "-o 3.db would write over the shard 3.db" merge -o 3.db 1.db 2.db 3.db
expect 2 "-o m.db would write over the shard m.db.part" merge --force -o m.db 1.db m.db.part 3.db
expect 2 "-o n.db would write over the shard n.db.new" merge --force -o n.db 1.db 2.db n.db.new
cat 1.db 2.db 3.db m.db.part n.db.new | cmp - before || fail "a merge touched a shard"
rm hard.db soft.db m.db.part n.db.new

# A merge that is cut short keeps nothing, for the shards have it all: the same words once more, and it is through.
"$rollsim" merge --quiet -o ref.db 1.db 2.db 3.db || [ $? = 3 ] || fail "the merge that the others are compared with"
cmp ref.db whole.db || fail "the merged record has other bytes"
cat 1.db 2.db 3.db >before
for limit in 8 40 100 150; do
    got=0
    (ulimit -f $limit && exec "$rollsim" merge -o m.db 1.db 2.db 3.db) >out 2>err </dev/null || got=$?
    [ "$got" = 4 ] || fail "a merge without room ended with status $got"
    [ $limit = 8 ] || grep -q "merge again" err || fail "a merge without room does not say how to go on"
    ! grep -q -e --resume err || fail "a merge without room speaks of --resume"
    [ ! -e m.db ] && [ ! -e m.db.part ] && [ ! -e m.db.new ] || fail "a merge without room left something"
done
# What a merge that was killed leaves is a journal without histories, marked as a merge's.
sqlite3 2.db ".backup m.db.part"
sqlite3 m.db.part "delete from journal; update meta set value = 'merging' where key = 'state'"
cp m.db.part before.part
expect 2 "m.db.part is of a merge that was cut short: merge the shards again" verify --resume m.db
expect 2 "m.db.part is of a merge that is not over" plot m.db.part
cmp m.db.part before.part || fail "a refusal changed what a merge left"
"$rollsim" merge --quiet -o m.db 1.db 2.db 3.db || [ $? = 3 ] || fail "the same merge again"
cmp m.db ref.db || fail "the record of the second merge has other bytes"
[ ! -e m.db.part ] && [ ! -e m.db.new ] || fail "the second merge left something"
cat 1.db 2.db 3.db | cmp - before || fail "a merge touched a shard"
rm m.db ref.db before.part

# A shard that is not over, and how it is finished.
cp 3.db unfinished.db.part
expect 2 "unfinished" merge -o m.db 1.db 2.db unfinished.db

# The scenario has changed, or is somewhere else.
mkdir moved
mv scale.yaml moved/
cp scale-*.yml moved/
expect 2 "--scenario FILE tells where it is now" merge -o m.db 1.db 2.db 3.db
expect 3 "" merge -o m.db 1.db 2.db 3.db --scenario moved/scale.yaml --quiet
[ -e m.db ] || fail "no record of the moved scenario"
rm m.db
sed -i 's/20%/21%/' moved/scale.yaml
expect 2 "is of another scenario" merge -o m.db 1.db 2.db 3.db --scenario moved/scale.yaml
cp moved/scale.yaml .

for part in 0/3 4/3 3 1/ /3 1/3x -1/3 a/b 1/99999; do
    expect 2 "--shard must be I/N" verify scale.yaml --shard "$part" -o x.db
done
expect 2 "name it with -o" verify scale.yaml --shard 1/3
expect 2 "of 2 replicas there cannot be 3 shards" verify scale.yaml --shard 1/3 --replicas 2 -o x.db
expect 2 "--plots is for rollsim merge" verify scale.yaml --shard 1/3 --plots p -o x.db
expect 2 "--junit is for rollsim merge" verify scale.yaml --shard 1/3 --junit j.xml -o x.db
expect 2 "leave --shard out" verify --resume 1.db --shard 1/3
[ ! -e x.db ] && [ ! -e x.db.part ] || fail "a refused shard left a file"
