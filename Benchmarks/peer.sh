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
# The archive that this machine's apt uses, for another release.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
[ -n "$mirror" ] || {
    echo "peer: apt knows no Debian archive (run apt-get update)" >&2
    exit 1
}
mkdir -p "$work/lists/partial" "$work/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
from_trixie() {
    apt-get -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$work" \
        -o APT::Sandbox::User=root -q "$@" >&2
}
from_trixie update
(cd "$work" && from_trixie download prometheus-mysqld-exporter)
dpkg-deb --extract "$work"/prometheus-mysqld-exporter_*.deb "$work/tree"
"$work/tree/usr/bin/prometheus-mysqld-exporter" --version >/dev/null 2>&1 || {
    echo "peer: Debian 13's mysqld_exporter does not run here" >&2
    exit 1
}
rm -rf "$folder"
mv "$work/tree" "$folder"
echo "$program"
