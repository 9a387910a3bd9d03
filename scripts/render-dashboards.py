#!/usr/bin/env python3
"""Draws the dashboards with the data of a live Prometheus, about as Grafana does, so that they can be looked at without one.

    scripts/render-dashboards.py --prometheus http://localhost:9090 --range 5m --var replication_set=shop FOLDER

For each dashboard: a page FOLDER/NAME.html, and a picture FOLDER/NAME.png of it if chromium is installed. Reports what a picture
does not show: queries that fail, links whose variables have no value, columns and rows that do not fit. Exits with 1 if it
reports a failed query or a link that leads nowhere.

What follows Grafana 11: the grid, how tables are merged, organized, sorted and given widths, the space for legends, texts for
"no data", units, thresholds, value mappings, overrides, and variables. What does not: fonts, interaction, the last pixel.
Standard library only.
"""

import argparse
import datetime
import html
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]

CELL, GAP, MARGIN, HEADER = 30, 8, 16, 32
COLORS = {
    "green": "#73bf69", "red": "#f2495c", "orange": "#ff9830", "yellow": "#fade2a", "blue": "#5794f2", "purple": "#b877d9",
    "text": "#ccccdc", "transparent": "transparent",
}
PALETTE = [
    "#73bf69", "#fade2a", "#5794f2", "#ff9830", "#f2495c", "#8ab8ff", "#b877d9", "#705da0", "#37872d", "#fa6400", "#447ebc",
    "#c15c17", "#c4162a", "#3274d9", "#8f3bb8", "#96d98d", "#ffee52", "#8ab8ff", "#ffb357", "#ff7383"]
STYLE = """
body { background: #111217; color: #ccccdc; font: 14px Inter, Roboto, "DejaVu Sans", sans-serif; margin: 0; }
.top, .panel, .row { position: absolute; box-sizing: border-box; overflow: hidden; }
.panel { background: #181b1f; border: 1px solid #2b2e34; border-radius: 2px; }
.panel > h2, .row { font-size: 14px; font-weight: 500; margin: 0; padding: 7px 8px; height: 32px; box-sizing: border-box; white-space: nowrap; }
.note { color: #8e8e99; border: 1px solid #555; border-radius: 50%; padding: 0 5px; font-size: 10px; margin-left: 6px; }
.body { position: absolute; left: 8px; right: 8px; top: 32px; bottom: 8px; overflow: hidden; }
.empty { display: flex; height: 100%; align-items: center; justify-content: center; text-align: center; color: #9a9aa5; }
.stat { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; font-weight: 500; }
.stat span { white-space: nowrap; }
table { border-collapse: collapse; table-layout: fixed; }
td, th { box-sizing: border-box; height: 36px; padding: 0 6px; border-bottom: 1px solid #2b2e34; border-right: 1px solid #22252b;
  overflow: hidden; white-space: nowrap; text-overflow: ellipsis; text-align: left; font-weight: 400; font-size: 14px; }
th { color: #6e9fff; font-weight: 500; }
td.number, th.number { text-align: right; }
td a { color: inherit; text-decoration: underline; }
.legend { position: absolute; left: 0; right: 0; bottom: 0; overflow: hidden; font-size: 12px; }
.legend td, .legend th { height: 22px; font-size: 12px; border: 0; }
.legend i, .chips i { display: inline-block; width: 14px; height: 4px; margin-right: 6px; vertical-align: middle; border-radius: 1px; }
.chip { background: #22252b; border: 1px solid #3a3d44; padding: 4px 8px; margin-right: 8px; border-radius: 2px; font-size: 12px; }
.chip b { font-weight: 500; color: #6e9fff; margin-right: 6px; }
svg text { fill: #ccccdc; font-size: 12px; }
"""


class Finding(Exception):
    """A query that Prometheus refuses."""


# Prometheus


