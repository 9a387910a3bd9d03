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
# A test that a later step of the same run could do has not been left out.
awk '/^✔ Test "/ { passed[$0 = substr($0, 1, match($0, /" (with|passed)/))] }
    /^!!! / || /^➜ .* skipped/ { left[$0] }
    END {
        for (line in left) {
            isDone = 0
            for (test in passed) if (index(line, substr(test, index(test, " "))" skipped")) isDone = 1
            if (!isDone) print line
        }
    }' "$work/output" | sort >"$work/left"
if [ -s "$work/left" ]; then
    echo "==> left out of this run:"
    cat "$work/left"
elif [ "$status" = 0 ]; then
    echo "==> nothing was left out of this run"
fi
exit "$status"
