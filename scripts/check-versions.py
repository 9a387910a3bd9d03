#!/usr/bin/env python3
"""check-versions.py [FOLDER]: checks that every file that states the version states the same one, that the changelog has each
entry under the heading of its kind, and that NOTICE names every Swift package that is linked in. FOLDER is the repository; by
default, the one that this script is in.

The version is the one that the program prints: BuildVersion.text in Sources/Exporter. docs/releasing.md says how to raise it.
"""

import pathlib
import re
import sys

NAME = "mysql-replication-exporter"
# Where else it is written.
PLACES = {
    "CHANGELOG.md": r"^## (\d\S*)",
    "deploy/debian/changelog": r"^\S+ \((\S+)\)",
    "deploy/docker/Dockerfile": r"^ARG VERSION=(\S+)",
    "deploy/helm/mysql-replication-exporter/Chart.yaml": r'^appVersion: "(\S+)"',
    "deploy/kubernetes/kustomization.yaml": r"^ +newTag: (\S+)",
}
# File names and tags in examples.
EXAMPLE = re.compile(rf"{NAME}[_:](\d+\.\d+\.\d+)")
# No pre-releases: Debian and image tags have no common notation for them.
SEMANTIC = re.compile(r"\d+\.\d+\.\d+")
# https://keepachangelog.com
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
# Words of an entry, which is one or two sentences.
LONGEST = 62
# Fetched for a part of swift-nio that is not compiled (scripts/sbom.py).
NOT_LINKED = {"swift-system"}


def stated(path, pattern):
    """The first match in a file, None without one."""
    found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return found and found[1]


def program_version(root):
    found = {
        stated(path, r'enum BuildVersion \{\s+static let text = "([^"]*)"') for path in (root / "Sources/Exporter").rglob("*.swift")
    } - {None}
    if len(found) != 1:
        sys.exit(f"check-versions: Sources/Exporter has {len(found)} definitions of BuildVersion.text, not one")
    return found.pop()


def problems(root, version):
    if not SEMANTIC.fullmatch(version):
        yield f"{version} is not a semantic version"
    for name, pattern in PLACES.items():
        other = stated(root / name, pattern)
        if other != version:
            yield f"{name}: {other or 'no version'}, but the program is {version}"
    for path in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md")), *sorted((root / "deploy").rglob("*.md"))]:
        for other in sorted(set(EXAMPLE.findall(path.read_text(encoding="utf-8"))) - {version}):
            yield f"{path.relative_to(root)}: an example has {other}, but the program is {version}"
    yield from changelog_problems((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    notice = (root / "NOTICE").read_text(encoding="utf-8")
    packages = re.findall(r'\.package\(url: "[^"]*/([^"/]+)"', (root / "Package.swift").read_text(encoding="utf-8"))
    for package in sorted(set(packages) - NOT_LINKED):
        if not re.search(rf"\b{re.escape(package)}(?![\w-])", notice):
            yield f"NOTICE: {package} is missing"


def changelog_problems(text):
    """Two branches that are merged can leave an entry above the first heading, or a heading twice."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, content = section.partition("\n")
        before, *kinds = re.split(r"^### ", content, flags=re.MULTILINE)
        if before.strip():
            yield f"CHANGELOG.md: {title}: '{before.strip().splitlines()[0]}' is not under a heading"
        names = [kind.partition("\n")[0] for kind in kinds]
        if names != [kind for kind in KINDS if kind in names]:
            yield f"CHANGELOG.md: {title}: the headings are {', '.join(names)}; those of {', '.join(KINDS)} are allowed, in this order"
        for name, kind in zip(names, kinds):
            entries = re.split(r"^- ", kind, flags=re.MULTILINE)[1:]
            if not entries:
                yield f"CHANGELOG.md: {title}: nothing under {name}"
            for entry in entries:
                words = entry.partition("\n\n")[0].split()
                if len(words) > LONGEST:
                    yield f"CHANGELOG.md: {title}: {name}: '{' '.join(words[:6])} …' has more than {LONGEST} words"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    found = list(problems(root, program_version(root)))
    if found:
        sys.exit("\n".join(f"check-versions: {each}" for each in found))


main()
