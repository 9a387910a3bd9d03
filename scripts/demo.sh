#!/bin/sh
# demo.sh EXPORTER: what `make run` starts within the sandbox: the exporter, and a word on what to look at.
set -eu
exporter=$1

cat <<EOF

  metrics    http://localhost:19104/metrics
  try        curl -s localhost:19104/metrics | grep -E 'up|lag_seconds|delta_bytes'
  break it   type a fault here, such as: stop-sql db2   freeze db3   thaw db3   help
  end        Ctrl-C

EOF
exec "$exporter" --config.file "$SANDBOX_CONFIG" --web.listen-address 127.0.0.1:19104
