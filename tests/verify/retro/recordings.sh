#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The figures of docs/retro-recordings.md are what its commands print. recordings.sh ROLLSIM SOURCE_DIR
set -eu
[ -d "$2/../shared/data/series" ] || exit 77
export TERM=dumb
TOLD=$(mktemp -d)
export TOLD
trap 'rm -rf "$TOLD"' EXIT
python3 "$2/tests/retell/figures.py" "$(realpath "$1")" "$2" "$2/docs/retro-recordings.md"
