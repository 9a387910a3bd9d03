#!/bin/sh
# check-live.sh EXPORTER SANDBOX: checks that every dashboard panel gets data from a live Prometheus that scrapes the demo, and
# that the rules give the same results there as in a second Prometheus that scrapes each node at /probe.
# Calls itself without SANDBOX from within a sandbox.
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

# On the primary, from which it replicates, create what the probes need, and a checksum result to show.
mariadb --no-defaults --socket="$folder/db1/socket" --user=root <<'EOF'
CREATE DATABASE replication_probe;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON replication_probe.* TO exporter@127.0.0.1;
CREATE TABLE replication_probe.checksums (
    db CHAR(64) NOT NULL, tbl CHAR(64) NOT NULL, chunk INT NOT NULL, chunk_time FLOAT, chunk_index VARCHAR(200),
    lower_boundary TEXT, upper_boundary TEXT, this_crc CHAR(40) NOT NULL, this_cnt INT NOT NULL, master_crc CHAR(40),
    master_cnt INT, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (db, tbl, chunk), KEY (ts, db, tbl));
INSERT INTO replication_probe.checksums (db, tbl, chunk, this_crc, this_cnt, master_crc, master_cnt)
    VALUES ('shop', 'orders', 1, 'a', 7, 'a', 7), ('shop', 'items', 1, 'b', 7, 'c', 7);
EOF
configuration=$folder/live.yml
{
    cat "$SANDBOX_CONFIG"
    echo '    heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}'
    echo '    sentinel: {table: replication_probe.sentinel, interval: 1s}'
    echo '    checksums: {table: replication_probe.checksums}'
} >"$configuration"

ports=$(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
# shellcheck disable=SC2086 # three numbers
set -- "$1" $ports
"$1" --config.file "$configuration" --web.listen-address "127.0.0.1:$2" >"$folder/exporter.log" 2>&1 &
pids=$!
scripts/prometheus.sh "$folder/prometheus" "$3" "127.0.0.1:$2" 1s &
pids="$pids $!"
scripts/prometheus.sh "$folder/probing" "$4" "127.0.0.1:$2" 1s probe &
pids="$pids $!"
scripts/check-operators.sh --live "http://127.0.0.1:$3" "http://127.0.0.1:$4" || {
    tail -n 5 "$folder/exporter.log" "$folder/prometheus/prometheus.log" "$folder/probing/prometheus.log" >&2
    exit 1
}
