#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# get_oracles.sh DEST : three generations of the real Prometheus, promtool, Alertmanager and amtool, unpacked (not installed,
# nothing is started) into DEST/{bookworm,trixie,sid}/usr/bin. They are Debian's own packages, taken from the mirror that this
# machine already uses, through an apt root of its own below DEST, so the machine's package state is neither read nor changed.
#
# DEST/versions is written last, one line "suite package version" each: where it stands, all else stands, and the script only
# prints it. Exit status 77 with a word where there is no Debian or no mirror within reach, or when it takes over 8 minutes.
set -eu

suites="bookworm trixie sid"
packages="prometheus promtool prometheus-alertmanager" # bookworm's promtool is in its prometheus

say() {
    printf 'get_oracles: %s\n' "$*"
}

skip() {
    say "skipped: $*"
    exit 77
}

[ $# = 1 ] || { say "usage: get_oracles.sh DEST"; exit 2; }
dest=$1

if [ -r "$dest/versions" ]; then
    cat "$dest/versions"
    exit 0
fi

# One at a time, and bounded: the script calls itself under a lock.
if [ -z "${ROLLSIM_GET_ORACLES_LOCKED:-}" ]; then
    for command in apt-get dpkg-deb flock timeout tar; do
        command -v "$command" >/dev/null || skip "no $command; these tests take the real programs from Debian's packages"
    done
    mkdir -p "$dest" || skip "cannot write $dest"
    status=0
    ROLLSIM_GET_ORACLES_LOCKED=1 timeout 480 flock "$dest/lock" sh "$0" "$dest" || status=$?
    [ "$status" != 124 ] || skip "the mirror did not give the packages within 8 minutes"
    exit "$status"
fi

dest=$(cd "$dest" && pwd)
work=$dest/work # of an earlier, interrupted run too
rm -rf "$work"
mkdir -p "$work/etc/apt" "$work/var/lib/apt/lists/partial" "$work/var/cache/apt/archives/partial" "$work/var/lib/dpkg" "$work/deb"
trap 'rm -rf "$work"' EXIT
: >"$work/var/lib/dpkg/status"

# The mirror: where this release's own packages come from, in the old format of sources (deb [options] URI suite ...) or in
# the new one (stanzas with URIs: and Suites:). apt-get indextargets would tell, but only after an update.
codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) +([^ ]+) .*/\3 \2/p' | awk -v want="$codename" '$1 == want { print $2; exit }')
[ -n "$mirror" ] || mirror=$(awk -v want="$codename" -v RS= '
    !/Enabled: *no/ {
        uri = ""
        hit = 0
        n = split($0, line, "\n")
        for (i = 1; i <= n; i++) {
            m = split(line[i], word, " +")
            if (line[i] ~ /^URIs:/) uri = word[2]
            for (k = 2; line[i] ~ /^Suites:/ && k <= m; k++) hit = hit || word[k] == want
        }
        if (hit && uri != "") { print uri; exit }
    }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
[ -n "$mirror" ] || skip "no Debian mirror among the sources of apt"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || skip "no $keyring"

for suite in $suites; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite"
done >"$work/etc/apt/sources.list"
# What the machine says about proxies and transport stays as it is; a clock that is ahead of sid's Release is no harm.
{
    apt-config dump | grep -E '^Acquire::(http|https|ftp)::' || true
    cat <<END
Dir "$work";
Dir::State::status "$work/var/lib/dpkg/status";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
APT::Sandbox::User "root";
END
} >"$work/apt.conf"
export APT_CONFIG="$work/apt.conf"

log=$work/log
if ! apt-get -q update >"$log" 2>&1 || grep -q '^[WE]: Failed to fetch' "$log"; then
    cat "$log"
    skip "the lists of $mirror cannot be had"
fi
for suite in $suites; do
    for package in $packages; do
        version=$(apt-cache madison "$package" | awk -v suite="$suite/main" '$0 ~ " " suite " " { print $3; exit }')
        [ -n "$version" ] || continue
        rm -f "$work"/deb/*
        if ! (cd "$work/deb" && apt-get -q download "$package=$version") >"$log" 2>&1; then
            cat "$log"
            skip "$package $version cannot be had from $mirror"
        fi
        mkdir -p "$dest/$suite"
        dpkg-deb --fsys-tarfile "$work"/deb/*.deb | tar -x -C "$dest/$suite" ./usr/bin
        printf '%s %s %s\n' "$suite" "$package" "$version" >>"$work/versions"
    done
done
[ -s "$work/versions" ] || skip "$mirror has none of the packages"
mv "$work/versions" "$dest/versions"
cat "$dest/versions"
