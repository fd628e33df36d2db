"""The Databricks source format of a notebook: text to cells and back, byte for byte.

# Databricks notebook source      exactly this first line
# MAGIC %md                       every line of a cell in another language stands behind `# MAGIC`
# MAGIC # A title

# COMMAND ----------              between two cells

# DBTITLE 1,What came in          0 instead of 1 hides the title
display(orders)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

HEADER = "Databricks notebook source"
SEPARATOR = "COMMAND ----------"
PREFIXES = {".py": "#", ".sql": "--"}
DEFAULT_KINDS = {"#": "python", "--": "sql"}
MAGIC_NAME = re.compile(r"%{1,2}([A-Za-z_][\w-]*)[^\S\n]?")
KINDS = {"md-sandbox": "md", "uv": "pip"}


@dataclass(frozen=True)
class Cell:
    """One cell. `text` has no comment prefix and keeps its `%magic` line; `line` is where it starts in the file.

    `kind` is `python`, or the lower-case name of the magic (`md`, `sql`, `run`, `pip`, ...); a cell that starts
    with a shell line (`!ls`) is `python`, since IPython runs it.
    """

    kind: str
    text: str
    title: str = ""
    line: int = 0
    title_shown: bool = True
    raw: str = field(default="", compare=False, repr=False)

    @property
    def body(self) -> str:
        """The text without the cell's own magic; it keeps its number of lines, so that line numbers stay true."""
        found = MAGIC_NAME.match(self.text)
        is_own = found is not None and kind_of(self.text, "") == self.kind
        return self.text[found.end() :] if found and is_own else self.text


@dataclass(frozen=True)
class Source:
    """A notebook: its cells, and what is needed to write it back as it was read."""

    cells: tuple[Cell, ...]
    prefix: str = "#"
    newline: str = "\n"
    header: str = ""

    def to_text(self) -> str:
        """The notebook as text. Cells that were not changed since `parse` come back byte for byte."""
        header = self.header or f"{self.prefix} {HEADER}{self.newline}"
        last = len(self.cells) - 1
        chunks = [self._chunk(cell, number, number == last) for number, cell in enumerate(self.cells)]
        return header + "".join(chunks)

    def _chunk(self, cell: Cell, number: int, is_last: bool) -> str:
        last_line = cell.raw.removesuffix("\n").rpartition("\n")[2]
        if is_separator(last_line, self.prefix) != is_last:
            read = read_cell(cell.raw, self.prefix)
            if replace(read, line=cell.line) == cell:
                return cell.raw
        return render_cell(cell, self.prefix, self.newline, is_first=number == 0, is_last=is_last)


def is_notebook_header(line: str, prefix: str = "#") -> bool:
    """Is this the first line that makes a source file a notebook? Trailing text disqualifies it."""
    return line.rstrip("\r\n") == f"{prefix} {HEADER}"


def is_separator(line: str, prefix: str = "#") -> bool:
    return line.rstrip() == f"{prefix} {SEPARATOR}"


def parse(text: str, prefix: str = "#") -> Source:
    """The notebook of a source text whose first line is the header (or is left out, then it is added on writing)."""
    lines = [line for line in re.split(r"(?<=\n)", text) if line]
    header = lines.pop(0) if lines and is_notebook_header(lines[0], prefix) else ""
    newline = "\r\n" if (header or text).endswith("\r\n") else "\n"
    cells: list[Cell] = []
    chunk: list[str] = []
    first = 2 if header else 1
    for number, line in enumerate(lines, start=first):
        chunk.append(line)
        if is_separator(line, prefix):
            cells.append(read_cell("".join(chunk), prefix, first))
            chunk, first = [], number + 1
    ends_in_separator = bool(cells) and not chunk
    if chunk or ends_in_separator:
        cells.append(read_cell("".join(chunk), prefix, first))
    return Source(tuple(cells), prefix, newline, header)


def read_cell(raw: str, prefix: str = "#", first_line: int = 1) -> Cell:
    """The cell of one chunk of a file, a closing separator line included."""
    lines = [line.rstrip("\r") for line in raw.split("\n")]
    while lines and (not lines[-1].strip() or is_separator(lines[-1], prefix)):
        lines.pop()
    start, title, is_shown = 0, "", True
    while start < len(lines) and not lines[start].strip():
        start += 1
    found = re.match(rf"{prefix} DBTITLE ([01]),(.*)", lines[start]) if start < len(lines) else None
    if found:
        is_shown, title, start = found[1] == "1", found[2], start + 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    body = lines[start:]
    is_magic = bool(body) and all(is_magic_line(line, prefix) for line in body)
    if is_magic:
        body = [line[len(prefix) + 7 :] for line in body]
    text = "\n".join(body)
    kind = kind_of(text, DEFAULT_KINDS[prefix]) if is_magic else DEFAULT_KINDS[prefix]
    return Cell(kind, text, title, first_line + start, is_shown, raw)


def is_magic_line(line: str, prefix: str) -> bool:
    return line == f"{prefix} MAGIC" or line.startswith(f"{prefix} MAGIC ")


def kind_of(text: str, default: str) -> str:
    """`md` of a text that starts with `%md`; `python` of one that starts with a cell magic of IPython or `!`."""
    found = MAGIC_NAME.match(text)
    if not found:
        return "python" if text.startswith("!") else default
    name = found[1].lower()
    return "python" if text.startswith("%%") else KINDS.get(name, name)


def render_cell(cell: Cell, prefix: str, newline: str, *, is_first: bool, is_last: bool) -> str:
    """A cell as the workspace itself writes it: one blank line on both sides of the separator."""
    lines = cell.text.split("\n")
    is_magic = cell.kind != DEFAULT_KINDS[prefix] or bool(re.match(r"%|!", cell.text))
    if is_magic:
        lines = [
            f"{prefix} MAGIC {line}".rstrip() if not line else f"{prefix} MAGIC {line}" for line in lines
        ]
    if cell.title or not cell.title_shown:
        lines.insert(0, f"{prefix} DBTITLE {int(cell.title_shown)},{cell.title}")
    chunk = ("" if is_first else newline) + newline.join(lines) + newline
    return chunk if is_last else f"{chunk}{newline}{prefix} {SEPARATOR}{newline}"
