#!/usr/bin/env python3
"""oci-image.py OUTPUT.tar CONFIG.json LAYER…: writes an OCI image (image-spec 1.0) as an archive of its layout.

CONFIG.json is the image's configuration without `rootfs`, with one entry of `history` for each LAYER, a folder. Owners and modes
are those of the files; every time is the configuration's `created`, so that the same folders give the same bytes."""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile
from datetime import datetime

JSON = {"sort_keys": True, "separators": (",", ":")}


def add(archive, name, content, time):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(content), time, 0o644
    archive.addfile(entry, io.BytesIO(content))


def layer(folder, time):
    """The folder as a tar file: parents before their children, by name, and nothing of this machine but the files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            entry = archive.gettarinfo(path, arcname=str(path.relative_to(folder)))
            entry.mtime, entry.uname, entry.gname = time, "", ""
            if entry.isreg():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)
    return buffer.getvalue()


def main():
    output, configuration, folders = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text()), sys.argv[3:]
    time = int(datetime.fromisoformat(configuration["created"].replace("Z", "+00:00")).timestamp())
    blobs = {}

    def store(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    layers, diffs = [], []
    for folder in folders:
        content = layer(pathlib.Path(folder), time)
        diffs.append("sha256:" + hashlib.sha256(content).hexdigest())
        layers.append(store(gzip.compress(content, 9, mtime=0), "layer.v1.tar+gzip"))
    configuration["rootfs"] = {"type": "layers", "diff_ids": diffs}
    config = store(json.dumps(configuration, **JSON).encode(), "config.v1+json")
    labels = configuration["config"]["Labels"]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers,
                "annotations": labels}
    described = store(json.dumps(manifest, **JSON).encode(), "manifest.v1+json")
    described["platform"] = {key: configuration[key] for key in ["architecture", "os"]}
    version = labels["org.opencontainers.image.version"]
    described["annotations"] = {
        "org.opencontainers.image.ref.name": version,
        # Without it, `podman load` takes the tag for the image's name. localhost: it is never looked for in a registry.
        "io.containerd.image.name": f"localhost/{labels['org.opencontainers.image.title']}:{version}",
    }
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [described]}

    with tarfile.open(output, "w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}', time)
        add(archive, "index.json", json.dumps(index, **JSON).encode(), time)
        for digest, content in sorted(blobs.items()):
            add(archive, f"blobs/sha256/{digest}", content, time)


main()