class Prometheus:
    def __init__(self, url, seconds):
        self.url = url.rstrip("/")
        self.seconds = seconds
        self.end = datetime.datetime.now().timestamp()
        self.start = self.end - seconds
        self.step = max(1, math.ceil(seconds / 300))

    def ask(self, path, **parameters):
        url = f"{self.url}{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=600) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise Finding(f"{json.load(error).get('error')}: {parameters.get('query')}") from None

    def instant(self, query):
        """[(labels, value)]"""
        data = self.ask("/api/v1/query", query=query, time=self.end)
        if data["resultType"] == "scalar":
            return [({}, number(data["result"][1]))]
        return [(labels(series), number(series["value"][1])) for series in data["result"]]

    def over_time(self, query):
        """[(labels, [(time, value)])]"""
        data = self.ask("/api/v1/query_range", query=query, start=self.start, end=self.end, step=self.step)
        return [(labels(series), [(time, number(value)) for time, value in series["values"]]) for series in data["result"]]

    def values(self, label, match):
        return self.ask(f"/api/v1/label/{label}/values", **{"match[]": match, "start": self.start, "end": self.end})


def labels(series):
    return {name: value for name, value in series["metric"].items() if name != "__name__"}


def number(text):
    value = float(text)
    return None if math.isnan(value) else value


# Values as text


def decimals(value):
    """About three digits."""
    magnitude = abs(value)
    if magnitude == int(magnitude) or magnitude >= 100:
        return 0
    return 2 if magnitude < 10 else 1


def scaled(value, base, units, suffix=""):
    index = 0
    while abs(value) >= base and index < len(units) - 1:
        value /= base
        index += 1
    text = f"{value:.{decimals(value)}f}"
    return f"{text} {units[index]}{suffix}".rstrip()


def duration(value):
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1, 1e3, "ms"), (60, 1, "s"), (3600, 1 / 60, "mins"),
                                (86400, 1 / 3600, "hours"), (math.inf, 1 / 86400, "days")):
        if abs(value) < limit and (value or unit == "s"):
            return f"{value * factor:.{decimals(value * factor)}f} {unit}"
    return str(value)


