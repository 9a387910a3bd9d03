#!/usr/bin/env python3
"""Compares what each target imports with what Package.swift says it depends on.

An incremental build finds any module that was ever built, and so hides a dependency that was never declared: the build
fails only where nothing was built before, as in CI. Dependencies that nothing imports are told as well, for they make
more to build and blur the order of the rooms.

Reads `swift package dump-package` from its standard input; exits with 1 if anything is amiss.
"""
import json
import pathlib
import re
import sys

# `import Module`, also of one declaration (`import struct Module.Name`), with any access level or attribute before it.
IMPORT = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)", re.MULTILINE)


def name(dependency: dict) -> str:
    """The module that a dependency brings, as dump-package writes it: the first name of its only value."""
    return next(iter(dependency.values()))[0]


def main() -> int:
    package = json.load(sys.stdin)
    targets = {target["name"]: target for target in package["targets"]}
    modules = set(targets) | {name(each) for target in targets.values() for each in target["dependencies"]}
    programs = {each for each, target in targets.items() if target["type"] == "executable"}
    faults = []
    for target in targets.values():
        if target["type"] == "system":
            continue
        folder = pathlib.Path(target.get("path") or ("Tests" if target["type"] == "test" else "Sources"))
        if not target.get("path"):
            folder /= target["name"]
        sources = list(folder.rglob("*.swift"))
        if not sources:
            continue
        imported: dict[str, pathlib.Path] = {}
        for source in sources:
            for module in IMPORT.findall(source.read_text()):
                imported.setdefault(module, source)
        declared = {name(each) for each in target["dependencies"]}
        for module in sorted(set(imported) & modules - declared - {target["name"]}):
            faults.append(f"{imported[module]} imports {module}, which {target['name']} does not depend on in Package.swift")
        # Products of other packages may be named only to pin their versions, and programs only to be built.
        for module in sorted((declared & set(targets)) - programs - set(imported)):
            faults.append(f"{target['name']} depends on {module} in Package.swift, but nothing in {folder} imports it")
    print("\n".join(faults) if faults else f"the imports of {len(targets)} targets are as Package.swift declares them")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
