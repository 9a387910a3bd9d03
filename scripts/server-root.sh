#!/bin/sh
# server-root.sh NAME: installs a database server of another Debian release into a folder from which the sandbox starts it
# under chroot. NAME: mariadb-10.5 (Debian bullseye), mariadb-11.8 (Debian trixie) or mysql-9 (Debian unstable); or debian-12
# or debian-13, a clean system with systemd and a MariaDB, in which the package is tested. Prints the folder.
#
# A complete root is not changed. The mirror is the one this machine's apt uses. Needs root and debootstrap.
# Roots are kept in $SERVER_ROOTS, by default ${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/roots.
set -eu

fail() {
    echo "server-root: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: $0 mariadb-10.5|mariadb-11.8|mysql-9|debian-12|debian-13"
name=$1
case $name in
# Galera's scripts come with mariadb-server, and copy data with rsync.
# The clock of its machine is shifted by its own libfaketime, because Debian 12's needs a newer C library.
mariadb-10.5) suite=bullseye packages=mariadb-server,galera-4,rsync,libfaketime server=usr/sbin/mariadbd ;;
mariadb-11.8) suite=trixie packages=mariadb-server,galera-4,rsync server=usr/sbin/mariadbd ;;
mysql-9) suite=sid packages=mysql-server-core server=usr/sbin/mysqld ;;
debian-12 | debian-13)
    suite=bookworm server=usr/sbin/mariadbd
    [ "$name" = debian-12 ] || suite=trixie
    # The exporter's package is installed without network, so its dependencies are included: MariaDB's, and libyaml.
    packages=systemd-sysv,dbus,adduser,curl,man-db,mariadb-server,libyaml-0-2,prometheus
    ;;
*) fail "unknown root '$name': mariadb-10.5, mariadb-11.8, mysql-9, debian-12 and debian-13 are known" ;;
esac

roots=${SERVER_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/roots}
# Kept apart, because the sandbox treats every root in $roots as a release to be tested.
case $name in debian-*) roots=$roots/../systems ;; esac
root=$roots/$name

# The marker is written last, so an interrupted run is never mistaken for a complete root. Nor is a root that lacks packages
# added to the list since.
is_complete() {
    [ -e "$root/.complete" ] || return
    for package in $(echo "$packages" | tr , ' '); do
        dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
            grep -qx installed || return
    done
}
if is_complete; then
    echo "$root"
    exit 0
fi

[ "$(id -u)" -eq 0 ] || fail "cannot build $name: debootstrap and chroot need root"
for tool in debootstrap apt-get chroot; do
    command -v "$tool" >/dev/null || fail "cannot build $name: $tool is not installed"
done

# The Debian archive itself among apt's sources: not the security archive, nor a third party's.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
[ -n "$mirror" ] || fail "cannot build $name: apt knows no Debian archive (run apt-get update)"

mkdir -p "$roots"
build=$roots/.$name.$$
log=$roots/$name.log
discard() { rm -rf "$build"; }
trap discard EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "server-root: building $name from Debian $suite into $root (log: $log)" >&2
if ! debootstrap --variant=minbase "--include=$packages" "$suite" "$build" "$mirror" >"$log" 2>&1; then
    tail -n 15 "$log" "$build/debootstrap/debootstrap.log" 2>/dev/null >&2 || true
    fail "debootstrap of $name failed: see $log"
fi

[ -x "$build/$server" ] || fail "cannot use $name: debootstrap did not install /$server"
chroot "$build" getent passwd mysql >/dev/null ||
    chroot "$build" useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mysql
mkdir -p "$build/srv"
rm -rf "$build"/var/cache/apt/archives/*.deb "$build"/var/lib/apt/lists/*
version=$(chroot "$build" "/$server" --no-defaults --version) || fail "/$server of $name does not run"
echo "$version" >"$build/.complete"

# A root left incomplete by an earlier script, or finished meanwhile by another run of this one.
if [ -e "$root" ]; then
    is_complete && { echo "$root"; exit 0; }
    rm -rf "$root"
fi
mv "$build" "$root"
echo "server-root: $version" >&2
echo "$root"
