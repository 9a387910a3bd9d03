#!/bin/sh
# in-deb-root.sh: runs within the booted clean root of test-deb.sh: installs /root/exporter.deb, uses it, removes it.
set -eu

name=mysql-replication-exporter
step() { echo "==> $*"; }
fail() {
    echo "FAILED: $*"
    journalctl --no-pager --unit $name --lines 30 || true
    systemctl --no-pager status $name || true
    exit 1
}
# What can only be waited for: at most a minute.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 120 ] || fail "never came true: $*"
        sleep 0.5
    done
}
metrics() { curl --silent --show-error --fail http://localhost:19104/metrics; }
shows() { metrics | grep -q "^$1"; }

step "installing"
dpkg --install /root/exporter.deb
systemctl is-active --quiet $name && fail "it started before it was configured"
getent passwd $name >/dev/null || fail "no account $name"
[ "$(stat -c '%a %U %G' /etc/$name/config.yml)" = "640 root $name" ] || fail "config.yml: $(stat -c '%a %U %G' /etc/$name/config.yml)"
[ "$(stat -c '%a %U %G' /etc/$name/mysql-password)" = "600 root root" ] || fail "mysql-password can be read by others"
$name --version
$name --config.check --config.file=/etc/$name/config.yml
man --where $name >/dev/null || fail "no man page"

step "configuring, as the comments in config.yml say"
await mariadb --execute 'SELECT 1'
printf 'tops3cret' >/etc/$name/mysql-password
mariadb --execute "CREATE USER exporter@localhost IDENTIFIED BY 'tops3cret';
    GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO exporter@localhost"
systemctl enable --now $name
await shows 'mysql_replication_up{.*node="db1"} 1'
metrics | grep -E '^mysql_replication_(up|node_info|node_role.* 1|exporter_build_info)|^process_(resident|open)'

step "what it may do"
pid=$(systemctl show --property MainPID --value $name)
# What is in /proc/PID belongs to root where a process may not be looked into; the folder itself never does.
user=$(awk '/^Uid:/ { print $3 }' "/proc/$pid/status")
[ "$user" = "$(id -u $name)" ] || fail "it runs as $(getent passwd "$user")"
[ "$(stat -c %U "/proc/$pid/mem")" = root ] || fail "its memory can be read by its account"
grep -q '^Max core file size *0 *0 ' "/proc/$pid/limits" || fail "it may leave a core dump"
password=/run/credentials/$name.service/mysql-password
[ "$(cat $password)" = tops3cret ] || fail "no password at $password"
adduser --quiet --system --no-create-home other-exporter
for account in other-exporter nobody; do
    ! runuser -u $account -- cat $password >/dev/null 2>&1 || fail "$account reads $password"
    ! runuser -u $account -- cat /etc/$name/config.yml >/dev/null 2>&1 || fail "$account reads config.yml"
done
[ "$(stat -c '%a %U' /var/lib/$name)" = "750 $name" ] || fail "/var/lib/$name: $(stat -c '%a %U' /var/lib/$name)"
grep -q '^NoNewPrivs:.*1' "/proc/$pid/status" || fail "new privileges can be had"
grep -q '^Seccomp:.*2' "/proc/$pid/status" || fail "system calls are not filtered"
grep -q '^CapBnd:.*0000000000000000' "/proc/$pid/status" || fail "capabilities are left"
systemd-analyze security --no-pager --threshold=11 $name | tail -n 1

step "reloading"
echo 'replication_sets: {}' >/etc/$name/config.yml
systemctl reload $name
await shows 'mysql_replication_exporter_config_last_reload_successful 0'
shows 'mysql_replication_up{.*node="db1"} 1' || fail "a broken configuration ended the old one"
cat >/etc/$name/config.yml <<'YAML'
defaults: {user: exporter, password_file: /run/credentials/mysql-replication-exporter.service/mysql-password}
replication_sets:
  - name: example
    nodes: [{name: db1, address: "127.0.0.1:3306"}, {name: db2, address: "unix:/run/mysqld/mysqld.sock"}]
YAML
systemctl reload $name
await shows 'mysql_replication_up{.*node="db2"} 1'

step "the socket of systemd"
systemctl stop $name
echo 'ARGS="--web.systemd-socket"' >/etc/default/$name
systemctl start $name.socket
# Nothing listens but systemd; being asked starts it.
await shows 'mysql_replication_up{.*node="db1"} 1'
systemctl stop $name.socket $name
systemctl is-failed --quiet $name && fail "it did not end cleanly"

step "removing"
dpkg --purge $name
[ ! -e /etc/$name ] || fail "left behind: $(ls -la /etc/$name)"
[ ! -e /var/lib/$name ] || fail "left behind: /var/lib/$name"
[ ! -e /usr/bin/$name ] || fail "the program is still there"
systemctl cat $name >/dev/null 2>&1 && fail "the unit is still there"
echo "the package is in order"
