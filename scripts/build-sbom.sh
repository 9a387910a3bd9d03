#!/bin/sh
# build-sbom.sh [RESOLVED]: beside the newest package and image in build/, writes what is in them (SPDX 2.3, JSON), packs the Helm
# chart, and sums all of them up in build/SHA256SUMS. RESOLVED is the folder in which the program was built. The documents
# are validated by the SPDX project's own tool.
set -eu
cd "$(dirname "$0")/.."

scripts/install-packages.sh dpkg-dev
venv=$(scripts/venv.sh sbom spdx-tools)
name=mysql-replication-exporter
version=$(dpkg-parsechangelog --file deploy/debian/changelog --show-field Version)
files=
for artifact in build/${name}_"${version}"_*.deb build/${name}_"${version}"_*.oci.tar; do
    [ -f "$artifact" ] || continue
    scripts/sbom.py "$artifact" "$artifact.spdx.json" ${1:+"$1"}
    "$venv/bin/pyspdxtools" --infile "$artifact.spdx.json"
    files="$files $(basename "$artifact") $(basename "$artifact.spdx.json")"
done
[ -n "$files" ] || {
    echo "build-sbom: neither a package nor an image of $version in build/ (make deb, make image)" >&2
    exit 1
}
tools=$(scripts/kubernetes-tools.sh)
if [ -n "$tools" ]; then
    "$tools/helm-4" package --destination build deploy/helm/$name >/dev/null
    files="$files $name-$(sed -n 's/^version: //p' deploy/helm/$name/Chart.yaml).tgz"
fi
# shellcheck disable=SC2086 # the names have no blanks
(cd build && sha256sum $files >SHA256SUMS && sha256sum --check --quiet SHA256SUMS && cat SHA256SUMS)
