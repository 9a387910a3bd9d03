# peer.sh: download mysqld_exporter to .build/benchmark/peer and print its path. Debian 12's own package is too old to
# be asked for a target (/probe came with 0.15), so Debian 13's is extracted there, without installing it.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .build/benchmark
folder=$PWD/.build/benchmark/peer
program=$folder/usr/bin/prometheus-mysqld-exporter
if [ -x "$program" ]; then
    echo "$program"
    exit 0
fi

echo "==> fetching mysqld_exporter" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
scripts/extract-packages.sh trixie "$work/tree" prometheus-mysqld-exporter
"$work/tree/usr/bin/prometheus-mysqld-exporter" --version >/dev/null 2>&1 || {
    echo "peer: Debian 13's mysqld_exporter does not run here" >&2
    exit 1
}
rm -rf "$folder"
mv "$work/tree" "$folder"
echo "$program"
