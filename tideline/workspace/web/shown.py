"""The rows of a statement as cells of a page: secrets out, personal columns masked where asked, long texts cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tideline.workspace.control.sql import Statement
from tideline.workspace.declared import MASKED
from tideline.workspace.notebook.redact import Redactor

LONGEST = 300
NUMBERS = frozenset({"BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "DECIMAL"})
MIDNIGHT = re.compile(r"T00:00:00\.000")
PLACE = re.compile(r"line (\d+)(?:,|) (?:pos|position) (\d+)")
Hides = Callable[[str], bool]


@dataclass(frozen=True)
class Heading:
    name: str
    type: str
    is_number: bool
    is_masked: bool


@dataclass(frozen=True)
class Cell:
    """`kind` is a class of the style: null, masked, long, or none."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Shown:
    """Rows for a page; `is_cut` where the statement has more."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_rows: int
    is_cut: bool

    @property
    def masked(self) -> list[str]:
        return [heading.name for heading in self.headings if heading.is_masked]


@dataclass(frozen=True)
class Fault:
    """Why a statement failed. `line` and `column` count from 1, 0 where the message says none; `excerpt` marks the place."""

    message: str
    line: int = 0
    column: int = 0
    excerpt: str = ""


def hides_nothing(column: str) -> bool:
    return False


def shown(statement: Statement, redact: Redactor, *, hides: Hides = hides_nothing, first: int = 0, most: int = 0) -> Shown:
    """`most` rows from `first` on; all where it is 0."""
    headings = tuple(_heading(column, hides) for column in statement.columns)
    rows = statement.rows[first : first + most] if most else statement.rows
    cells = tuple(
        tuple(cell(value, heading, redact) for value, heading in zip(row, headings, strict=True)) for row in rows
    )
    return Shown(headings, cells, len(statement.rows), statement.is_truncated)


def cell(value: str | None, heading: Heading, redact: Redactor) -> Cell:
    if value is None:
        return Cell("null", "null")
    if heading.is_masked:
        return Cell(MASKED, "masked")
    text = redact.text(value)
    if heading.type == "TIMESTAMP":
        text = _moment(text)
    if len(text) > LONGEST:
        return Cell(f"{text[:LONGEST]}… ({len(text):,} characters)", "long")
    return Cell(text)


def fault_of(statement: Statement, redact: Redactor) -> Fault:
    """The message without the echo of the statement; its place is marked below its line instead."""
    message = redact.text(statement.message)
    match = PLACE.search(message)
    text = message.split("\n\n== SQL")[0].strip()
    if not match:
        return Fault(text)
    line, is_counted = int(match.group(1)), "position" in match.group(0)
    column = int(match.group(2)) + (0 if is_counted else 1)
    lines = statement.asked.text.splitlines()
    excerpt = f"{lines[line - 1]}\n{' ' * (column - 1)}^" if 0 < line <= len(lines) else ""
    return Fault(text, line, column, redact.text(excerpt))


def _heading(column: dict[str, Any], hides: Hides) -> Heading:
    kind = str(column["type_name"])
    return Heading(str(column["name"]), str(column["type_text"]), kind in NUMBERS, hides(str(column["name"])))


def _moment(text: str) -> str:
    """As people write it: 2023-06-02 08:00:00, in UTC; parts of a second where there are some."""
    return re.sub(r"\.0+$", "", text.removesuffix("Z").replace("T", " "))


def changed(before: Sequence[str | None], after: Sequence[str | None]) -> list[bool]:
    return [one != other for one, other in zip(before, after, strict=True)]
