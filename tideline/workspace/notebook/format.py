"""The Databricks source format: a notebook as text, as cells, and back without changing a byte."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tideline.workspace.errors import NotebookError, Place

TITLE = "Databricks notebook source"
COMMENT = {"python": "#", "sql": "--"}
LANGUAGE_OF = {".py": "python", ".sql": "sql"}
NAMED_KINDS = {
    "md": "md", "md-sandbox": "md", "sql": "sql", "python": "python", "run": "run", "pip": "pip", "uv": "pip",
    "sh": "sh", "fs": "fs", "skip": "skip", "restart_python": "restart_python", "scala": "scala", "r": "r",
    "set_cell_max_output_size_in_mb": "output_size",
}  # fmt: skip
MAGIC_NAME = re.compile(r"%([A-Za-z_][\w-]*)")
PREAMBLE = re.compile(r"# /// script[ \t]*\r?\n(?:#(?: [^\n]*)?\r?\n)*?# ///[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True)
class Cell:
    """One cell. `text` holds magic lines without their prefix and always `\\n`; `line` is where it starts in the file.

    `kind` is python, md, sql, run, pip, sh, fs, skip, restart_python, output_size, scala, r, or `magic` for every
    other magic. `raw` is the exact source while nothing was changed, None for a cell made by hand.
    """

    kind: str
    text: str
    title: str = ""
    line: int = 0
    is_title_shown: bool = True
    is_magic: bool = False
    raw: str | None = None

    @property
    def magic(self) -> str:
        """The name after the first `%`; empty for plain code."""
        match = MAGIC_NAME.match(self.text) if self.is_magic else None
        return match.group(1) if match else ""

    @property
    def body(self) -> str:
        """The text without its magic word; a plain cell's whole text."""
        if not self.magic or self.kind == "magic":
            return self.text
        return self.text[len(self.magic) + 1 :].removeprefix(" ").removeprefix("\n")

    @property
    def body_line(self) -> int:
        """The file's line on which `body` begins."""
        dropped = self.text[: len(self.text) - len(self.body)]
        return self.line + dropped.count("\n")

    def changed(self, text: str) -> Cell:
        """The same cell with other text; its own kind follows the text."""
        return replace(cell_of(text, title=self.title, is_magic=self.is_magic), line=self.line)


@dataclass(frozen=True)
class Source:
    """A notebook: `header` is the first line with its line ending, `preamble` the script block, then the cells."""

    cells: tuple[Cell, ...]
    language: str = "python"
    newline: str = "\n"
    header: str = "# Databricks notebook source\n"
    preamble: str = ""
    separators: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The file's text; for a parsed notebook, byte for byte what was read."""
        exact = len(self.separators) == max(len(self.cells) - 1, 0)
        bar = f"{COMMENT[self.language]} COMMAND ----------{self.newline}"
        parts = [self.header, self.preamble]
        for number, cell in enumerate(self.cells):
            if number:
                parts.append(self.separators[number - 1] if exact else bar)
            parts.append(cell.raw if cell.raw is not None else self._written(cell, number))
        return "".join(parts)

    def environment(self) -> dict[str, Any]:
        """The script block's table `tool.databricks.environment`; empty without a block."""
        lines = [line[1:].removeprefix(" ") for line in self.preamble.splitlines()[1:-1]]
        document = tomllib.loads("\n".join(lines))
        return dict(document.get("tool", {}).get("databricks", {}).get("environment", {}))

    def _written(self, cell: Cell, number: int) -> str:
        comment = COMMENT[self.language]
        lines = cell.text.split("\n")
        if cell.is_magic:
            lines = [f"{comment} MAGIC {line}" if line else f"{comment} MAGIC" for line in lines]
        if cell.title or not cell.is_title_shown:
            lines.insert(0, f"{comment} DBTITLE {int(cell.is_title_shown)},{cell.title}")
        blank_before = [""] if number else []
        blank_after = [""] if number < len(self.cells) - 1 else []
        return "".join(line + self.newline for line in [*blank_before, *lines, *blank_after])


