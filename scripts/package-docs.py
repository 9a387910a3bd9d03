#!/usr/bin/env python3
"""package-docs.py FOLDER: copies the documents of the package, with what they link to, into FOLDER, laid out as in the repository.

A link to a file that the package does not have becomes plain text. A link to a file or heading that does not exist is an error;
without FOLDER, that is all that is checked, over every document of the repository.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

# Folders, and single files.
PACKAGED = [
    "README.md", "CHANGELOG.md", "SECURITY.md", "NOTICE", "docs/", "deploy/haproxy/", "deploy/keepalived/", "deploy/snmp/",
    "deploy/alertmanager/", "deploy/prometheus/README.md",
]  # fmt: skip
# In the package at other paths, to which it has symbolic links.
ELSEWHERE = {
    "dashboards": "/usr/share/mysql-replication-exporter/dashboards",
    "deploy/prometheus/mysql-replication.rules.yml": "/usr/share/mysql-replication-exporter/prometheus/mysql-replication.rules.yml",
    "deploy/prometheus/mysql-replication.alerts.yml": "/usr/share/mysql-replication-exporter/prometheus/mysql-replication.alerts.yml",
}
# The manual page is where manual pages are.
NOT_PACKAGED = "docs/man/"
LINKED = re.compile(r"(?<!!)\[([^\]\[]+)\]\((?!https?:|mailto:)([^)\s]+)\)")
LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:)([^)\s]+)(?=\))")

problems = []


def files():
    """The files of the repository; without git, those of an unpacked archive of it."""
    try:
        answer = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
        return [name for name in answer if name and os.path.exists(name)]
    except (OSError, subprocess.CalledProcessError):
        paths = pathlib.Path().rglob("*")
        return [str(path) for path in paths if path.is_file() and not path.parts[0].startswith((".", "build"))]


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    for heading in re.findall(r"^#+ +(.+)$", text, re.M):
        heading = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(heading)
    return found


def target(page, link):
    """The path in the repository that a link of a page leads to, and its anchor."""
    path, _, anchor = link.partition("#")
    return os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page, anchor


def check(page, text):
    for link in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
        path, anchor = target(page, link)
        if not os.path.exists(path):
            problems.append(f"{page}: no file {path}, to which it links")
        elif anchor and path.endswith(".md") and anchor not in anchors(pathlib.Path(path)):
            problems.append(f"{page}: {path} has no heading #{anchor}")


def rewritten(page, text, shipped):
    def replace(match):
        path, _ = target(page, match.group(2))
        inside = any(name == path or name.startswith(path + "/") for name in shipped)
        return match.group(0) if inside else match.group(1)

    return LINKED.sub(replace, text)


def main():
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    known = files()
    for name in known:
        if name.endswith(".md"):
            check(name, pathlib.Path(name).read_text(encoding="utf-8"))
    if problems:
        sys.exit("\n".join(problems))
    if len(sys.argv) < 2:
        return
    folder = pathlib.Path(sys.argv[1])
    shipped = [name for name in known if any(name == part or (part.endswith("/") and name.startswith(part)) for part in PACKAGED)]
    shipped = [name for name in shipped if name not in ELSEWHERE and not name.startswith(NOT_PACKAGED)]
    for name in shipped:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md"):
            text = pathlib.Path(name).read_text(encoding="utf-8")
            place.write_text(rewritten(name, text, [*shipped, *ELSEWHERE]), encoding="utf-8")
        else:
            shutil.copyfile(name, place)
    for name, path in ELSEWHERE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(path)
    (folder / "examples").symlink_to("deploy")


main()
