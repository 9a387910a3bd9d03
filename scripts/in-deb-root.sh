#!/bin/sh
# in-deb-root.sh: runs in the booted clean root of test-deb.sh; installs /root/exporter.deb, uses it, and removes it.
set -eu

name=mysql-replication-exporter
step() { echo "==> $*"; }
fail() {
    echo "FAILED: $*"
    journalctl --no-pager --unit $name --lines 30 || true
    systemctl --no-pager status $name || true
    exit 1
}
# Waits at most five minutes for a condition: an alert has its own time.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "still false after five minutes: $*"
        sleep 0.5
    done
}
metrics() { curl --silent --show-error --fail http://localhost:19104/metrics; }
shows() { metrics | grep -q "^$1"; }

step "installing"
dpkg --install /root/exporter.deb
systemctl is-active --quiet $name && fail "the service started before it was configured"
getent passwd $name >/dev/null || fail "the account $name does not exist"
[ "$(stat -c '%a %U %G' /etc/$name/config.yml)" = "640 root $name" ] || fail "config.yml: $(stat -c '%a %U %G' /etc/$name/config.yml)"
[ "$(stat -c '%a %U %G' /etc/$name/mysql-password)" = "600 root root" ] || fail "other accounts can read mysql-password"
$name --version
$name --config.check --config.file=/etc/$name/config.yml
man --where $name >/dev/null || fail "no man page"

step "configuring, as the comments in config.yml say"
await mariadb --execute 'SELECT 1'
printf 'tops3cret' >/etc/$name/mysql-password
$name grants --password-file /etc/$name/mysql-password --from localhost | mariadb
systemctl enable --now $name
await shows 'mysql_replication_up{.*node="db1"} 1'
metrics | grep -E '^mysql_replication_(up|node_info|node_role.* 1|exporter_build_info)|^process_(resident|open)'

step "the journal"
# Every line is the exporter's own, and none is a warning.
journalctl --quiet --output cat _SYSTEMD_UNIT=$name.service >/root/journal
[ -s /root/journal ] || fail "the exporter wrote nothing to the journal"
grep -v '^ts=[^ ]* level=info ' /root/journal && fail "noise in the journal"

step "permissions of the process"
pid=$(systemctl show --property MainPID --value $name)
# The files in /proc/PID belong to root if the process may not be inspected; the folder itself never does.
user=$(awk '/^Uid:/ { print $3 }' "/proc/$pid/status")
[ "$user" = "$(id -u $name)" ] || fail "the exporter runs as $(getent passwd "$user")"
[ "$(stat -c %U "/proc/$pid/mem")" = root ] || fail "its account can read its memory"
grep -q '^Max core file size *0 *0 ' "/proc/$pid/limits" || fail "the exporter may leave a core dump"
password=/run/credentials/$name.service/mysql-password
[ "$(cat $password)" = tops3cret ] || fail "no password at $password"
adduser --quiet --system --no-create-home other-exporter
for account in other-exporter nobody; do
    ! runuser -u $account -- cat $password >/dev/null 2>&1 || fail "$account can read $password"
    ! runuser -u $account -- cat /etc/$name/config.yml >/dev/null 2>&1 || fail "$account can read config.yml"
done
[ "$(stat -c '%a %U' /var/lib/$name)" = "750 $name" ] || fail "/var/lib/$name: $(stat -c '%a %U' /var/lib/$name)"
grep -q '^NoNewPrivs:.*1' "/proc/$pid/status" || fail "the exporter can gain privileges"
grep -q '^Seccomp:.*2' "/proc/$pid/status" || fail "system calls are not filtered"
grep -q '^CapBnd:.*0000000000000000' "/proc/$pid/status" || fail "the exporter has capabilities"
systemd-analyze security --no-pager --threshold=11 $name | tail -n 1

step "reloading"
echo 'replication_sets: {}' >/etc/$name/config.yml
systemctl reload $name
await shows 'mysql_replication_exporter_config_last_reload_successful 0'
shows 'mysql_replication_up{.*node="db1"} 1' || fail "an invalid configuration replaced the old one"
cat >/etc/$name/config.yml <<'YAML'
defaults:
  user: exporter
  password_file: [/run/credentials/mysql-replication-exporter.service/mysql-password, mysql-password]
replication_sets:
  - name: example
    nodes: [{name: db1, address: "127.0.0.1:3306"}, {name: db2, address: "unix:/run/mysqld/mysqld.sock"}]
YAML
systemctl reload $name
await shows 'mysql_replication_up{.*node="db2"} 1'

step "Prometheus and the first alert, as docs/getting-started.md says"
guide=/usr/share/doc/$name/docs/getting-started.md
# The lines below a key of a YAML block of the guide.
lines_of() { awk -v key="$1:" '/^```/ || (inside && /^[a-z]/) { inside = 0 } inside { print } $0 == key { inside = 1 }' $guide; }
cp /usr/share/$name/prometheus/mysql-replication.*.yml /etc/prometheus/
for key in rule_files scrape_configs; do
    lines_of $key >/root/lines
    [ -s /root/lines ] || fail "the guide has no $key"
    sed -i "/^$key:/r /root/lines" /etc/prometheus/prometheus.yml
done
promtool check config /etc/prometheus/prometheus.yml
# Prometheus resolves names by this file, which the minimal system lacks.
grep -qs localhost /etc/hosts || echo '127.0.0.1 localhost' >>/etc/hosts
systemctl restart prometheus
alerts() { curl --silent --fail http://localhost:9090/api/v1/alerts; }
await alerts
cp /etc/$name/config.yml /root/config.before
cat >>/etc/$name/config.yml <<'YAML'
  - name: none
    nodes: [{name: nobody, address: "127.0.0.1:1"}]
YAML
systemctl reload $name
began=$(date +%s)
firing() { alerts | grep -q '"alertname":"MySQLReplicationNodeDown"[^}]*"node":"nobody"[^}]*}[^}]*}[^}]*"state":"firing"'; }
await firing
echo "the first alert fired after $(($(date +%s) - began)) s"
cat /root/config.before >/etc/$name/config.yml
systemctl reload $name
systemctl stop prometheus

step "documents, and an upgrade of the running service"
documents=/usr/share/doc/$name
for file in docs/runbooks/MySQLReplicationNodeDown.md docs/example.yml CHANGELOG.md NOTICE examples/haproxy/haproxy.cfg \
    examples/alertmanager/alertmanager.example.yml deploy/prometheus/mysql-replication.alerts.yml dashboards/fleet.json; do
    [ -e "$documents/$file" ] || fail "no $documents/$file"
done
# The unit names it.
[ -e "$documents/README.md" ] || fail "no $documents/README.md"
$name rules --part alerts | cmp - /usr/share/$name/prometheus/mysql-replication.alerts.yml || fail "the rules are of another version"
before=$(systemctl show --property MainPID --value $name)
dpkg --install /root/exporter.deb >/dev/null
[ "$(systemctl show --property MainPID --value $name)" != "$before" ] || fail "the upgrade did not restart the service"
await shows 'mysql_replication_up{.*node="db1"} 1'

step "a command while the service is stopped, and an error at its start"
systemctl stop $name
$name topology --config.file=/etc/$name/config.yml | grep 'db1.*MariaDB' || fail "root's commands do not find the password"
echo 'ARGS="--log.levle=info"' >/etc/default/$name
systemctl start $name && fail "systemctl does not report a wrong argument"
[ "$(systemctl show --property ExecMainStatus --value $name)" = 64 ] || fail "the exit code is not 64"
[ "$(systemctl show --property NRestarts --value $name)" = 0 ] || fail "it is started again and again"
systemctl reset-failed $name
: >/etc/default/$name
mv /etc/$name/mysql-password /root/mysql-password
systemctl start $name && fail "systemctl does not report that there is no password file"
[ "$(systemctl show --property ExecMainStatus --value $name)" = 243 ] || fail "the exit code is not 243"
[ "$(systemctl show --property ActiveState --value $name)" = failed ] || fail "it is started again and again"
mv /root/mysql-password /etc/$name/mysql-password
systemctl reset-failed $name

step "systemd socket activation"
systemctl stop $name
echo 'ARGS="--web.systemd-socket --agent.systemd-socket"' >/etc/default/$name
systemctl start $name.socket $name-agent.socket
# Only systemd is listening; the first request starts the exporter.
await shows 'mysql_replication_up{.*node="db1"} 1'
agent() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/19105; echo db1/health >&3; timeout 5 head -n 1 <&3'; }
[ "$(agent)" = "up 100%" ] || fail "the agent says $(agent)"
# While the package is upgraded, requests wait for the exporter, and none is refused.
: >/root/refused
(while [ ! -e /root/upgraded ]; do
    curl --silent --fail --output /dev/null http://localhost:19104/-/healthy || echo web >>/root/refused
    said=$(agent)
    [ "$said" = "up 100%" ] || echo "agent ($said)" >>/root/refused
done) &
asking=$!
dpkg --install /root/exporter.deb >/dev/null
await shows 'mysql_replication_up{.*node="db1"} 1'
touch /root/upgraded
wait $asking
[ ! -s /root/refused ] || fail "requests were refused during the upgrade: $(sort /root/refused | uniq -c | tr '\n' ' ')"
systemctl stop $name.socket $name-agent.socket $name
systemctl is-failed --quiet $name && fail "the exporter did not exit cleanly"

step "removing"
dpkg --purge $name
[ ! -e /etc/$name ] || fail "left behind: $(ls -la /etc/$name)"
[ ! -e /var/lib/$name ] || fail "left behind: /var/lib/$name"
[ ! -e /usr/bin/$name ] || fail "the program was not removed"
systemctl cat $name >/dev/null 2>&1 && fail "the unit was not removed"
echo "the package passed all checks"
