#!/bin/sh
# venv.sh NAME ARGUMENT…: creates a Python environment in the user's cache with `pip install ARGUMENT…`, and prints its path.
# Created once, and again when the arguments change.
set -eu
cd "$(dirname "$0")/.."
venv=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/$1
shift

if [ "$(cat "$venv/arguments" 2>/dev/null)" != "$*" ]; then
    scripts/install-packages.sh python3-venv >&2
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
    echo "$*" >"$venv/arguments"
fi
echo "$venv"
