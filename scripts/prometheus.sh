#!/bin/sh
# prometheus.sh FOLDER PORT TARGET INTERVAL: runs a Prometheus on loopback that scrapes TARGET and evaluates the rules of
# deploy/prometheus, with all it writes in FOLDER. Ends as Prometheus does.
set -eu
folder=$1 port=$2 target=$3 interval=$4
rules=$(cd "$(dirname "$0")/../deploy/prometheus" && pwd)

mkdir -p "$folder"
cat >"$folder/prometheus.yml" <<EOF
global: {scrape_interval: $interval, scrape_timeout: $interval, evaluation_interval: $interval}
rule_files: ["$rules/mysql-replication.rules.yml", "$rules/mysql-replication.alerts.yml"]
scrape_configs:
  - job_name: mysql-replication
    static_configs: [{targets: ["$target"]}]
EOF
exec prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --storage.tsdb.retention.time=1d --web.listen-address="127.0.0.1:$port" >"$folder/prometheus.log" 2>&1
