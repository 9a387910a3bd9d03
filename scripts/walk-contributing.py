#!/usr/bin/env python3
"""Follows CONTRIBUTING.md in a scratch copy of the working tree, as a newcomer would.

Adds a fact, a metric made from it, and an endpoint, touching only the files that the guide names; records what the guide says
to record; builds; and runs the tests of the targets concerned. A step that needs any other file fails here.

    scripts/walk-contributing.py [folder for the copy, kept afterwards]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATEMENT = "SHOW GLOBAL VARIABLES LIKE 'max_connections'"


class Walk:
    def __init__(self, copy: pathlib.Path):
        self.copy = copy
        self.guide = (copy / "CONTRIBUTING.md").read_text()
        self.section = ""

    def begin(self, heading: str) -> None:
        """Selects the section of the guide that has this heading."""
        match = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## )", self.guide, re.M | re.S)
        if not match:
            sys.exit(f"CONTRIBUTING.md has no section {heading!r}")
        self.section = match.group(1)
        print(f"==> {heading}")

    def file(self, path: str) -> pathlib.Path:
        """A file that the section names, itself or by its folder."""
        named = path in self.section or any(
            f"{parent}/" in self.section for parent in pathlib.PurePath(path).parents if len(parent.parts) > 1)
        if not named:
            sys.exit(f"the step needs {path}, which the guide does not name")
        return self.copy / path

    def insert(self, path: str, after: str, text: str) -> None:
        """Inserts text after the only line that matches."""
        file = self.file(path)
        lines = file.read_text().split("\n")
        found = [index for index, line in enumerate(lines) if re.search(after, line)]
        if len(found) != 1:
            sys.exit(f"{path}: {len(found)} lines match {after!r}; adapt the walk")
        lines.insert(found[0] + 1, text)
        file.write_text("\n".join(lines))

    def create(self, path: str, text: str) -> None:
        self.file(path).write_text(text)

    def run(self, *command: str, fails: bool = False, **environment: str) -> None:
        print("   ", *(f"{name}={value}" for name, value in environment.items()), *command, flush=True)
        done = subprocess.run(
            command, cwd=self.copy, env={**os.environ, **environment}, capture_output=True, text=True)
        if (done.returncode != 0) != fails:
            sys.exit(f"{done.stdout[-6000:]}\n{done.stderr[-4000:]}\nexit status {done.returncode}")

    def say(self, command: str, **options) -> None:
        """Runs a command that the section states, word for word."""
        if f"`{command}`" not in self.section:
            sys.exit(f"the guide does not say `{command}`")
        words = command.split()
        environment = {}
        while "=" in words[0]:
            name, value = words.pop(0).split("=")
            environment[name] = value
        self.run(*words, **environment, **options)


def walk(copy: pathlib.Path) -> None:
    guide = Walk(copy)

    guide.begin("Add a fact")
    guide.create("Sources/Collection/Facts/ConnectionLimit.swift", f'''import MariaDB
import Replication

extension Fact {{
    /// The most connections that the server allows. No privilege.
    static let connectionLimit = Fact(.connectionLimit, "{STATEMENT}") {{ answer, facts in
        facts.connectionLimit = answer.first?.unsigned("Value")
    }}
}}
''')
    guide.insert("Sources/Replication/NodeFacts.swift", r"^    package var durability: ",
                 "    package var connectionLimit: UInt64?")
    guide.insert("Sources/Replication/NodeFacts.swift", r"^    case durability$",
                 '    case connectionLimit = "connection_limit"')
    guide.insert("Sources/Collection/Dialects/MariaDB.swift", r"^ +\.mariaDBDurability,$", "                .connectionLimit,")
    answer = {"sql": STATEMENT, "columns": ["Variable_name", "Value"], "rows": [["max_connections", "151"]]}
    for fixture in sorted((copy / "Tests/Fixtures").glob("mariadb-*/*.json")):
        # What `replication-sandbox record` writes; the servers are not started for this walk.
        recording = json.loads(fixture.read_text())
        recording["results"].append(answer)
        guide.file(str(fixture.relative_to(copy))).write_text(json.dumps(recording, indent=2))

    guide.begin("Add a metric from facts already collected")
    guide.insert("Sources/Metrics/Metric.swift", r"^    case heartbeatAge$", "    case connectionLimit")
    guide.insert("Sources/Metrics/Catalogue.swift", r"^        case \.heartbeatAge:$",
                 '            node("connection_limit", "The most connections that the server allows.", fact: .connectionLimit)\n'
                 "        case .connectionLimit:")
    catalogue = copy / "Sources/Metrics/Catalogue.swift"
    text = catalogue.read_text()
    # The new row now comes first: swap the names of the two cases.
    text = text.replace("        case .heartbeatAge:\n            node(\"connection_limit\"",
                        "        case .connectionLimit:\n            node(\"connection_limit\"")
    first = text.index("        case .connectionLimit:")
    second = text.index("        case .connectionLimit:", first + 1)
    catalogue.write_text(text[:second] + text[second:].replace(".connectionLimit:", ".heartbeatAge:", 1))
    guide.insert("Sources/Metrics/Groups/NodeGroup.swift", r"^        add\(\.nodeConnectedReplicas, ",
                 "        add(.connectionLimit, labels, facts.connectionLimit)")
    guide.insert("Tests/MetricsTests/GoldenSets.swift", r"facts\.connectedReplicas = 2$", "        facts.connectionLimit = 151")

    guide.begin("Add an endpoint")
    guide.insert("Sources/Exporter/Routes.swift", r'Endpoint\("GET", "/-/ready"\)',
                 '        Endpoint("GET", "/-/walked") { _, _ in .text("walked") },')

    guide.begin("Add a metric from facts already collected")
    guide.run("swift", "build", "--build-tests")
    guide.say("RECORD_GOLDEN=1 swift test --filter MetricsTests", fails=True)
    guide.say("RECORD=1 swift test --filter DocumentationTests")
    print("==> Tests of these targets")
    guide.run("swift", "test", "--skip-build", "--filter",
              "^(Replication|Collection|Topology|Metrics|Documentation|Exporter)Tests\\.", "--skip",
              "OperationsTests|BalancerRoundTests|CrowdTests|ManualTests")
    print("following the guide yields a working fact, metric and endpoint")


def main() -> None:
    kept = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    copy = kept or pathlib.Path(tempfile.mkdtemp(prefix="walk-"))
    try:
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
            check=True, text=True).stdout.split("\0")
        for name in filter(None, files):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        walk(copy)
    finally:
        if not kept:
            shutil.rmtree(copy, ignore_errors=True)


main()
