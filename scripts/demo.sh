#!/bin/sh
# demo.sh EXPORTER: what `make run` starts within the sandbox: the exporter, a Prometheus with the rules if it is
# installed, and a list of what to look at. Everything ends with this script, and nothing is left behind.
set -eu
exporter=$1
here=$(dirname "$0")

pids=
# shellcheck disable=SC2086 # a list of numbers
stop() { [ -z "$pids" ] || kill $pids 2>/dev/null || true; }
trap stop INT TERM HUP

"$exporter" --config.file "$SANDBOX_CONFIG" --web.listen-address 127.0.0.1:19104 &
serving=$!
pids=$serving
if command -v prometheus >/dev/null; then
    folder=$(dirname "$SANDBOX_CONFIG")/prometheus
    "$here/prometheus.sh" "$folder" 19105 127.0.0.1:19104 5s &
    pids="$pids $!"
    prometheus="http://localhost:19105/alerts (log: $folder/prometheus.log)"
else
    prometheus="not installed (Debian: apt-get install prometheus)"
fi

cat <<EOF

  look       http://localhost:19104/
  metrics    http://localhost:19104/metrics
  Prometheus $prometheus
  break it   type a fault here, such as: stop-sql db2   freeze db3   thaw db3   help
  end        Ctrl-C

EOF

status=0
wait "$serving" || status=$?
stop
# Let Prometheus close its files; to skip this, end the sandbox, which ends everything.
wait
exit "$status"
