# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the black-box tests, which set rollsim, source_dir and case_name.
# A sanitizer's finding must not pass for a verdict. What leaks in the libraries that draw is not ours.
export ASAN_OPTIONS=exitcode=99
export LSAN_OPTIONS="suppressions=$source_dir/tests/plots/lsan.supp:print_suppressions=0"

fail() {
    printf '%s: %s\n' "$case_name" "$*" >&2
    for stream in out err; do
        [ ! -s "$stream" ] || { echo "--- $stream"; head -n 30 "$stream"; } >&2
    done
    exit 1
}

# expect STATUS WORD... : runs rollsim; its streams are kept in the files out and err.
expect() {
    wanted=$1
    shift
    got=0
    "$rollsim" "$@" >out 2>err </dev/null || got=$?
    [ "$got" = "$wanted" ] || fail "rollsim $* ended with status $got, expected $wanted"
}
