#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# clang-tidy 14 over our own sources with .clang-tidy, one file per process. clang_tidy.sh SOURCE_DIR BUILD_DIR [CHECKS]
# CHECKS is added to the configured ones: '-clang-analyzer-*' leaves the slow part out. Status 77 when it is not installed.
set -eu
cd "$1"
build=$2
checks=${3:-}
command -v clang-tidy-14 >/dev/null || { echo "clang-tidy-14 is not installed: skipped"; exit 77; }
[ -r "$build/compile_commands.json" ] || { echo "no compile_commands.json in the build: skipped"; exit 77; }
found=$(mktemp)
trap 'rm -f "$found"' EXIT
for folder in sim models verify scenarios plots cli; do
    find "$folder" -name '*.c'
done | while read -r file; do
    # Only what this build compiles: without its flags a file cannot be read.
    ! grep -qF "/$file\"" "$build/compile_commands.json" || printf '%s\n' "$file"
done | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 \
    clang-tidy-14 --quiet --extra-arg=-Wno-format-zero-length -p "$build" --checks="$checks" >"$found" 2>/dev/null || true
if grep -E ': (error|warning): ' "$found"; then
    exit 1
fi
