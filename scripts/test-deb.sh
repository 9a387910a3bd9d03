#!/bin/sh
# test-deb.sh PACKAGE.deb [debian-12|debian-13]: boots a clean root of that Debian (by default 12) with systemd, installs the
# package there, and uses the exporter as an administrator would (in-deb-root.sh). Needs root, debootstrap and systemd-nspawn;
# the container has no network but loopback.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "test-deb: $*" >&2
    exit 1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || fail "usage: $0 PACKAGE.deb [debian-12|debian-13] (make deb builds the package)"
[ -f "$1" ] || fail "no package $1 (make deb builds it)"
[ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and systemd-nspawn"
scripts/install-packages.sh debootstrap systemd-container

clean=$(scripts/server-root.sh "${2:-debian-12}")
root=$(mktemp -d)
# All processes of the container end with its init; remove what systemd-nspawn could not remove.
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cp -a "$clean/." "$root/"
cp "$1" "$root/root/exporter.deb"
install -m 755 scripts/in-deb-root.sh "$root/root/in-deb-root.sh"
cat >"$root/etc/systemd/system/trial.service" <<'UNIT'
[Unit]
Wants=multi-user.target
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/root/in-deb-root.sh >/root/log 2>&1; echo $? >/root/status; systemctl --no-block poweroff'
UNIT
mkdir -p "$root/etc/systemd/system/default.target.wants"
ln -s ../trial.service "$root/etc/systemd/system/default.target.wants/trial.service"

timeout 600 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network \
    --link-journal=no >"$root/console" 2>&1 </dev/null || true
[ -e "$root/root/status" ] || {
    tail -n 30 "$root/console" >&2
    fail "the root did not boot, or did not finish within ten minutes"
}
cat "$root/root/log"
[ "$(cat "$root/root/status")" = 0 ] || fail "the package failed the checks"
