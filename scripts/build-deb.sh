#!/bin/sh
# build-deb.sh: builds the Debian package for this machine's release and architecture, in build/. The program is built first,
# with the Swift runtime linked in, so that the package needs only Debian's own libraries.
set -eu
cd "$(dirname "$0")/.."

package=mysql-replication-exporter
scripts/install-packages.sh debhelper dpkg-dev fakeroot binutils libcrypt-dev python3
if [ "${1:-}" != --no-build ]; then
    swift build -c release --static-swift-stdlib --product "$package"
fi
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# A single import of Foundation anywhere in the linked code adds 44 MB of Foundation and ICU data: docs/architecture.md.
nm .build/release/$package >"$stage/symbols"
if grep -q ' \$s10Foundation' "$stage/symbols" || ! grep -q ' \$s8Exporter' "$stage/symbols"; then
    echo "build-deb: the program contains Foundation (find the import and remove it), or has no symbols to check" >&2
    exit 1
fi
source=$stage/source
mkdir -p "$source/documents"
cp -r deploy/debian "$source/debian"
mv "$source/debian/config.yml" "$source/config.yml"
cp deploy/systemd/$package.service "$source/debian/$package.service"
cp deploy/systemd/$package.socket "$source/debian/$package.socket"
cp deploy/systemd/$package-agent.socket "$source/debian/$package.$package-agent.socket"
strip -o "$source/$package" .build/release/$package
cp deploy/prometheus/mysql-replication.*.yml "$source/"
scripts/package-docs.py "$source/documents"
cp docs/man/$package.1 "$source/"
# It is sourced, not executed.
.build/release/$package --generate-completion-script bash | sed '1{/^#!/d}' >"$source/$package.bash"
.build/release/$package --generate-completion-script zsh >"$source/_$package"
.build/release/$package --generate-completion-script fish >"$source/$package.fish"
cp -r dashboards "$source/dashboards"

(cd "$source" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$stage/log" 2>&1) || {
    cat "$stage/log" >&2
    exit 1
}
mkdir -p build
cp "$stage"/${package}_*.deb build/
ls -lh build/${package}_*.deb