def shown(value, unit):
    """A number in its unit; text as it is."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if math.isinf(value):
        return "∞"
    known = {
        "s": duration,
        "bytes": lambda v: scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]),
        "Bps": lambda v: scaled(v, 1000, ["B/s", "kB/s", "MB/s", "GB/s"]),
        "short": lambda v: scaled(v, 1000, ["", "K", "Mil", "Bil"]),
        "percentunit": lambda v: f"{v * 100:.{decimals(v * 100)}f}%",
        "ops": lambda v: scaled(v, 1000, ["", "K"], " ops/s"),
        "reqps": lambda v: scaled(v, 1000, ["", "K"], " req/s"),
        "dateTimeAsIso": lambda v: datetime.datetime.fromtimestamp(v / 1000).strftime("%Y-%m-%d %H:%M:%S"),
        "dateTimeFromNow": lambda v: duration(datetime.datetime.now().timestamp() - v / 1000) + " ago",
    }
    if unit in known:
        return known[unit](value)
    return f"{value:.{decimals(value)}f}" + (f" {unit}" if unit not in (None, "", "none") else "")


# Fields: the defaults of a panel and what overrides them


def configured(panel, name, ref=None):
    """The settings of one field, custom ones under their bare names."""
    config = panel.get("fieldConfig", {})
    settings = {key: value for key, value in config.get("defaults", {}).items() if key != "custom"}
    settings |= config.get("defaults", {}).get("custom", {})
    for override in config.get("overrides", []):
        matcher = override["matcher"]
        if matcher["id"] == "byName" and matcher["options"] == name \
                or matcher["id"] == "byFrameRefID" and matcher["options"] == ref \
                or matcher["id"] == "byRegexp" and re.search(matcher["options"].strip("/"), name):
            settings |= {item["id"].removeprefix("custom."): item["value"] for item in override["properties"]}
    return settings


def mapped(value, settings):
    """(text, name of a colour or None) by the value mappings."""
    for mapping in settings.get("mappings") or []:
        if mapping["type"] == "value":
            key = value if isinstance(value, str) else "" if value is None else f"{value:g}"
            if key in mapping["options"]:
                found = mapping["options"][key]
                return found.get("text"), found.get("color")
        elif mapping["type"] == "special" and mapping["options"]["match"] in ("null", "null+nan") and value is None:
            found = mapping["options"]["result"]
            return found.get("text"), found.get("color")
        elif mapping["type"] == "range" and isinstance(value, float):
            low, high = mapping["options"].get("from"), mapping["options"].get("to")
            if (low is None or value >= low) and (high is None or value <= high):
                found = mapping["options"]["result"]
                return found.get("text"), found.get("color")
    return None, None


def threshold(value, settings):
    steps = (settings.get("thresholds") or {}).get("steps") or [{"color": "green", "value": None}]
    chosen = steps[0]["color"]
    for step in steps[1:]:
        if isinstance(value, (int, float)) and value >= step["value"]:
            chosen = step["color"]
    return chosen


def display(value, settings):
    """(text, colour) of a value."""
    text, color = mapped(value, settings)
    if text is None:
        text = shown(value, settings.get("unit"))
    return text, COLORS.get(color or threshold(value, settings), color or "#888")


def on_background(color):
    """A legible colour for text."""
    if not color.startswith("#"):
        return COLORS["text"]
    red, green, blue = (int(color[i:i + 2], 16) for i in (1, 3, 5))
    return "#111217" if (red * 299 + green * 587 + blue * 114) / 1000 > 140 else "#ffffff"


# A dashboard


class Page:
    def __init__(self, dashboard, prometheus, chosen, width, uids):
        self.dashboard, self.prometheus, self.width, self.uids = dashboard, prometheus, width, uids
        self.findings, self.remarks = [], []
        self.seconds = prometheus.seconds
        self.variables, self.texts = {}, {}
        for variable in dashboard["templating"]["list"]:
            self.choose(variable, chosen.get(variable["name"]))

    def choose(self, variable, chosen):
        name = variable["name"]
        if variable["type"] != "query":
            self.variables[name] = self.texts[name] = "prometheus"
            return
        match, label = re.fullmatch(r"label_values\((.*), (\w+)\)", self.filled(variable["query"]["query"])).groups()
        values = self.prometheus.values(label, match)
        if chosen:
            self.variables[name], self.texts[name] = "|".join(map(re.escape, chosen)), " + ".join(chosen)
        elif variable.get("includeAll"):
            self.variables[name], self.texts[name] = variable.get("allValue") or "|".join(values), "All"
        else:
            self.variables[name] = self.texts[name] = values[0] if values else ""
            if not values:
                self.remarks.append(f"${name} has no value")

    def filled(self, text):
        step = self.prometheus.step
        for name, value in {"__range": f"{self.seconds}s", "__rate_interval": f"{max(step + 1, 8)}s", "__interval": f"{step}s",
                            **self.variables}.items():
            text = re.sub(rf"\$({name}\b|\{{{name}\}})", lambda _, v=value: v, text)
        return text

    def rendered(self):
        bottom = max((p["gridPos"]["y"] + p["gridPos"]["h"] for p in self.dashboard["panels"]), default=1)
        top = 92
        parts = [self.head()]
        column = (self.width - 2 * MARGIN + GAP) / 24
        for panel in self.dashboard["panels"]:
            grid = panel["gridPos"]
            place = {"left": MARGIN + grid["x"] * column, "top": top + grid["y"] * (CELL + GAP),
                     "width": grid["w"] * column - GAP, "height": grid["h"] * (CELL + GAP) - GAP}
            style = "; ".join(f"{key}: {value:.1f}px" for key, value in place.items())
            if panel["type"] == "row":
                parts.append(f'<div class="row" style="{style}">⌄ {html.escape(panel["title"])}</div>')
                continue
            try:
                body = self.body(panel, place["width"] - 18, place["height"] - HEADER - 10)
            except Finding as finding:
                self.findings.append(f"{panel['title']}: {finding}")
                body = f'<div class="empty" style="color: #f2495c">{html.escape(str(finding))}</div>'
            note = '<span class="note">i</span>' if panel.get("description") else ""
            if isinstance(body, tuple):
                body, background = body
                style += f"; background: {background}; color: {on_background(background)}"
            parts.append(f'<div class="panel" style="{style}"><h2>{html.escape(panel["title"])}{note}</h2>'
                         f'<div class="body">{body}</div></div>')
        height = top + bottom * (CELL + GAP) + MARGIN
        return height, f'<!DOCTYPE html><meta charset="utf-8"><title>{html.escape(self.dashboard["title"])}</title>' \
                       f'<style>{STYLE} body {{ width: {self.width}px; height: {height}px; }}</style>{"".join(parts)}'

    def head(self):
        chips = "".join(
            f'<span class="chip"><b>{html.escape(v.get("label") or v["name"])}</b>{html.escape(self.texts[v["name"]])}</span>'
            for v in self.dashboard["templating"]["list"] if v.get("hide", 0) != 2)
        links = "".join(f'<span class="chip">{html.escape(link["title"])} ▾</span>' for link in self.dashboard.get("links", []))
        return f'<div class="top" style="left: {MARGIN}px; right: {MARGIN}px; top: 10px; height: 76px">' \
               f'<div style="font-size: 18px; margin-bottom: 12px">{html.escape(self.dashboard["title"])}' \
               f'<span style="float: right; font-size: 13px">last {self.seconds // 60} min</span></div>{chips}' \
               f'<span style="float: right">{links}</span></div>'

    def body(self, panel, width, height):
        draw = {"stat": self.stat, "table": self.table, "timeseries": self.timeseries, "state-timeline": self.timeline,
                "bargauge": self.bars}.get(panel["type"])
        if not draw:
            self.findings.append(f"{panel['title']}: no panel of type {panel['type']} can be drawn here")
            return '<div class="empty">not drawn</div>'
        return draw(panel, width, height)

    def empty(self, panel):
        text = panel["fieldConfig"]["defaults"].get("noValue")
        if not text:
            self.remarks.append(f"{panel['title']}: no data, and no text that explains it")
        return f'<div class="empty">{html.escape(text or "No data")}</div>'

    def check_links(self, panel, settings, known):
        """Links must lead to a dashboard that exists, with values for all of their variables."""
        for link in settings.get("links") or []:
            uid = re.match(r"/d/([^?/]+)", link["url"])
            if uid and uid.group(1) not in self.uids:
                self.findings.append(f"{panel['title']}: no dashboard {uid.group(1)}")
            for place in re.findall(r"\$\{([^}]*)\}", link["url"]):
                kind, _, name = place.partition(".fields." if ".fields." in place else ".labels.")
                if kind in ("__data", "__field") and name not in known:
                    self.findings.append(f"{panel['title']}: the link '{link['title']}' needs {place}, which has no value")
                elif kind not in ("__data", "__field") and place.split(":")[0] not in (
                        *self.variables, "__url_time_range", "__value.raw", "__value.text"):
                    self.findings.append(f"{panel['title']}: the link '{link['title']}' needs {place}, which is unknown")

    # Stat and bar gauge

    def reduced(self, panel):
        """[(name, value)]"""
        found = []
        for target in panel["targets"]:
            for series, value in self.prometheus.instant(self.filled(target["expr"])):
                found.append((self.legend(target, series), value))
        return found

    def stat(self, panel, width, height):
        values = self.reduced(panel)
        settings = configured(panel, "")
        self.check_links(panel, settings, {})
        if len(values) > 1:
            self.remarks.append(f"{panel['title']}: {len(values)} values in one stat")
        value = values[0][1] if values else None
        if value is None:
            text, color = settings.get("noValue") or "No data", COLORS["text"]
            if not settings.get("noValue"):
                self.remarks.append(f"{panel['title']}: no data, and no text that explains it")
            background = False
        else:
            text, color = display(value, settings)
            background = panel["options"].get("colorMode") == "background"
        size = min(height * 0.55, 1.6 * width / max(len(text), 1), 60)
        if len(panel["title"]) * 7.6 + 30 > width:
            self.remarks.append(f"{panel['title']}: the title is cut off")
        body = f'<div class="stat" style="font-size: {size:.0f}px; color: {"inherit" if background else color}">' \
               f'<span>{html.escape(text)}</span></div>'
        return (body, color) if background and color != "transparent" else body

    def bars(self, panel, width, height):
        values = self.reduced(panel)
        if not values:
            return self.empty(panel)
        settings = configured(panel, "")
        top = settings.get("max") or max((value or 0 for _, value in values), default=1) or 1
        size = min(40, height / len(values))
        rows = []
        for name, value in values:
            text, color = display(value, settings)
            rows.append(f'<div style="height: {size - 4:.0f}px; margin-bottom: 4px"><span style="display: inline-block; width: 30%">'
                        f'{html.escape(name)}</span><span style="display: inline-block; height: 100%; background: {color}; '
                        f'width: {50 * (value or 0) / top:.0f}%"></span> {html.escape(text)}</div>')
        return "".join(rows)

    # Tables

    def table(self, panel, width, height):
        frames = []
        for target in panel["targets"]:
            results = self.prometheus.instant(self.filled(target["expr"]))
            value = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
            names = sorted({name for series, _ in results for name in series})
            frames.append(([*["Time"], *names, value], [
                {"Time": self.prometheus.end, **{name: series.get(name, "") for name in names}, value: amount}
                for series, amount in results]))
        columns, rows = frames[0] if len(frames) == 1 else merged(frames)
        for transformation in panel.get("transformations", []):
            if transformation["id"] == "organize":
                columns, rows = organized(columns, rows, transformation["options"])
            elif transformation["id"] != "merge":
                self.findings.append(f"{panel['title']}: no transformation {transformation['id']} can be made here")
        if not rows:
            return self.empty(panel)
        for order in reversed(panel["options"].get("sortBy") or []):
            name = order["displayName"]
            if name not in columns:
                self.remarks.append(f"{panel['title']}: is sorted by {name}, which is not a column of it")
            numeric = any(isinstance(row.get(name), (int, float)) for row in rows)
            rows.sort(key=lambda row, n=name, m=numeric: sortable(row.get(n), m), reverse=bool(order.get("desc")))
        return self.cells(panel, columns, rows, width, height)

    def cells(self, panel, columns, rows, width, height):
        settings = {name: configured(panel, name) for name in columns}
        columns = [name for name in columns if not settings[name].get("hidden")]
        fixed = {name: settings[name]["width"] for name in columns if settings[name].get("width")}
        free = len(columns) - len(fixed)
        widths = {name: fixed.get(name) or max(settings[name].get("minWidth", 150), (width - sum(fixed.values())) / max(free, 1))
                  for name in columns}
        if sum(widths.values()) > width + 2:
            seen, hidden = 0, []
            for name in columns:
                seen += widths[name]
                if seen > width + 2:
                    hidden.append(name)
            self.remarks.append(f"{panel['title']}: is {sum(widths.values()):.0f} px wide in {width:.0f}; to be scrolled to: {', '.join(hidden)}")
        visible = int((height - 36) / 36)
        if len(rows) > visible:
            self.remarks.append(f"{panel['title']}: {visible} of {len(rows)} rows are in sight")
        for name in columns:
            self.check_links(panel, settings[name], columns)
        numeric = {name for name in columns if any(isinstance(row.get(name), (int, float)) for row in rows)
                   and not settings[name].get("mappings")}
        parts = ["".join(f'<th class="{"number" if name in numeric else ""}" style="width: {widths[name]:.0f}px">{html.escape(name)}</th>'
                         for name in columns)]
        for name in columns:
            if len(name) * 7.6 + 14 > widths[name]:
                self.remarks.append(f"{panel['title']}: the heading {name} is cut off")
            longest = max((display(row.get(name), settings[name])[0] for row in rows), key=len)
            if len(longest) * 7.4 + 14 > widths[name]:
                self.remarks.append(f"{panel['title']}: {longest!r} under {name} is cut off")
        for row in rows[:visible + 1]:
            cells = []
            for name in columns:
                value = row.get(name)
                text, color = display(value, settings[name])
                style = ""
                kind = (settings[name].get("cellOptions") or {}).get("type")
                if value is not None and kind == "color-background":
                    style = f"background: {color}; color: {on_background(color)}"
                elif value is not None and kind == "color-text":
                    style = f"color: {color}"
                text = html.escape(text)
                if settings[name].get("links") and text:
                    text = f"<a>{text}</a>"
                cells.append(f'<td class="{"number" if name in numeric else ""}" style="{style}">{text}</td>')
            parts.append("".join(cells))
        body = "".join(f"<tr>{part}</tr>" for part in parts)
        return f'<table style="width: {sum(widths.values()):.0f}px">{body}</table>'

    # Over time

    def legend(self, target, series):
        pattern = target.get("legendFormat") or "__auto"
        if pattern == "__auto":
            return ", ".join(f"{name}={value}" for name, value in series.items()) or "value"
        return " ".join(re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: series.get(match.group(1), ""), pattern).split())

    def series(self, panel):
        """[(name, labels, points, settings)]"""
        found = []
        for target in panel["targets"]:
            for series, points in self.prometheus.over_time(self.filled(target["expr"])):
                name = self.legend(target, series)
                settings = configured(panel, name, target["refId"])
                # A threshold has no node to lead to.
                if not settings.get("lineStyle"):
                    self.check_links(panel, settings, series)
                found.append((name, series, points, settings))
        names = [name for name, *_ in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.remarks.append(f"{panel['title']}: {names.count(name)} series are called {name!r}")
        return found

    def x(self, time, left, width):
        return left + (time - self.prometheus.start) / self.seconds * width

    def time_axis(self, left, width, bottom):
        parts = []
        ticks = max(2, int(width / 110))
        for index in range(ticks + 1):
            time = self.prometheus.start + self.seconds * index / ticks
            x = self.x(time, left, width)
            text = datetime.datetime.fromtimestamp(time).strftime("%H:%M:%S")
            anchor = "start" if index == 0 else "end" if index == ticks else "middle"
            parts.append(f'<text x="{x:.0f}" y="{bottom + 16:.0f}" text-anchor="{anchor}" style="fill: #8e8e99; font-size: 11px">{text}</text>')
        return "".join(parts)

    def annotations(self):
        if not hasattr(self, "marks"):
            self.marks = []
            for annotation in self.dashboard.get("annotations", {}).get("list", []):
                if not annotation.get("enable"):
                    continue
                for _, points in self.prometheus.over_time(self.filled(annotation["expr"])):
                    last = None
                    for time, _ in points:
                        if last is None or time - last > 60:
                            self.marks.append((time, COLORS.get(annotation["iconColor"], "#fff")))
                        last = time
        return self.marks

    def timeseries(self, panel, width, height):
        found = self.series(panel)
        if not any(points for _, _, points, _ in found):
            return self.empty(panel)
        legend = panel["options"]["legend"]
        calcs = legend.get("calcs", [])
        rows = []
        for index, (name, _, points, settings) in enumerate(found):
            color = settings.get("color", {})
            color = COLORS.get(color.get("fixedColor"), "#888") if color.get("mode") == "fixed" else PALETTE[index % len(PALETTE)]
            values = [value for _, value in points if value is not None]
            figures = {"lastNotNull": values[-1] if values else None, "max": max(values, default=None),
                       "mean": sum(values) / len(values) if values else None, "min": min(values, default=None)}
            rows.append((name, color, [figures.get(calc) for calc in calcs], points, settings))
        # Columns of figures, sorted by the last value.
        listed = sorted(rows, key=lambda row: -(row[2][0] if row[2] and row[2][0] is not None else -math.inf))
        legend_height = 0
        if legend.get("showLegend"):
            legend_height = min(24 + 22 * len(listed), 0.35 * (height + HEADER))
            in_sight = int((legend_height - 24) / 22)
            if len(listed) > in_sight:
                self.remarks.append(f"{panel['title']}: {in_sight} of {len(listed)} lines of the legend are in sight")
        if len(found) > 25:
            self.remarks.append(f"{panel['title']}: {len(found)} lines")
        plot = height - legend_height - 24
        parts = [self.plot(rows, panel, width, plot)]
        if legend.get("showLegend"):
            titles = {"lastNotNull": "Last *", "max": "Max", "mean": "Mean", "min": "Min"}
            head = "".join(f'<th class="number" style="width: 90px">{titles.get(calc, calc)}</th>' for calc in calcs)
            lines = "".join(
                f'<tr><td><i style="background: {color}"></i>{html.escape(name)}</td>' + "".join(
                    f'<td class="number">{html.escape(shown(figure, settings.get("unit")))}</td>' for figure in figures) + "</tr>"
                for name, color, figures, _, settings in listed)
            parts.append(f'<div class="legend" style="height: {legend_height:.0f}px"><table style="width: 100%"><tr><th>Name</th>{head}</tr>{lines}</table></div>')
        return "".join(parts)

    def plot(self, rows, panel, width, height):
        defaults = configured(panel, "")
        values = [value for *_, points, _ in rows for _, value in points if value is not None and not math.isinf(value)]
        low = defaults.get("min", min(values, default=0))
        high = defaults.get("max", max(values, default=1))
        if high <= low:
            high = low + (abs(low) * 0.1 or 1)
        if defaults.get("thresholdsStyle", {}).get("mode") not in (None, "off"):
            for step in defaults["thresholds"]["steps"][1:]:
                high = max(high, step["value"])
        ticks, step = ticks_between(low, high, max(2, int(height / 40)), 1024 if defaults.get("unit") == "bytes" else 10)
        high, low = max(high, ticks[-1]), min(low, ticks[0]) if "min" not in defaults else low
        labelled = [(tick, shown(round(tick, 12), defaults.get("unit"))) for tick in ticks]
        left = 14 + 7 * max(len(text) for _, text in labelled)
        inner = width - left - 4
        top = 8

        def y(value):
            return top + (height - top) * (1 - (value - low) / (high - low))

        parts = []
        for tick, text in labelled:
            parts.append(f'<line x1="{left}" x2="{width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#2b2e34"/>'
                         f'<text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end" style="fill: #8e8e99; font-size: 11px">{html.escape(text)}</text>')
        for time, color in self.annotations():
            x = self.x(time, left, inner)
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{height:.1f}" stroke="{color}" stroke-dasharray="3 3"/>'
                         f'<path d="M{x - 4:.1f} {height + 5:.1f} l4 -5 l4 5 z" fill="{color}"/>')
        if defaults.get("thresholdsStyle", {}).get("mode") not in (None, "off"):
            for step_of in defaults["thresholds"]["steps"][1:]:
                parts.append(f'<line x1="{left}" x2="{width}" y1="{y(step_of["value"]):.1f}" y2="{y(step_of["value"]):.1f}" '
                             f'stroke="{COLORS.get(step_of["color"])}" stroke-dasharray="8 6"/>')
        for _, color, _, points, settings in rows:
            dash = ' stroke-dasharray="8 6"' if (settings.get("lineStyle") or {}).get("fill") == "dash" else ""
            line_width = settings.get("lineWidth", 1)
            for piece in pieces(points, self.prometheus.step):
                path = " ".join(f"{self.x(time, left, inner):.1f},{y(value):.1f}" for time, value in piece)
                if len(piece) == 1:
                    time, value = piece[0]
                    parts.append(f'<circle cx="{self.x(time, left, inner):.1f}" cy="{y(value):.1f}" r="2" fill="{color}"/>')
                else:
                    parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{line_width}"{dash}/>')
        parts.append(self.time_axis(left, inner, height))
        return f'<svg width="{width:.0f}" height="{height + 24:.0f}">{"".join(parts)}</svg>'

    def timeline(self, panel, width, height):
        found = [entry for entry in self.series(panel) if entry[2]]
        if not found:
            return self.empty(panel)
        found.sort(key=lambda entry: entry[0]) if panel["options"].get("sorted") else None
        page = panel["options"].get("perPage") or 20
        if len(found) > page:
            self.remarks.append(f"{panel['title']}: {page} of {len(found)} rows are on the first page")
            found = found[:page]
            height -= 32
        size = (height - 24) / len(found)
        if size < 14:
            self.remarks.append(f"{panel['title']}: {len(found)} rows of {size:.0f} px")
        widest = max(len(name) for name, *_ in found)
        left = min(width * 0.4, 10 + 6.8 * widest)
        if 6.8 * widest + 10 > width * 0.4:
            self.remarks.append(f"{panel['title']}: names of {widest} characters are cut off")
        inner = width - left - 4
        filling = panel["options"].get("rowHeight", 0.8)
        parts = []
        for index, (name, _, points, settings) in enumerate(found):
            top = index * size + size * (1 - filling) / 2
            parts.append(f'<text x="{left - 6:.0f}" y="{index * size + size / 2 + 4:.0f}" text-anchor="end">{html.escape(name)}</text>')
            for piece in pieces(points, self.prometheus.step):
                for start, end, value in constant(piece, self.prometheus.step):
                    _, color = display(value, settings)
                    x, right = self.x(start, left, inner), self.x(min(end, self.prometheus.end), left, inner)
                    parts.append(f'<rect x="{x:.1f}" y="{top:.1f}" width="{max(right - x, 1):.1f}" height="{size * filling:.1f}" '
                                 f'fill="{color}" fill-opacity="{settings.get("fillOpacity", 70) / 100}"/>')
        parts.append(self.time_axis(left, inner, height - 24))
        if panel["options"]["legend"].get("showLegend"):
            self.remarks.append(f"{panel['title']}: its legend is not drawn here")
        return f'<svg width="{width:.0f}" height="{height:.0f}">{"".join(parts)}</svg>'


def merged(frames):
    """Rows of several queries as Grafana's "Merge" puts them together: with each row that has no other value in a shared column."""
    columns = list(dict.fromkeys(name for names, _ in frames for name in names))
    shared = [name for name in columns if all(name in names for names, _ in frames)]
    rows, by_key = [], {}
    for _, new in frames:
        for row in new:
            same = by_key.setdefault(tuple(row[name] for name in shared), [])
            partners = [old for old in same if all(old.get(name) is None or old[name] == value for name, value in row.items())]
            for old in partners:
                old.update(row)
            if not partners:
                same.append(dict(row))
                rows.append(same[-1])
    return columns, rows


