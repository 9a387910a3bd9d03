#!/bin/sh
# test.sh: builds everything and runs every test. First prints which real servers are missing.
set -eu

# Servers of other releases. One that cannot be installed is reported and left out; the remaining tests still run.
for root in mysql-9 mariadb-11.8 ${TEST_ALL:+mariadb-10.5}; do
    if ! scripts/server-root.sh "$root" >/dev/null; then
        echo "!!! $root cannot be installed here: its tests are SKIPPED" >&2
    fi
done

# The topology page is tested in a real browser.
if ! scripts/install-packages.sh chromium; then
    echo "!!! chromium cannot be installed here: the tests of the topology page are SKIPPED" >&2
fi
if venv=$(scripts/venv.sh axe --no-deps axe-playwright-python==0.1.8); then
    AXE=$(find "$venv" -name axe.min.js)
    export AXE
else
    echo "!!! axe-core cannot be installed here: its accessibility checks are SKIPPED" >&2
fi

# The parsers that check the exposition against OpenMetrics.
if ! scripts/exposition-parser.sh >/dev/null; then
    echo "!!! prometheus-client cannot be installed here: the metrics pages are NOT parsed with it" >&2
fi

echo "==> building the tests"
swift build --build-tests

echo "==> configurations under deploy"
scripts/check-configurations.sh .build/debug/mysql-replication-exporter

echo "==> dashboards against a live Prometheus"
scripts/check-live.sh .build/debug/mysql-replication-exporter .build/debug/replication-sandbox

echo "==> testing"
# Run separately: tests that would make all others wait, and tests that depend on the pace of probes or the number of connections.
alone='OperationsTests|BalancerRoundTests|ProbeFuzzTests'
swift test --skip-build --skip "$alone|CrowdTests"
swift test --skip-build --filter CrowdTests
swift test --skip-build --filter "$alone"
if [ "$(id -u)" -eq 0 ]; then
    echo "==> testing what root may not do without its capabilities"
    setpriv --bounding-set=-dac_override,-dac_read_search swift test --skip-build --filter 'LoadTests/forbidden'
fi

if [ -n "${TEST_ALL:-}" ]; then
    # What Debian unstable has today may differ from yesterday: not in a run that decides whether a change is accepted.
    echo "==> testing with newer Prometheus, mysqld_exporter, HAProxy and percona-toolkit"
    scripts/test-newer.sh
    echo "==> following CONTRIBUTING.md in a scratch copy"
    scripts/walk-contributing.py
    echo "==> executing the runbooks on real servers"
    set --
    for root in mariadb mariadb-11.8 mysql-9; do
        if [ "$root" = mariadb ] || scripts/server-root.sh "$root" >/dev/null; then set -- "$@" --software "$root"; fi
    done
    scripts/check-runbooks.py "$@"
else
    echo "!!! following CONTRIBUTING.md, executing the runbooks, sanitizers, fuzzing, soaking, MariaDB 10.5 and the tests" \
        "with newer programs are SKIPPED: make test-all" >&2
fi
