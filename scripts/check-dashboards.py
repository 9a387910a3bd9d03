"""Reads the dashboards with Grafana's own Foundation SDK, which is generated from its schemas, and writes them again:
anything the schema does not know is lost in the process, and is a finding."""

import glob
import json
import sys

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

# Fields that Grafana itself writes into an exported dashboard, but that its schema does not have.
UNKNOWN = {
    "id": "null in a dashboard that is to be imported",
    "definition": "a query variable's query once more, as text",
    "insertNulls": "of a state timeline",
    "spanNulls": "of a state timeline",
    "step": "of Prometheus' annotations",
    "titleFormat": "of Prometheus' annotations",
    "textFormat": "of Prometheus' annotations",
    "tagKeys": "of Prometheus' annotations",
}

findings = []


def compare(place, given, read):
    """Checks that everything given was read unchanged."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key, value in given.items():
            if key in read:
                compare(f"{place}.{key}", value, read[key])
            elif key not in UNKNOWN:
                findings.append(f"{place}.{key}: not in Grafana's schema")
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for number, (left, right) in enumerate(zip(given, read)):
            compare(f"{place}[{number}]", left, right)
    elif given != read:
        findings.append(f"{place}: {given!r} is read as {read!r}")


plugins.register_default_plugins()
paths = sorted(glob.glob("dashboards/*.json"))
for path in paths:
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    try:
        read = json.loads(JSONEncoder().encode(Dashboard.from_json(given)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        findings.append(f"{path}: cannot be read: {error!r}")
        continue
    compare(path, given, read)
for text in findings:
    print(text, file=sys.stderr)
print(f"dashboards: {len(paths)} against Grafana's schema: " + (f"{len(findings)} problems" if findings else "ok"))
sys.exit(1 if findings or not paths else 0)
