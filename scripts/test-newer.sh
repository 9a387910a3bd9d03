#!/bin/sh
# test-newer.sh: runs tests once more with the newest releases of the programs that they use: Prometheus and promtool,
# mysqld_exporter, HAProxy and percona-toolkit of Debian unstable. By default one check with each; with TEST_ALL all that use them.
# Needs a build of the tests. A program that cannot be had is reported and left out.
set -eu
cd "$(dirname "$0")/.."

newer=
had=
for peer in prometheus mysqld-exporter haproxy percona-toolkit; do
    if folder=$(scripts/peer-root.sh "$peer"); then
        newer=$folder:$newer
        had="$had $peer"
    else
        echo "!!! $peer cannot be had here in a newer release: NOT tested with it" >&2
    fi
done
[ -n "$had" ] || exit 0
# MySQL 8.4 and later are known to the newer ones only.
scripts/server-root.sh mysql-9 >/dev/null || echo "!!! mysql-9 cannot be installed here: NOT tested with newer programs" >&2
PATH=$newer$PATH
export PATH

suites=
for peer in $had; do
    if [ -n "${TEST_ALL:-}" ]; then
        case $peer in
        prometheus)
            scripts/check-operators.sh
            scripts/check-live.sh .build/debug/mysql-replication-exporter .build/debug/replication-sandbox
            suite='GoldenTests/|ExpositionTests/prometheus|AlertTests'
            ;;
        mysqld-exporter) suite='IntegrationSuite/MysqldExporterTests' ;;
        haproxy) suite='LoadBalancerTests|ClusterTrafficTests|ExporterAwayTests|FailoverRunTests' ;;
        percona-toolkit) suite='PerconaToolkitTests|PtHeartbeatTests' ;;
        esac
    else
        case $peer in
        prometheus)
            promtool check rules --lint-fatal deploy/prometheus/*.yml >/dev/null
            suite='GoldenTests/promtool|ExpositionTests/prometheus'
            ;;
        mysqld-exporter) suite='IntegrationSuite/MysqldExporterTests/sameSeries' ;;
        haproxy) suite='LoadBalancerTests/haproxy' ;;
        percona-toolkit) suite='PerconaToolkitTests|PtHeartbeatTests/check' ;;
        esac
    fi
    suites="$suites${suites:+|}$suite"
done
swift test --skip-build --filter "$suites"