def organized(columns, rows, options):
    names = [name for name in columns if not options.get("excludeByName", {}).get(name)]
    order = options.get("indexByName", {})
    names.sort(key=lambda name: order.get(name, math.inf))
    renamed = {name: options.get("renameByName", {}).get(name) or name for name in names}
    return list(renamed.values()), [{renamed[name]: row.get(name) for name in names} for row in rows]


def sortable(value, numeric):
    if numeric:
        return -math.inf if value is None else value
    return "" if value is None else value.lower()


def pieces(points, step):
    """Points without gaps between them."""
    piece = []
    for time, value in points:
        if value is None or (piece and time - piece[-1][0] > 1.5 * step):
            if piece:
                yield piece
            piece = []
        if value is not None:
            piece.append((time, value))
    if piece:
        yield piece


def constant(piece, step):
    """(start, end, value) of stretches in which the value stays the same."""
    start, value = piece[0]
    for time, next_value in piece[1:]:
        if next_value != value:
            yield start, time, value
            start, value = time, next_value
    yield start, piece[-1][0] + step, value


def ticks_between(low, high, count, base):
    raw = (high - low) / count
    if base == 1024 and high > 1024:
        step = 2 ** math.ceil(math.log2(raw))
    else:
        magnitude = 10 ** math.floor(math.log10(raw))
        step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw)
    first = math.floor(low / step)
    return [index * step for index in range(first, math.ceil(high / step) + 1)], step


