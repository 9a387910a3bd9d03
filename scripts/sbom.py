#!/usr/bin/env python3
"""sbom.py ARTIFACT OUTPUT [RESOLVED]: writes what is in a Debian package (.deb) or an OCI image (.oci.tar) as SPDX 2.3 (JSON).

The Swift packages are those that SwiftPM resolved for the program (Package.resolved and .build/checkouts in the folder RESOLVED, by
default this one); the Debian packages are those that the package depends on, or that the image holds. The same artifact
gives the same document."""

import gzip
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.parse
import uuid
from datetime import datetime, timezone

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAME = "mysql-replication-exporter"
# A module of each Swift package: its name is in the program if, and only if, the package is linked into it.
MODULES = {
    "swift-argument-parser": "ArgumentParser",
    "swift-async-algorithms": "AsyncAlgorithms",
    "swift-atomics": "Atomics",
    "swift-collections": "DequeModule",
    "swift-log": "Logging",
    "swift-nio": "NIOCore",
    "swift-nio-ssl": "NIOSSL",
    "swift-service-lifecycle": "ServiceLifecycle",
    "swift-system": "SystemPackage",
}
# Fetched for a part of swift-nio that is not compiled.
NOT_LINKED = {"swift-system"}
# What the copyright files of these Debian packages say of their shared libraries. Others: NOASSERTION, with the file in the image.
DEBIAN_LICENSES = {
    "libc6": "LGPL-2.1-or-later",
    "libcrypt1": "LGPL-2.1-or-later",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libmariadb3": "LGPL-2.1-or-later",
    "libssl3": "Apache-2.0",
    "libssl3t64": "Apache-2.0",
    "libyaml-0-2": "MIT",
    "openssl": "Apache-2.0",
    "zlib1g": "Zlib",
    "ca-certificates": "MPL-2.0",
}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def identifier(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(name, version, license, *, purl=None, reference=None, **more):
    entry = {
        "SPDXID": reference or identifier(name),
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license,
        "copyrightText": "NOASSERTION",
        **more,
    }
    if version:
        entry["versionInfo"] = version
    if purl:
        entry["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ]
    return entry


# The program


def license_of(checkout):
    text = next(checkout.glob("LICENSE*")).read_text()
    if "Apache License" not in text or "Version 2.0" not in text:
        sys.exit(f"sbom: {checkout.name} has another licence than Apache-2.0: look at it, and say so here")
    return "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"


def swift_packages(folder, program):
    """The packages linked into the program; they must be the ones that Package.swift names exactly."""
    pins = json.loads((folder / "Package.resolved").read_text())["pins"]
    named = dict(re.findall(r'url: "(\S+)", exact: "(\S+)"', (ROOT / "Package.swift").read_text()))
    checkouts = folder / ".build/checkouts"
    result = []
    for pin in pins:
        module = MODULES.get(pin["identity"]) or sys.exit(f"sbom: name a module of {pin['identity']}")
        if (module.encode() in program) == (pin["identity"] in NOT_LINKED):
            sys.exit(f"sbom: {pin['identity']} is linked into the program, or is no longer: {module}")
        if pin["identity"] in NOT_LINKED:
            continue
        version, revision, location = pin["state"]["version"], pin["state"]["revision"], pin["location"]
        if named.pop(location, None) != version:
            sys.exit(f"sbom: {location} was resolved to {version}, which Package.swift does not say")
        address = urllib.parse.urlsplit(location)
        result.append(
            package(
                pin["identity"],
                version,
                license_of(checkouts / pin["identity"]),
                purl=f"pkg:swift/{address.netloc}{address.path.removesuffix('.git')}@{version}",
                downloadLocation=f"git+{location}@{revision}",
            )
        )
    if named:
        sys.exit(f"sbom: not resolved: {', '.join(named)}")
    return result, checkouts


def vendored(checkouts):
    """C libraries that Swift packages carry along, with the versions that their sources state."""
    boring = (checkouts / "swift-nio-ssl/Sources/CNIOBoringSSL/hash.txt").read_text()
    revision = re.search(r"revision ([0-9a-f]{40})", boring)[1]
    header = (checkouts / "swift-nio/Sources/CNIOLLHTTP/include/c_nio_llhttp.h").read_text()
    llhttp = ".".join(re.search(rf"LLHTTP_VERSION_{part} (\d+)", header)[1] for part in ["MAJOR", "MINOR", "PATCH"])
    return [
        (
            "swift-nio-ssl",
            package(
                "boringssl",
                revision,
                "Apache-2.0",
                downloadLocation=f"git+https://boringssl.googlesource.com/boringssl@{revision}",
                licenseComments="As its files state at this revision.",
            ),
        ),
        ("swift-nio", package("llhttp", llhttp, "MIT", purl=f"pkg:github/nodejs/llhttp@v{llhttp}")),
    ]


def runtime():
    """The Swift standard library and libdispatch, linked statically, of the compiler at hand."""
    version = re.search(r"Swift version (\S+)", output_of("swift", "--version"))[1]
    return package("swift-runtime", version, "Apache-2.0 WITH Swift-exception", purl=f"pkg:github/swiftlang/swift@swift-{version}-RELEASE")


# Debian packages


def fields(control):
    return dict(re.findall(r"^(\S+): (.*)$", control, re.M))


def debian(control, distribution):
    entry = fields(control)
    name, version, architecture = entry["Package"], entry.get("Version"), entry.get("Architecture", "")
    purl = f"pkg:deb/debian/{urllib.parse.quote(name)}"
    if version:
        purl += f"@{urllib.parse.quote(version)}?arch={architecture}&distro={distribution}"
    return package(name, version, DEBIAN_LICENSES.get(name, "NOASSERTION"), purl=purl)


def dependencies(control, distribution):
    """What the package depends on; the version is the one it was linked against, if it is installed here."""
    result = []
    for dependency in fields(control)["Depends"].split(", "):
        name = dependency.split()[0]
        found = subprocess.run(
            ["dpkg-query", "--show", "--showformat=Package: ${Package}\nVersion: ${Version}\nArchitecture: ${Architecture}\n", name],
            capture_output=True,
            text=True,
        )
        entry = debian(found.stdout if found.returncode == 0 else f"Package: {name}\n", distribution)
        entry["comment"] = f"Depends: {dependency}. The version is the one installed where the package was built."
        result.append(entry)
    return result


# The artifacts


def read_deb(path):
    control = output_of("dpkg-deb", "--field", path)
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        program = files.extractfile(f"./usr/bin/{NAME}").read()
    return control, program


def read_image(path):
    """The entries of status.d of all layers by name, the program, and the release's identifier."""
    status, program, release = {}, b"", ""
    with tarfile.open(path) as layout:
        blob = lambda digest: layout.extractfile("blobs/" + digest.replace(":", "/")).read()
        index = json.loads(layout.extractfile("index.json").read())
        for layer in json.loads(blob(index["manifests"][0]["digest"]))["layers"]:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layer["digest"])))) as files:
                for member in files:
                    name = member.name.removeprefix("./").lstrip("/")
                    if not member.isfile():
                        continue
                    if name.startswith("var/lib/dpkg/status.d/"):
                        status[name.rsplit("/", 1)[1]] = files.extractfile(member).read().decode()
                    elif name == f"usr/bin/{NAME}":
                        program = files.extractfile(member).read()
                    elif name == "usr/lib/os-release":
                        release = files.extractfile(member).read().decode()
    return status, program, release


