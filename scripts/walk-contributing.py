#!/usr/bin/env python3
"""Follows CONTRIBUTING.md in a scratch copy of the working tree, as a newcomer would.

Adds a fact, a metric made from it, and an endpoint, touching only the files that the guide names; records what the guide says
to record; builds; and runs the tests of the targets concerned. A step that needs any other file fails here. Only MariaDB is
recorded; the answers of the other servers are written down as expected, and their packets are left as they are.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SELECTED = "@@global.max_connections AS connection_limit"


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

    def insert(self, path: str, line: str, text: str, before: bool = False, first: bool = False) -> None:
        """Inserts text after, or before, the only line that matches, or the first one."""
        file = self.file(path)
        lines = file.read_text().split("\n")
        found = [index for index, present in enumerate(lines) if re.search(line, present)]
        if not found or (len(found) > 1 and not first):
            sys.exit(f"{path}: {len(found)} lines match {line!r}; adapt the walk")
        lines.insert(found[0] + (0 if before else 1), text)
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
    /// The most connections that the server allows. Needs no privilege.
    static let connectionLimit = Fact(
        .connectionLimit, selecting: "{SELECTED}"
    ) {{ answer, facts throws(FactError) in
        guard let limit = answer.first?.unsigned("connection_limit") else {{
            throw FactError("the server did not report max_connections")
        }}
        facts.connectionLimit = limit
    }}
}}
''')
    guide.insert("Sources/Replication/NodeFacts.swift", r"^    package var durability: ",
                 "    package var connectionLimit: UInt64?")
    guide.insert("Sources/Replication/NodeFacts.swift", r"^    case durability$",
                 '    case connectionLimit = "connection_limit"')
    guide.insert("Sources/Collection/Dialects/MariaDB.swift", r"^ +\.mariaDBDurability,$", "                .connectionLimit,")
    guide.insert("Sources/Collection/Dialects/MySQL.swift", r"^ +\.mySQLDurability\(", "                .connectionLimit,")
    guide.insert("Tests/CollectionTests/FactTests.swift", r"^    // MARK: - Others$", '''
    @Test("A connection limit that was not reported is an error, not 0")
    func connectionLimit() throws {
        let fact = Dialect.mySQL84.fact(.connectionLimit)
        #expect(try facts(fact, [["connection_limit": "151"]]).connectionLimit == 151)
        #expect(throws: FactError.self) { try facts(fact, [["connection_limit": nil]]) }
    }''')

    guide.begin("Add a metric from facts already collected")
    guide.insert("Sources/Metrics/Metric.swift", r"^    case heartbeatAge$", "    case connectionLimit")
    guide.insert("Sources/Metrics/Catalogue.swift", r"^        case \.sourceInfo:$", before=True, text='''\
        case .connectionLimit:
            node("connection_limit", "The most connections that the server allows.", fact: .connectionLimit)''')
    guide.insert("Sources/Metrics/Groups/NodeGroup.swift", r"^        add\(\.nodeConnectedReplicas, ",
                 "        add(.connectionLimit, labels, facts.connectionLimit)")
    guide.insert("Tests/MetricsTests/GoldenSets.swift", r"facts\.connectedReplicas = 2$", "        facts.connectionLimit = 151")
    guide.insert("CHANGELOG.md", r"^### Added$", "\n- `connection_limit`.", first=True)

    guide.begin("Add an endpoint")
    guide.insert("Sources/Exporter/Routes.swift", r'Endpoint\("GET", "/-/ready"\)',
                 '        Endpoint("GET", "/-/walked") { _, _ in .text("walked") },')
    guide.insert("Tests/IntegrationTests/EndpointTests.swift", r'^ +#expect\(try await exporter\.get\("/-/reload", ',
                 '                #expect(try await exporter.get("/-/walked").body == "walked\\n")')
    guide.insert("README.md", r"^\| `/-/healthy`, ", "| `/-/walked` | 200 |")

    guide.run("swift", "build", "--build-tests")
    guide.begin("Add a fact")
    guide.run(".build/debug/replication-sandbox", "record", "--add", "--software", "mariadb", "Tests/Fixtures")
    for fixture in sorted((copy / "Tests/Fixtures").glob("m*-*/*.json")):
        recording = json.loads(fixture.read_text())
        if any(result["sql"] == f"SELECT {SELECTED}" for result in recording["results"]):
            continue
        # What would be recorded from the other servers, or written by hand.
        source = {"source": "constructed: the servers' default"} if "source" in recording else {}
        recording["results"].append(
            {"sql": f"SELECT {SELECTED}", **source, "columns": ["connection_limit"], "rows": [["151"]]})
        guide.file(str(fixture.relative_to(copy))).write_text(json.dumps(recording, indent=2))
    guide.begin("Add a metric from facts already collected")
    guide.say("RECORD_GOLDEN=1 swift test --filter MetricsTests", fails=True)
    guide.say("RECORD=1 swift test --filter DocumentationTests")
    print("==> Tests of these targets")
    guide.run("swift", "test", "--skip-build", "--filter",
              "^(Replication|Collection|Topology|Metrics|Documentation|Exporter)Tests\\.|EndpointTests", "--skip",
              "OperationsTests|BalancerRoundTests|CrowdTests|ManualTests")
    print("following the guide yields a working fact, metric and endpoint")


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "folder", nargs="?", type=pathlib.Path, help="for the copy, which is kept afterwards; by default a temporary one")
    kept = arguments.parse_args().folder
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
