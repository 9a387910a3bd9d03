#!/usr/bin/env python3
"""probe-tests.py FOLDER: writes the tests of deploy/prometheus/tests again, with the series as a scrape of /probe has them.

At /metrics all series share the exporter's `instance`. At /probe each node is a target: its series have its name as
`instance`, and the series of its set and of the exporter come with each target. The same alerts have to fire, once each.

Processes the files as text, with the standard library only: we control the files and the form in which they are written.
"""

import pathlib
import re
import sys

EXPORTER = "exporter:19104"
SERIES = re.compile(r"      - series: '(\w+)\{(.*)\}'\n        values: '(.*)'\n")


def targets(block):
    """The nodes of each set of a test, and of all sets under None; at least two, so that duplicates show."""
    nodes = {None: []}
    for _, labels, _ in SERIES.findall(block):
        replication_set, node = (re.search(rf'\b{name}="([^"]*)"', labels) for name in ("replication_set", "node"))
        for key in {None, replication_set and replication_set.group(1)}:
            known = nodes.setdefault(key, [])
            if node and node.group(1) not in known:
                known.append(node.group(1))
    return {key: sorted(known + [f"further{n}" for n in range(len(known), 2)]) for key, known in nodes.items()}


def rewritten(block):
    nodes = targets(block)

    def scraped(match):
        name, labels, values = match.groups()
        if f'instance="{EXPORTER}"' not in labels:
            return match.group(0)
        node = re.search(r'\bnode="([^"]*)"', labels)
        replication_set = re.search(r'\breplication_set="([^"]*)"', labels)
        instances = [node.group(1)] if node else nodes[replication_set and replication_set.group(1)]
        return "".join(
            f"      - series: '{name}{{{labels.replace(EXPORTER, instance)}}}'\n        values: '{values}'\n"
            for instance in instances
        )

    block = SERIES.sub(scraped, block)
    # Alerts expected for a node have its own instance.
    block = re.sub(rf"instance: {EXPORTER}\n((?: {{14}}\w+: .*\n)*? {{14}}node: (.*)\n)", r"instance: \2\n\1", block)
    block = re.sub(rf'instance="{EXPORTER}"(?=[^\n]*\bnode="([^"]*)")', lambda m: f'instance="{m.group(1)}"', block)
    # In texts, all targets of an exporter, or the first of them.
    everybody = nodes[None]
    block = block.replace("1 of 1 targets", f"{len(everybody)} of {len(everybody)} targets")
    block = block.replace(f"cannot scrape {EXPORTER}.", f"cannot scrape {' '.join(everybody[:5])}.")
    return block.replace(f"slowest target is {EXPORTER}.", f"slowest target is {everybody[0]}.")


def main():
    folder = pathlib.Path(sys.argv[1])
    rules = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "prometheus"
    for path in sorted((rules / "tests").glob("*.test.yml")):
        head, *blocks = re.split(r"(?=^  - name: )", path.read_text(encoding="utf-8"), flags=re.M)
        text = head.replace("../", f"{rules}/") + "".join(rewritten(block) for block in blocks)
        if EXPORTER in text:
            sys.exit(f"{path}: a series or text of {EXPORTER} is not understood")
        (folder / path.name).write_text(text, encoding="utf-8")


main()
