#!/bin/sh
# test-deb.sh PACKAGE.deb: install the Debian package in a clean root, boot that root with systemd, and use the exporter as an
# administrator would: in-deb-root.sh says how. Needs root, debootstrap and systemd-nspawn; has no network but its loopback.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "test-deb: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: $0 PACKAGE.deb (make deb builds it)"
[ -f "$1" ] || fail "no package $1 (make deb builds it)"
[ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and systemd-nspawn"
scripts/install-packages.sh debootstrap systemd-container

clean=$(scripts/server-root.sh debian-12)
root=$(mktemp -d)
# Everything of the container ends with its init; what systemd-nspawn could not remove is removed here.
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

timeout 300 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network \
    --link-journal=no >"$root/console" 2>&1 </dev/null || true
[ -e "$root/root/status" ] || {
    tail -n 30 "$root/console" >&2
    fail "the root did not boot, or did not come to an end within five minutes"
}
cat "$root/root/log"
[ "$(cat "$root/root/status")" = 0 ] || fail "the package is not in order"
