#!/bin/sh
# check-live.sh EXPORTER SANDBOX: every panel of the dashboards gets data from a live Prometheus that scrapes the demo.
# Called without SANDBOX from within one.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 2 ]; then
    exec "$2" primary --replicas 2 --write-load 20 -- scripts/check-live.sh "$1"
fi

folder=$(dirname "$SANDBOX_CONFIG")
pids=
# shellcheck disable=SC2086 # a list of numbers
stop() { [ -z "$pids" ] || kill $pids 2>/dev/null || true; }
trap 'stop; wait' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ports=$(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
"$1" --config.file "$SANDBOX_CONFIG" --web.listen-address "127.0.0.1:${ports% *}" >"$folder/exporter.log" 2>&1 &
pids=$!
scripts/prometheus.sh "$folder/prometheus" "${ports#* }" "127.0.0.1:${ports% *}" 1s &
pids="$pids $!"
scripts/check-operators.sh --live "http://127.0.0.1:${ports#* }" || {
    tail -n 5 "$folder/exporter.log" "$folder/prometheus/prometheus.log" >&2
    exit 1
}