def photograph(page, width, height):
    """Takes the picture FOLDER/NAME.png of FOLDER/NAME.html, if chromium is installed."""
    if not shutil.which("chromium"):
        return
    picture = page.with_suffix(".png").resolve()
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--log-level=3",
         f"--window-size={width},{height}", f"--screenshot={picture}", page.resolve().as_uri()],
        check=True, timeout=600, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seconds_of(text):
    amount, unit = re.fullmatch(r"(\d+)([smhd])", text).groups()
    return int(amount) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


def draw(url, folder, seconds, chosen, names=(), width=1600):
    """Draws the dashboards. Returns the findings and the remarks, each with the dashboard's name, and what to call `photograph`
    with, which takes its time, while servers and Prometheus are no longer needed."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dashboards = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "dashboards").glob("*.json"))}
    uids = {dashboard["uid"] for dashboard in dashboards.values()}
    findings, remarks, pages = [], [], []
    for name, dashboard in dashboards.items():
        if names and name not in names:
            continue
        page = Page(dashboard, Prometheus(url, seconds), chosen, width, uids)
        height, text = page.rendered()
        file = folder / f"{name}.html"
        file.write_text(text)
        findings += [f"{name}: {finding}" for finding in dict.fromkeys(page.findings)]
        remarks += [f"{name}: {remark}" for remark in dict.fromkeys(page.remarks)]
        pages.append((file, width, height))
    return findings, remarks, pages


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--prometheus", metavar="URL", default="http://localhost:9090")
    parser.add_argument("--range", metavar="5m", default="5m", type=seconds_of)
    parser.add_argument("--var", metavar="NAME=VALUE", action="append", default=[], help="the value of a variable; repeatable")
    parser.add_argument("--dashboard", metavar="NAME", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--width", type=int, default=1600)
    arguments = parser.parse_args()
    chosen = {}
    for item in arguments.var:
        name, _, value = item.partition("=")
        chosen.setdefault(name, []).append(value)
    findings, remarks, pages = draw(
        arguments.prometheus, arguments.folder, arguments.range, chosen, arguments.dashboard, arguments.width)
    for page in pages:
        photograph(*page)
    for remark in remarks:
        print(remark)
    for finding in findings:
        print(finding, file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
