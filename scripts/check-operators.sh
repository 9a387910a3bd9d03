#!/bin/sh
# check-operators.sh: checks rules, alerts, their tests, runbooks and dashboards, without a server; see check-operators.py for
# what is compared, and check-dashboards.py for Grafana's own schema. With the URL of a Prometheus that scrapes the demo, also
# checks that every panel gets data:
#   scripts/check-operators.sh --live http://localhost:9090
# With a second URL, of a Prometheus that scrapes /probe, also checks that the rules give the same results there.
set -eu
cd "$(dirname "$0")/.."

command -v promtool >/dev/null || {
    echo "check-operators: promtool is missing (Debian: apt-get install prometheus)" >&2
    exit 1
}

status=0
# promtool reports problems on either stream; print them only on failure.
quietly() {
    if output=$("$@" 2>&1); then return 0; fi
    printf '%s\n' "$output" >&2
    status=1
}

quietly promtool check rules --lint-fatal deploy/prometheus/*.yml
# First with series as /metrics has them, then as /probe has them.
quietly promtool test rules deploy/prometheus/tests/*.test.yml
probed=$(mktemp -d)
trap 'rm -rf "$probed"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if quietly scripts/probe-tests.py "$probed"; then quietly promtool test rules "$probed"/*.test.yml; fi
python3 scripts/check-operators.py "$@" || status=1
# Only reads the blocks of the runbooks; make test-all executes them.
quietly python3 scripts/check-runbooks.py --list
if [ $# -eq 0 ]; then
    if venv=$(scripts/venv.sh grafana 'grafana-foundation-sdk==1769699379!11.6.0'); then
        "$venv/bin/python" scripts/check-dashboards.py || status=1
    else
        echo "!!! Grafana's schema cannot be installed here: the dashboards were NOT checked against it" >&2
    fi
fi
exit "$status"
