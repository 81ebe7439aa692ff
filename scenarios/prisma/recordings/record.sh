#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes day.log.zst: nginx on the loopback interface under load for four minutes. One nginx asks another, which packs every
# answer anew; a minute before the end the one behind is stopped for twelve seconds. Needs nginx, wrk and zstd (Debian packages).
#   record.sh [OUT]      writes OUT (day.log.zst beside this script)
# Ports: FRONT_PORT and BACK_PORT (18080, 18081).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/day.log.zst}
front=${FRONT_PORT:-18080}
back=${BACK_PORT:-18081}
length=240     # seconds; LENGTH of load.lua
fails_at=170   # the stop begins
fails_for=12

for tool in nginx wrk zstd awk; do
    command -v "$tool" >/dev/null || { echo "record.sh: $tool is missing" >&2; exit 2; }
done
folder=$(mktemp -d)
chmod 755 "$folder"
worker=

clean() {
    [ -z "$worker" ] || kill -CONT "$worker" 2>/dev/null || true
    for part in front back; do
        [ ! -f "$folder/$part.pid" ] || kill -QUIT "$(cat "$folder/$part.pid")" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 1' INT TERM

# page NAME LINES: words that pack badly enough to cost some milliseconds; the same ones every time.
page() {
    mkdir -p "$folder/www/$(dirname "$1")"
    awk -v n="$2" 'BEGIN {
        x = 7
        for (i = 0; i < n; i++) {
            x = (x * 16807) % 2147483647
            printf "%d agent %d amount %d.%02d state %s\n", i, x % 12000, x % 100000, x % 100, x % 3 ? "open" : "settled"
        }
    }' >"$folder/www/$1"
}
page portal/agents 1000
page portal/statements 2000
page dashboard/summary 4500
page settlement/runs 4000
page settings/secrets 300

# start PART OTHER: nginx with the lines between #PART and the next mark.
start() {
    awk -v part="$1" '
        $1 == "#front" || $1 == "#back" { off = $1 != "#" part; next }
        $1 == "#end" { off = 0; next }
        !off' "$here/nginx.conf" |
        sed "s|FOLDER|$folder|; s|PART|$1|; s|FRONT_PORT|$front|; s|BACK_PORT|$back|" >"$folder/$1.conf"
    nginx -p "$folder" -c "$folder/$1.conf"
}
start back
start front
sleep 1
worker=$(pgrep -P "$(cat "$folder/back.pid")")

wrk --threads 1 --connections 80 --duration "${length}s" --timeout 5s --script "$here/load.lua" \
    "http://127.0.0.1:$front" >"$folder/wrk.txt" &
load=$!
sleep "$fails_at"
kill -STOP "$worker"
sleep "$fails_for"
kill -CONT "$worker"
wait "$load"
cat "$folder/wrk.txt"
zstd -q -19 -f "$folder/requests.log" -o "$out"
echo "$(wc -l <"$folder/requests.log") requests, $(wc -c <"$out") bytes in $out"
