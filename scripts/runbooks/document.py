"""The runbooks as data: their fenced blocks, each with the server it is for.

A block's first line is a comment that says where it runs, for example

    -- MariaDB, the replica
    -- MySQL 8.0.23 and later, the replica
    # MySQL, the machine of the source
    -- MySQL before 8.0.22, the replica (by the manual, not tried)

The vendor may be absent: the block is for both. What is in angle brackets is a placeholder.
"""

import dataclasses
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "runbooks"
LANGUAGES = {"sql", "sh", "promql"}
PLACEHOLDER = re.compile(r"<([a-zA-Z][\w' -]*)>")


class Malformed(Exception):
    """A runbook that cannot be read."""


@dataclasses.dataclass
class Block:
    runbook: str
    line: int
    section: str
    step: int
    language: str
    vendor: str
    versions: str
    role: str
    note: str
    text: str
    executed_on: set = dataclasses.field(default_factory=set)

    @property
    def place(self):
        return f"docs/runbooks/{self.runbook}.md:{self.line}"

    def is_for(self, flavor, version):
        """Whether the block is to be executed on a server of this flavor ("mariadb" or "mysql") and version (numbers)."""
        if match := re.fullmatch(r"([\d.]+) and later", self.versions):
            fits = version >= numbers(match.group(1))
        elif match := re.fullmatch(r"before ([\d.]+)", self.versions):
            fits = version < numbers(match.group(1))
        elif self.versions:
            raise Malformed(f"{self.place}: versions are 'X and later' or 'before X', not {self.versions!r}")
        else:
            fits = True
        return fits and "not tried" not in self.note and self.vendor.lower() in ("", flavor)

    def filled(self, values):
        """The text with its placeholders replaced; a value may be a function, which is called when it is needed."""

        def value(match):
            name = match.group(1)
            if name not in values:
                raise Malformed(f"{self.place}: the situation has no value for <{name}>")
            return str(values[name]() if callable(values[name]) else values[name])

        return PLACEHOLDER.sub(value, self.text)


def numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def header(line, place):
    """(vendor, versions, role, note) of a block's first line."""
    match = re.fullmatch(r"(?:--|#) (?:(MariaDB|MySQL)(?: ([\w. ]+))?, )?([^()]+?)(?: \((.*)\))?", line)
    if not match:
        raise Malformed(f"{place}: the first line of a block says on which server to run it, not {line!r}")
    vendor, versions, role, note = match.groups()
    return vendor or "", versions or "", role, note or ""


def blocks(path):
    """The executable blocks of one runbook."""
    found, section, step, fence, body, start = [], "", 0, None, [], 0
    for line, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if fence is not None:
            if text.strip() == "```":
                place = f"docs/runbooks/{path.name}:{line}"
                if fence in LANGUAGES:
                    vendor, versions, role, note = header(body[0] if body else "", place)
                    content = "\n".join(body[1:]) + "\n"
                    found.append(
                        Block(path.stem, start, section, step, fence, vendor, versions, role, note, content))
                elif fence:
                    raise Malformed(f"{place}: a block is one of {', '.join(sorted(LANGUAGES))}, not {fence!r}")
                fence = None
            else:
                body.append(text[indent:] if not text[:indent].strip() else text)
        elif match := re.match(r"( *)```(\w*)$", text):
            indent, fence, body, start = len(match.group(1)), match.group(2), [], line
        elif match := re.match(r"##+ (.*)", text):
            section, step = match.group(1), 0
        elif match := re.match(r"(\d+)\. ", text):
            step = int(match.group(1))
    if fence is not None:
        raise Malformed(f"docs/runbooks/{path.name}: a block does not end")
    return found


def runbooks():
    """The blocks of all runbooks, by the runbook's name."""
    return {path.stem: blocks(path) for path in sorted(FOLDER.glob("*.md"))}


def inspections():
    """(place, vendor, role, statement) of each statement in the tables "Look at", without those that leave something out."""
    found = []
    for path in sorted(FOLDER.glob("*.md")):
        vendors = []
        for line, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", text)[1:-1]] if text.startswith("|") else []
            if not cells:
                vendors = []
            elif cells[0] in ("on", "where"):
                vendors = cells[1:]
            for vendor, cell in zip(vendors, cells[1:]):
                for statement in re.findall(r"`((?:SHOW|SELECT) [^`]*)`", cell):
                    if "…" not in statement:
                        found.append((f"docs/runbooks/{path.name}:{line}", vendor.split()[0], cells[0], statement))
    return found
