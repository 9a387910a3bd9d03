#!/bin/sh
# exposition-parser.sh: installs the parsers of PyPI's prometheus-client into their own environment, and prints the path of
# its python. Kept in ${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/exposition-parser.
set -eu

version=0.26.0
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/exposition-parser
python=$folder/bin/python3

# The marker is written last, so an interrupted run is never mistaken for a complete one.
if [ "$(cat "$folder/.complete" 2>/dev/null)" != "$version" ]; then
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    if ! { /usr/bin/python3 -m venv "$folder" && "$folder/bin/pip" install -q "prometheus-client==$version"; } >&2; then
        echo "exposition-parser: cannot install prometheus-client $version (from PyPI; Debian: needs python3-venv)" >&2
        exit 1
    fi
    echo "$version" >"$folder/.complete"
fi
echo "$python"