def distribution_of(release):
    return "debian-" + re.search(r'^VERSION_ID="?([^"\n]+)', release, re.M)[1]


def document(path, folder):
    content = pathlib.Path(path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    created = int(output_of("dpkg-parsechangelog", "--file", ROOT / "deploy/debian/changelog", "--show-field", "Timestamp"))
    if path.endswith(".deb"):
        control, program = read_deb(path)
        system = dependencies(control, distribution_of(pathlib.Path("/etc/os-release").read_text()))
    else:
        status, program, release = read_image(path)
        control = status.pop(NAME)
        system = [debian(entry, distribution_of(release)) for _, entry in sorted(status.items())]
    swift, checkouts = swift_packages(folder, program)
    carried = vendored(checkouts)
    version = fields(control)["Version"]
    summed = lambda value: [{"algorithm": "SHA256", "checksumValue": value}]

    artifact = package(
        pathlib.Path(path).name, version, "Apache-2.0", reference="SPDXRef-artifact", checksums=summed(digest),
        primaryPackagePurpose="INSTALL" if path.endswith(".deb") else "CONTAINER",
    )
    executable = package(
        NAME, version, "Apache-2.0", reference="SPDXRef-program", primaryPackagePurpose="APPLICATION",
        checksums=summed(hashlib.sha256(program).hexdigest()),
    )
    runs = runtime()
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-artifact"), ("SPDXRef-artifact", "CONTAINS", "SPDXRef-program")]
    relationships += [("SPDXRef-program", "STATIC_LINK", entry["SPDXID"]) for entry in swift + [runs]]
    relationships += [(identifier(parent), "CONTAINS", entry["SPDXID"]) for parent, entry in carried]
    linked = {dependency.split()[0] for dependency in fields(control)["Depends"].split(", ")}
    for entry in system:
        if entry["name"] in linked and entry["name"].startswith(("lib", "zlib")):
            relationships.append(("SPDXRef-program", "DYNAMIC_LINK", entry["SPDXID"]))
        relationships.append(("SPDXRef-artifact", "DEPENDS_ON" if path.endswith(".deb") else "CONTAINS", entry["SPDXID"]))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": pathlib.Path(path).name,
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "creationInfo": {
            "created": datetime.fromtimestamp(created, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: {NAME}-sbom.py", f"Organization: The {NAME} developers"],
        },
        "packages": [artifact, executable, *swift, *(entry for _, entry in carried), runs, *system],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other} for one, kind, other in relationships
        ],
    }


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[3]) if len(sys.argv) == 4 else ROOT
    result = document(sys.argv[1], folder)
    pathlib.Path(sys.argv[2]).write_text(json.dumps(result, indent=2) + "\n")


main()
