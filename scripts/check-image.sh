#!/bin/sh
# check-image.sh IMAGE.oci.tar SANDBOX [SOFTWARE]: unpacks the image, starts it as a pod would (its own namespaces but the
# network's, a read-only root, no capability, the configuration and the password mounted), and has it scrape a primary and a replica
# of the sandbox. Needs root, umoci and runc. Calls itself without SANDBOX from within a sandbox.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "check-image: $*" >&2
    exit 1
}

if [ -z "${IN_SANDBOX:-}" ]; then
    [ $# -ge 2 ] || fail "usage: $0 IMAGE.oci.tar SANDBOX [SOFTWARE]"
    [ -f "$1" ] || fail "no image $1 (make image builds it)"
    [ "$(id -u)" -eq 0 ] || fail "needs root, for runc"
    scripts/install-packages.sh runc curl openssl prometheus python3 python3-yaml skopeo umoci
    export IN_SANDBOX=1
    exec "$2" primary --replicas 1 --software "${3:-mariadb}" -- "$0" "$1"
fi

name=mysql-replication-exporter
container=check-image-$$
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
work=$(mktemp -d)
pid=
clean_up() {
    [ -z "$pid" ] || runc --root "$work/state" delete --force "$container" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A reader other than the program that wrote it: every digest and size is checked.
skopeo inspect --config "oci-archive:$1" >"$work/image.json" || fail "skopeo cannot read the image"
python3 - "$work/image.json" <<'PYTHON' || fail "the image is not configured as it should be"
import json, sys

image = json.load(open(sys.argv[1]))
config = image["config"]
assert config["User"] == "65532:65532", config["User"]
assert config["Entrypoint"] == ["/usr/bin/mysql-replication-exporter"], config["Entrypoint"]
assert not any("://" in value for value in config["Labels"].values()), "a label with an address"
PYTHON

mkdir "$work/layout" "$work/config" "$work/passwords"
tar --extract --file "$1" -C "$work/layout"
grep -q "\"io.containerd.image.name\": *\"localhost/$name:" "$work/layout/index.json" || fail "the image has no name"
tag=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"])' "$work/layout/index.json")
umoci unpack --image "$work/layout:$tag" "$work/bundle" >/dev/null 2>&1 || fail "umoci cannot unpack the image"
root=$work/bundle/rootfs
[ ! -e "$root/usr/bin/sh" ] && [ "$(ls "$root/usr/bin")" = "$name" ] || fail "a program in the image besides the exporter"
[ -s "$root/usr/share/doc/$name/NOTICE" ] || fail "the image lacks NOTICE"
# An authority is found by its hash, without the bundle.
authority=$(find "$root/etc/ssl/certs" -name 'ISRG_Root_X1.pem')
openssl verify -no-CAfile -no-CAstore -CApath "$root/etc/ssl/certs" "$authority" >/dev/null || fail "no links by hash in /etc/ssl/certs"

# As mounted from a ConfigMap and a Secret: readable by the group of the pod, and by nobody else.
password=$(sed -n 's/^ *password_file: "\(.*\)"$/\1/p' "$SANDBOX_CONFIG")
sed 's|^\( *password_file:\).*|\1 /run/secrets/mysql/mysql-password|' "$SANDBOX_CONFIG" >"$work/config/config.yml"
cp "$password" "$work/passwords/mysql-password"
chown -R 0:65532 "$work/passwords"
chmod 750 "$work/passwords" && chmod 440 "$work/passwords/mysql-password"
chmod 755 "$work" "$work/config" && chmod 644 "$work/config/config.yml"
python3 - "$work" "$port" <<'PYTHON'
import json, sys

folder, port = sys.argv[1:]
path = folder + "/bundle/config.json"
spec = json.load(open(path))
process = spec["process"]
process["terminal"] = False
process["noNewPrivileges"] = True
process["capabilities"] = {kind: [] for kind in process["capabilities"]}
process["args"].append(f"--web.listen-address=127.0.0.1:{port}")
spec["root"]["readonly"] = True
spec["linux"]["namespaces"] = [space for space in spec["linux"]["namespaces"] if space["type"] != "network"]
for inside, outside in [("/etc/mysql-replication-exporter", "config"), ("/run/secrets/mysql", "passwords")]:
    spec["mounts"].append({"destination": inside, "type": "none", "source": f"{folder}/{outside}", "options": ["bind", "ro"]})
json.dump(spec, open(path, "w"))
PYTHON

# Starts the image, and waits until it listens, as a probe that only connects does.
start() {
    runc --root "$work/state" run --bundle "$work/bundle" --pid-file "$work/pid" "$container" >"$work/log" 2>&1 &
    pid=$!
    deadline=$(($(date +%s) + 30))
    until bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null; do
        [ "$(date +%s)" -lt "$deadline" ] && kill -0 "$pid" 2>/dev/null || {
            cat "$work/log" >&2
            fail "the exporter of the image does not listen"
        }
        sleep 0.1
    done
}
# It ends by the signal of the kubelet, in its own time.
end() {
    runc --root "$work/state" kill "$container" TERM
    code=0
    wait "$pid" || code=$?
    pid=
    [ "$code" -eq 0 ] || {
        cat "$work/log" >&2
        fail "the image ends with exit code $code"
    }
}
answers() { # answers CODE PATH [OPTION…]
    code=$1 path=$2
    shift 2
    found=$(curl --silent --output /dev/null --write-out '%{http_code}' "$@" "http://127.0.0.1:$port$path") || true
    [ "$found" = "$code" ] || fail "$path: $found, not $code"
}

start
answers 200 /-/healthy
answers 200 /-/ready
curl --silent --fail "http://127.0.0.1:$port/metrics" >"$work/metrics"
promtool check metrics <"$work/metrics" || fail "promtool refuses what the image serves"
for series in 'mysql_replication_up{replication_set="demo",node="db1"} 1' 'mysql_replication_up{replication_set="demo",node="db2"} 1' \
    'mysql_replication_source_info{.*node="db2".*source_node="db1".* 1'; do
    grep -q "^$series" "$work/metrics" || {
        cat "$work/log" >&2
        fail "the image's scrape lacks $series"
    }
done
grep -q '^Uid:.65532.65532' "/proc/$(cat "$work/pid")/status" && grep -q '^CapEff:.0000000000000000' "/proc/$(cat "$work/pid")/status" ||
    fail "the image does not run as its own user without capabilities"
awk '$5 == "/" { exit $6 !~ /^ro/ }' "/proc/$(cat "$work/pid")/mountinfo" || fail "the image's root can be written to"

# The readiness recipe for database pods asks this exporter.
python3 -c '
import sys, yaml
found = next(item for item in yaml.safe_load_all(open(sys.argv[1])) if item["kind"] == "ConfigMap")
print(found["data"]["replication-ready"])' deploy/kubernetes/database-readiness.example.yaml >"$work/replication-ready"
ready() { # ready NODE CHECK
    EXPORTER=127.0.0.1/$port HOSTNAME=$1 READY_FILE="$work/ready-$1" bash "$work/replication-ready" "$2"
}
ready db2 'replica?max_lag=10s' || fail "the replica is not ready"
ready db1 'read-only?max_lag=10s' || fail "the primary is not ready for reads"
! ready db1 replica || fail "the primary is ready as a replica"
! ready db9 replica || fail "an unknown pod is ready"
! ready db2 'replica?max_lag=never' || fail "a pod is ready by a limit that means nothing"
ready db2 'replica?max_lag=10s' || fail "the replica is not ready again"

end
# No exporter: for half a minute its last word counts, where that was yes.
ready db2 'replica?max_lag=10s' || fail "a restart of the exporter takes replicas out of traffic"
! ready db1 replica || fail "without an answer, a pod is ready that was not"
touch --date '-31 seconds' "$work/ready-db2"
! ready db2 'replica?max_lag=10s' || fail "without an exporter, a pod stays ready for ever"

# With a password: the probes that only connect go on (start), and everything else has to send it. The hash is of "sesame".
mkdir "$work/web"
# shellcheck disable=SC2016 # a hash, not a variable
echo 'basic_auth_users: {alice: "$2y$10$abcdefghijklmnopqrstuuYoA/Ig5dOcHJ1Uzls.zCgSC7r9v4W76"}' >"$work/web/web.yml"
chown -R 0:65532 "$work/web"
chmod 750 "$work/web" && chmod 440 "$work/web/web.yml"
python3 - "$work" <<'PYTHON'
import json, sys

path = sys.argv[1] + "/bundle/config.json"
spec = json.load(open(path))
spec["process"]["args"].append("--web.config.file=/etc/mysql-replication-exporter-web/web.yml")
spec["mounts"].append({"destination": "/etc/mysql-replication-exporter-web", "type": "none", "source": sys.argv[1] + "/web", "options": ["bind", "ro"]})
json.dump(spec, open(path, "w"))
PYTHON
start
answers 401 /-/healthy
answers 401 /metrics
answers 200 /metrics --user alice:sesame
! ready db2 'replica?max_lag=10s' || fail "a pod is ready without the password"
EXPORTER_AUTHORIZATION="Basic $(printf alice:sesame | base64)"
export EXPORTER_AUTHORIZATION
ready db2 'replica?max_lag=10s' || fail "the replica is not ready with the password"
end

version=$(sed -n 's/.*mysql_replication_node_info{.*[{,]version="\([^"]*\)".*/\1/p' "$work/metrics" | head -n 1)
echo "image: $(du -h "$1" | cut -f 1), unpacked $(du -sh "$root" | cut -f 1); it scraped a primary and a replica of $version"
