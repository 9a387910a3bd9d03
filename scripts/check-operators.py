"""Checks rules, alerts, runbooks and dashboards against each other and against the catalogue of metrics.

Standard library only: we control the YAML files, so they are read line by line in the form in which they are written.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

CATALOGUE = "Sources/Metrics/Catalogue.swift"
QUERIES = "docs/queries.md"
# Added to every series by the scrape, or by Prometheus itself.
TARGET_LABELS = {"job", "instance", "cluster"}
OTHERS = {
    "up": set(),
    "scrape_duration_seconds": set(),
    "scrape_samples_scraped": set(),
    "ALERTS": {"alertname", "alertstate", "severity", "replication_set", "node", "channel"},
}
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf"}

# Has no data in the demo, a healthy MariaDB set: series that only MySQL has, or only a cluster, or only a node with a problem.
ABSENT_IN_DEMO = re.compile(
    r"ALERTS|replication_(set_)?cluster_|_(node_failure|node_fact_missing|remaining_delay_seconds|stage_seconds|workers(_busy)?)\b")

# Variables that no query needs, since only links have them.
OF_LINKS = {"exporter"}

RECORDED_IN_A_FAULT = {"channel:mysql_replication_source:down"}

findings = []


def finding(place, text):
    findings.append(f"{place}: {text}")


def catalogue():
    """Names of metrics and their labels, from the Swift source."""
    with open(CATALOGUE, encoding="utf-8") as file:
        source = file.read()
    bases = {
        "node": ["replication_set", "node"],
        "channel": ["replication_set", "node", "channel"],
        "set": ["replication_set"],
        "cluster": ["replication_set", "cluster_name"],
        "member": ["replication_set", "node"],
        "probe": ["replication_set", "probe"],
        "own": [],
    }
    prefixes = {"node": "mysql_replication_", "channel": "mysql_replication_", "set": "mysql_replication_set_", "own": ""}
    prefixes |= {
        "probe": "mysql_replication_", "cluster": "mysql_replication_set_cluster_", "member": "mysql_replication_cluster_"}
    metrics = {}
    entries = re.findall(r"case \.\w+:\s*(node|channel|set|cluster|member|probe|own)\(\s*\"(\w+)\"(.*?)(?=\n        case |\Z)", source, re.S)
    for kind, name, rest in entries:
        labels = re.search(r"labels: \[([^\]]*)\]", rest)
        extra = re.findall(r'"(\w+)"', labels.group(1)) if labels else []
        metrics[prefixes[kind] + name] = set(bases[kind] + extra)
    cases = re.findall(r"^        case \.\w+:", source, re.M)
    if not metrics or len(metrics) != len(cases):
        finding(CATALOGUE, f"{len(cases)} entries, of which {len(metrics)} could be read here")
    return metrics


def check_names(place, expression, known):
    """Checks that every name is a metric that exists, and every matcher a label of this metric."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    text = re.sub(r"\[[^\]]*\]|\boffset \w+", " ", text)
    names = set()
    for match in re.finditer(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(\s*\()?", text):
        name, matchers, call = match.groups()
        if call or name.lower() in WORDS:
            continue
        if name not in known:
            finding(place, f"no metric is called {name}")
            continue
        names.add(name)
        if known[name] is None:
            continue
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers or ""):
            if label not in known[name] | TARGET_LABELS:
                finding(place, f"{name} has no label {label}")
    return names


def rules(path):
    """(kind, name, expression, text) of each rule of a file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for block in re.split(r"\n(?=      - (?:alert|record): )", text)[1:]:
        kind, name = re.match(r"\s*- (alert|record): (\S+)", block).groups()
        body = re.search(r"\n        expr:(?: \|\n((?:          .*\n?)+)| (.*))", block)
        if not body:
            finding(path, f"{name} has no expression that can be read here")
            continue
        yield kind, name, (body.group(1) or body.group(2)).strip(), block


def check_rules(metrics):
    known = dict(metrics, **OTHERS)
    found = []
    for path in sorted(glob.glob("deploy/prometheus/*.rules.yml") + glob.glob("deploy/prometheus/*.alerts.yml")):
        found += [(path, *rule) for rule in rules(path)]
    recorded = {name for _, kind, name, _, _ in found if kind == "record"}
    known.update({name: None for name in recorded})
    used = set()
    for path, _, name, expression, _ in found:
        used |= check_names(f"{path}: {name}", expression, known)
    alerts = {}
    for path, kind, name, _, block in found:
        if kind == "alert":
            alerts.setdefault(name, []).append((path, block))
    tested = tests()
    for name in recorded:
        if name not in tested["expressions"]:
            finding("deploy/prometheus/tests", f"{name} is not tested")
    for name, variants in alerts.items():
        for path, block in variants:
            check_alert(path, name, block)
        severities = {re.search(r"severity: (\w+)", block).group(1) for _, block in variants}
        for severity in severities - tested["fires"].get(name, set()):
            finding("deploy/prometheus/tests", f"no test in which {name} fires with severity {severity}")
        if name not in tested["silent"]:
            finding("deploy/prometheus/tests", f"no test in which {name} stays silent")
    for name in (tested["silent"] | set(tested["fires"])) - set(alerts):
        finding("deploy/prometheus/tests", f"{name} is tested but does not exist")
    check_runbooks(set(alerts), set(metrics))
    return len(alerts), sorted(recorded), len(used & set(metrics))


def check_alert(path, name, block):
    place = f"{path}: {name}"
    if not name.startswith("MySQLReplication"):
        finding(place, "the name does not begin with MySQLReplication")
    if not re.search(r"\n          severity: (critical|warning|info)\n", block):
        finding(place, "the severity is none of critical, warning, info")
    for annotation in ("summary", "description"):
        if not re.search(rf"\n          {annotation}: \S", block):
            finding(place, f"no {annotation}")
    # Only an operator knows where the runbooks can be reached: `rules --web.external-url`.
    if "runbook_url" in block:
        finding(place, "links to a runbook at an address that nobody has given")
    severity, after = (re.search(rf"\n *{key}: (\w+)", block) for key in ("severity", "for"))
    row = f"| [{name}](../../docs/runbooks/{name}.md) | {severity and severity.group(1)} | {after and after.group(1)} |"
    with open("deploy/prometheus/README.md", encoding="utf-8") as file:
        if row not in file.read():
            finding("deploy/prometheus/README.md", f"the table lacks the row {row}")
    if re.search(r"[<>=]=?\s*bool\b", block):
        finding(place, "'bool' turns a comparison into a number, which every `and` treats as true")


def tests():
    """The alerts that fire in a test, with their severities, and that stay silent; and the series that are queried."""
    fires, silent, expressions = {}, set(), set()
    for path in sorted(glob.glob("deploy/prometheus/tests/*.test.yml")):
        alert = None
        with open(path, encoding="utf-8") as file:
            for line in file:
                if match := re.match(r"\s*alertname: (\S+)", line):
                    alert = match.group(1)
                elif re.match(r"\s*exp_alerts: \[\]", line):
                    silent.add(alert)
                elif match := re.match(r"\s*severity: (\w+)", line):
                    fires.setdefault(alert, set()).add(match.group(1))
                elif match := re.match(r"\s*- expr: (\S+)$", line):
                    expressions.add(match.group(1))
    return {"fires": fires, "silent": silent, "expressions": expressions}


def check_runbooks(alerts, metrics):
    for name in alerts:
        path = f"docs/runbooks/{name}.md"
        if not os.path.exists(path):
            finding(path, "is missing")
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for heading in (f"# {name}\n", "\n## What it means\n", "\n## Look at\n", "\n## Do\n"):
            if heading not in text:
                finding(path, f"no heading {heading.strip()!r}")
        for series in set(re.findall(r"\b(?:mysql_replication|process)_\w+", text)) - metrics:
            finding(path, f"no metric is called {series}")
    for path in glob.glob("docs/runbooks/MySQLReplication*.md"):
        if os.path.basename(path)[: -len(".md")] not in alerts:
            finding(path, "there is no such alert")


def check_queries(metrics, recorded):
    """[(place, expression)] of the page of queries."""
    known = dict(metrics, **OTHERS, **{name: None for name in recorded})
    with open(QUERIES, encoding="utf-8") as file:
        blocks = re.findall(r"```promql\n(.*?)```", file.read(), re.S)
    expressions = []
    for block in blocks:
        for query in re.split(r"\n\n", block.strip()):
            expression = "\n".join(line for line in query.splitlines() if not line.startswith("#"))
            check_names(f"{QUERIES}: {expression}", expression, known)
            expressions.append((QUERIES, expression))
    return expressions


def panels(dashboard):
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", [])


def check_dashboards(metrics):
    """[(place, expression with its variables filled in)] of panels and variables, the same of annotations, which are mostly empty,
    and how many dashboards there are."""
    known = dict(metrics, **OTHERS)
    expressions, parsed, links, uids = [], [], [], {}
    paths = sorted(glob.glob("dashboards/*.json"))
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                dashboard = json.load(file)
        except ValueError as error:
            finding(path, f"is not JSON: {error}")
            continue
        if dashboard.get("schemaVersion", 0) < 39:
            finding(path, "schemaVersion is below 39")
        if dashboard.get("editable") is not False:
            finding(path, "is editable")
        if dashboard.get("graphTooltip") != 1:
            finding(path, "has no shared crosshair")
        if uids.setdefault(dashboard.get("uid"), path) != path:
            finding(path, f"has the uid of {uids[dashboard.get('uid')]}")
        variables = {variable["name"]: variable for variable in dashboard.get("templating", {}).get("list", [])}
        if variables.get("datasource", {}).get("type") != "datasource":
            finding(path, "has no datasource variable")
        for variable in variables.values():
            if variable["type"] == "query":
                query = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                if not query:
                    finding(path, f"the query of ${variable['name']} is not label_values(…, label)")
                    continue
                expressions.append((f"{path}: ${variable['name']}", filled(query.group(1))))
                check_names(f"{path}: ${variable['name']}", filled(query.group(1)), known)
        queried = {name for name, variable in variables.items() if variable["type"] == "query"}
        for name in queried & OF_LINKS:
            if f"${{{name}}}" not in json.dumps(dashboard["panels"]):
                finding(path, f"has a variable {name} that no link needs")
        queried -= OF_LINKS
        for name in {"job", "cluster"} - queried:
            finding(path, f"has no variable {name}")
        annotations = dashboard.get("annotations", {}).get("list", [])
        if not annotations:
            finding(path, "has no annotations")
        for annotation in annotations:
            check_names(f"{path}: {annotation['name']}", filled(annotation["expr"]), known)
            parsed.append((f"{path}: {annotation['name']}", filled(annotation["expr"])))
        expressions += check_panels(path, dashboard, known, queried)
        links += [(path, url) for url in re.findall(r'"url": "(/d/[^"]+)"', json.dumps(dashboard))]
    for path, url in links:
        if re.match(r"/d/([^?]+)", url).group(1) not in uids:
            finding(path, f"links to no dashboard: {url}")
    return expressions, parsed, len(paths)


def aggregations(expression):
    """(operator, "by", "without" or "", its labels, start and end of its argument) of each, outer ones first."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: '"' + "_" * (len(match.group(0)) - 2) + '"', expression)
    pattern = r"\b(sum|min|max|avg|count|topk|bottomk|group|stddev|quantile)\s*(?:(by|without)\s*\(([^)]*)\)\s*)?\("
    for match in re.finditer(pattern, text):
        end, depth = match.end(), 1
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        labels = {label.strip() for label in (match.group(3) or "").split(",") if label.strip()}
        yield match.group(1), match.group(2) or "", labels, match.end(), end


def check_doubles(place, expression, kept):
    """Checks that two exporters of one fleet count once, and that sets of the same name in two clusters stay apart.

    So each series of a node or set must first be merged over its instances, by a max or min without (instance), and no
    aggregation may group by a list of labels, which would drop labels added by the scrape. `kept` are labels that no grouping
    may drop. An aggregation that keeps instance is about a single exporter and is exempt."""
    unquoted = re.sub(r'"[^"]*"', lambda match: "_" * len(match.group(0)), expression)
    for series in re.finditer(r"\b(mysql_replication_(?!exporter_)\w+|ALERTS)\b", unquoted):
        around = [a for a in aggregations(expression) if a[3] <= series.start() < a[4]]
        if around and around[0][1] and ("instance" in around[0][2]) == (around[0][1] == "by"):
            continue
        settled = False
        for operator, grouping, labels, _, _ in reversed(around):
            if grouping == "by":
                finding(place, f"groups {series.group(1)} by a list of labels, which merges sets of one name: {expression}")
            if grouping == "without" and labels & kept:
                finding(place, f"drops {', '.join(sorted(labels & kept))} of {series.group(1)}: {expression}")
            if operator in ("min", "max") and (not grouping or (grouping == "without") == ("instance" in labels)):
                settled = True
            elif operator not in ("min", "max") and not settled:
                finding(place, f"{operator} counts {series.group(1)} once for each exporter of the fleet: {expression}")
                settled = True
        if not settled:
            finding(place, f"shows {series.group(1)} once for each exporter of the fleet: {expression}")


def check_panels(path, dashboard, known, variables):
    expressions, ids = [], set()
    for panel in panels(dashboard):
        place = f"{path}: {panel.get('title') or 'panel ' + str(panel.get('id'))}"
        if panel.get("id") in ids:
            finding(place, f"duplicate id {panel.get('id')}")
        ids.add(panel.get("id"))
        if not panel.get("title"):
            finding(place, "no title")
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            finding(place, "no description")
        if "unit" not in panel.get("fieldConfig", {}).get("defaults", {}):
            finding(place, "no unit")
        if panel.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
            finding(place, "does not use the datasource variable")
        if not panel.get("targets"):
            finding(place, "has no query")
        # A name that leads nowhere has to be looked for again in another dashboard.
        if '"replication_set": "Set"' in json.dumps(panel) and "/d/" not in json.dumps(panel["fieldConfig"]):
            finding(place, "names sets, and has no link to them")
        for target in panel.get("targets", []):
            expression = target["expr"]
            # A variable has no effect on a query that leaves it out.
            for variable in variables:
                if f"${variable}" not in expression:
                    finding(place, f"leaves out ${variable} in {expression}")
            if re.search(r"\b(rate|increase)\(", expression) and "$__rate_interval" not in expression:
                finding(place, "a rate without $__rate_interval")
            check_names(place, filled(expression), known)
            check_doubles(place, expression, {"replication_set", "job", "cluster", "region"})
            expressions.append((place, filled(expression)))
    return expressions


def filled(expression):
    """An expression as Grafana would send it with everything selected."""
    expression = expression.replace("$__rate_interval", "5m").replace("$__interval", "1m").replace("$__range", "1h")
    return re.sub(r"\$\{?\w+\}?", ".*", expression)


def parse(expressions):
    """promtool accepts only rules, so each expression becomes one. It reports the first error in a file by its rule."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write("groups:\n  - name: dashboards\n    rules:\n")
        for number, (place, expression) in enumerate(expressions):
            rule = {"record": f"panel:{number}", "expr": expression, "labels": {"panel": place}}
            file.write(f"      - {json.dumps(rule)}\n")
        file.flush()
        answer = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return
    numbers = {int(number) for number in re.findall(r'"?panel:(\d+)"?', answer.stdout + answer.stderr)}
    for number in sorted(numbers):
        finding(expressions[number][0], f"cannot be parsed: {expressions[number][1]}")
    finding("dashboards", (answer.stdout + answer.stderr).strip())


def check_live(url, expressions):
    """Checks that every expression returns data, at the latest after Prometheus has scraped for a while."""
    waiting = [(place, healthy(text)) for place, text in expressions if not ABSENT_IN_DEMO.search(text)]
    deadline = time.monotonic() + 60
    while waiting:
        waiting = [(place, text) for place, text in waiting if not has_data(url, text)]
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    for place, text in waiting:
        finding(place, f"no data for {text}")


def healthy(expression):
    """An expression that shows only what is not well, or switched on, such that it shows the rest: its series have to match each
    other too."""
    if not re.search(r"@ end\(\)|^topk\(100, ", expression):
        return expression
    return expression.replace("== 0", ">= 0").replace("== 1", ">= 0").replace("> 1", "> 0")


def check_alike(url, other, records):
    """Checks that recorded series and pending or firing alerts are the same in both, apart from a node's own instance."""
    expressions = [*records, "ALERTS"]
    deadline = time.monotonic() + 60
    while True:
        differing = []
        for expression in expressions:
            here, there = (series(place, expression) for place in (url, other))
            if here != there or len(there) != len(set(there)) or (not here and expression not in RECORDED_IN_A_FAULT):
                differing.append(f"{expression}: {here} at /metrics, {there} at /probe")
        if not differing or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    for text in differing:
        finding("rules", text)


def series(url, expression):
    """The sorted label sets of an expression's result, without the label that differs between the two ways to scrape."""
    kept = [sorted((k, v) for k, v in labels.items() if k != "instance") for labels in query(url, expression) or []]
    return sorted(tuple(labels) for labels in kept)


def has_data(url, expression):
    return bool(query(url, expression))


def query(url, expression):
    """The label sets returned by an instant query; None while Prometheus is not up."""
    text = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/api/v1/query?{text}", timeout=10) as response:
            return [result["metric"] for result in json.load(response)["data"]["result"]]
    except urllib.error.HTTPError as error:
        sys.exit(f"{expression}: {error.read().decode()}")
    except OSError:
        return None


def main():
    live = sys.argv[2:] if sys.argv[1:2] == ["--live"] and len(sys.argv) in (3, 4) else []
    if sys.argv[1:] and not live:
        sys.exit("usage: check-operators.py [--live URL [URL that scrapes /probe]]")
    metrics = catalogue()
    alerts, records, used = check_rules(metrics)
    expressions, annotations, dashboards = check_dashboards(metrics)
    queries = check_queries(metrics, records)
    parse(expressions + annotations + queries)
    if live:
        check_live(live[0], expressions)
    if len(live) > 1:
        check_alike(*live, records)
    for text in sorted(findings):
        print(text, file=sys.stderr)
    print(
        f"operators: {alerts} alerts and their runbooks, {len(records)} recording rules, {dashboards} dashboards with "
        f"{len(expressions)} expressions, {len(queries)} queries, against {len(metrics)} metrics of which rules use {used}: "
        + (f"{len(findings)} problems" if findings else "ok")
    )
    sys.exit(1 if findings else 0)


main()
