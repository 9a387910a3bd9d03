"""Parses metrics pages with PyPI's prometheus-client: a page in text format 0.0.4 and the same page as OpenMetrics 1.0.

    check-exposition.py [--same-values] TEXT OPENMETRICS

Both must parse completely and have the same series; with --same-values (one moment, rendered twice) also the same values.
"""

import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text


def series(families):
    """Values by name and labels. A duplicate series is an error that the text parser does not report."""
    values = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in values:
                sys.exit(f"{key} occurs twice")
            if sample.timestamp is not None:
                sys.exit(f"{key} has a timestamp")
            values[key] = sample.value
    return values


def main(arguments):
    same_values = arguments[:1] == ["--same-values"]
    text_page, open_page = (open(path, encoding="utf-8").read() for path in arguments[-2:])
    plain = series(text.text_string_to_metric_families(text_page))
    open_families = list(openmetrics.text_string_to_metric_families(open_page))
    strict = series(open_families)
    for key in sorted(plain.keys() ^ strict.keys()):
        print(f"only {'as text' if key in plain else 'as OpenMetrics'}: {key}")
    if same_values:
        for key in sorted(plain.keys() & strict.keys()):
            if plain[key] != strict[key]:
                print(f"{key}: {plain[key]} as text, {strict[key]} as OpenMetrics")
    for family in open_families:
        if not family.documentation:
            print(f"{family.name} has no help")
    if not plain:
        print("there are no series")
    print(f"{len(open_families)} families, {len(strict)} series", file=sys.stderr)


main(sys.argv[1:])
