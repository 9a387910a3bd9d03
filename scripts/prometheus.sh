#!/bin/sh
# prometheus.sh FOLDER PORT TARGET INTERVAL [probe]: runs a Prometheus on loopback that scrapes TARGET and evaluates the rules
# of deploy/prometheus, with all its files in FOLDER. Scrapes /metrics, or with "probe" each node found at /sd at /probe, and the
# exporter by itself. Exits with Prometheus' status.
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
if [ "${5:-}" = probe ]; then
    cat >>"$folder/prometheus.yml" <<EOF
    params: {only: [exporter]}
  - job_name: mysql-replication-nodes
    metrics_path: /probe
    http_sd_configs: [{url: "http://$target/sd", refresh_interval: $interval}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "$target"}
      - {target_label: job, replacement: mysql-replication}
EOF
fi
exec prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --storage.tsdb.retention.time=1d --web.listen-address="127.0.0.1:$port" >"$folder/prometheus.log" 2>&1
