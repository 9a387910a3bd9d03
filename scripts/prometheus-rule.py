#!/usr/bin/env python3
"""Prints the rules and alerts of deploy/prometheus as one PrometheusRule for the Prometheus operator.

Processes the files as text, so their comments and line breaks are kept."""

import pathlib

HEADER = """\
# Generated from deploy/prometheus by scripts/prometheus-rule.py: make changes there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: mysql-replication-exporter
spec:
  groups:
"""


def groups(path):
    """The lines below `groups:`."""
    lines = path.read_text().splitlines()
    return lines[lines.index("groups:") + 1 :]


folder = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "prometheus"
print(HEADER, end="")
for name in ["mysql-replication.rules.yml", "mysql-replication.alerts.yml"]:
    for line in groups(folder / name):
        print(("  " + line).rstrip())