def cell_of(text: str, *, title: str = "", is_magic: bool | None = None) -> Cell:
    """A cell from its text; text that begins with `%name` is a magic cell unless told otherwise."""
    match = MAGIC_NAME.match(text)
    magic = bool(match) if is_magic is None else is_magic
    return Cell(kind_of(text) if magic else "python", text, title, is_magic=magic)


def kind_of(text: str) -> str:
    """The kind of a magic cell's text; `%%time` and other IPython magics are `magic`."""
    match = MAGIC_NAME.match(text)
    return NAMED_KINDS.get(match.group(1).lower(), "magic") if match else "magic"


def is_header(line: str, language: str) -> bool:
    return line.rstrip("\r\n") == f"{COMMENT[language]} {TITLE}"


def parse(text: str, *, language: str = "python", path: Path | None = None) -> Source:
    """The notebook's cells, with the file line of each. NotebookError where the first line is no header."""
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    first = lines[0] if lines else ""
    if not is_header(first, language):
        raise NotebookError(
            f"not a Databricks notebook: the first line is `{first.strip()[:60]}`",
            place=Place(path, 1) if path else None,
            hint=f"the first line must be `{COMMENT[language]} {TITLE}`",
        )
    rest = "".join(lines[1:])
    block = PREAMBLE.match(rest)
    preamble = block.group(0) if block else ""
    chunks, separators = _chunks(rest[len(preamble) :], COMMENT[language])
    line = 2 + preamble.count("\n")
    cells = []
    for number, chunk in enumerate(chunks):
        cells.append(_cell(chunk, line, language))
        line += chunk.count("\n") + (number < len(separators))
    newline = "\r\n" if first.endswith("\r\n") else "\n"
    return Source(tuple(cells), language, newline, first, preamble, tuple(separators))


def _chunks(text: str, comment: str) -> tuple[list[str], list[str]]:
    """What stands between the separators, and the separators as written."""
    pattern = rf"^{re.escape(comment)} COMMAND -{{10}}[ \t]*(?:\r?\n|\r?\Z)"
    separators = [match.group(0) for match in re.finditer(pattern, text, re.MULTILINE)]
    return re.split(pattern, text, flags=re.MULTILINE), separators


def _cell(raw: str, line: int, language: str) -> Cell:
    comment = COMMENT[language]
    lines = [each.removesuffix("\r") for each in raw.split("\n")]
    while lines and not lines[0].strip():
        lines.pop(0)
        line += 1
    while lines and not lines[-1].strip():
        lines.pop()
    title, shown = "", True
    named = re.match(rf"{re.escape(comment)} DBTITLE ([01]),(.*)", lines[0]) if lines else None
    if named:
        title, shown = named.group(2).strip(), named.group(1) == "1"
        lines.pop(0)
        line += 1
    is_magic = bool(lines) and _is_magic(lines[0], comment)
    if is_magic:
        lines = [_unprefixed(each, comment) for each in lines]
    text = "\n".join(lines)
    kind = kind_of(text) if is_magic else language
    return Cell(kind, text, title, line, shown, is_magic, raw)


def _is_magic(line: str, comment: str) -> bool:
    return line.rstrip() == f"{comment} MAGIC" or line.startswith(f"{comment} MAGIC ")


def _unprefixed(line: str, comment: str) -> str:
    return line[len(comment) + 6 :].removeprefix(" ") if _is_magic(line, comment) else line


def find_notebook(folder: Path, path: str) -> Path | None:
    """The notebook's file, named with or without extension, relative to `folder` or absolute; None if there is none."""
    named = folder / path
    if named.is_file():
        return named.resolve()
    candidates = (named.with_name(named.name + suffix) for suffix in (".py", ".ipynb", ".sql"))
    return next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)


def read_notebook(path: Path) -> Source:
    """The notebook in a file (.py, .sql or .ipynb). NotebookError where it is missing or no notebook."""
    if not path.is_file():
        raise NotebookError(
            "no such notebook", place=Place(path), hint="paths may leave out the extension `.py`"
        )
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(f"not UTF-8 text: {error}", place=Place(path)) from None
    if path.suffix == ".ipynb":
        from tideline.workspace.notebook.ipynb import from_ipynb

        return from_ipynb(text, path=path)
    return parse(text, language=LANGUAGE_OF.get(path.suffix, "python"), path=path)
