#!/bin/sh
# loudly.sh COMMAND…: runs a command, and repeats at the end what it has left out: its lines that begin with !!!, and the tests
# that Swift Testing has skipped.
set -u

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
{
    "$@" 2>&1
    echo $? >"$work/status"
} | tee "$work/output"
status=$(cat "$work/status")
grep -E '^!!! |^➜ .* skipped' "$work/output" | sort -u >"$work/left"
if [ -s "$work/left" ]; then
    echo "==> left out of this run:"
    cat "$work/left"
elif [ "$status" = 0 ]; then
    echo "==> nothing was left out of this run"
fi
exit "$status"
