#!/bin/sh
# test.sh: build everything, run every test. Which real servers take part is printed first.
set -eu

# Servers of other releases. One that cannot be had is said loudly and left out; the rest still runs.
for root in mysql-9 mariadb-11.8; do
    if ! scripts/server-root.sh "$root" >/dev/null; then
        echo "!!! $root cannot be had here: its tests are SKIPPED" >&2
    fi
done

# The topology page is tested in a real browser.
if ! scripts/install-packages.sh chromium; then
    echo "!!! chromium cannot be had here: the tests of the topology page are SKIPPED" >&2
fi
if venv=$(scripts/venv.sh axe --no-deps axe-playwright-python==0.1.8); then
    AXE=$(find "$venv" -name axe.min.js)
    export AXE
else
    echo "!!! axe-core cannot be had here: its rules of accessibility are SKIPPED" >&2
fi

# The parsers that hold the exposition to OpenMetrics.
if ! scripts/exposition-parser.sh >/dev/null; then
    echo "!!! prometheus-client cannot be had here: the pages are NOT parsed by it" >&2
fi

echo "==> building the tests"
swift build --build-tests

echo "==> dashboards against a live Prometheus"
scripts/check-live.sh .build/debug/mysql-replication-exporter .build/debug/replication-sandbox

echo "==> testing"
# By themselves: what would keep everybody else waiting, and where the pace of probes or the number of connections matters.
alone='OperationsTests|BalancerRoundTests|ProbeFuzzTests'
swift test --skip-build --skip "$alone|CrowdTests"
swift test --skip-build --filter CrowdTests
exec swift test --skip-build --filter "$alone"
