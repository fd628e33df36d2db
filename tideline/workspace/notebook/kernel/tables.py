"""Rows as a table: HTML with everything escaped, and plain text beside it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

ROW_LIMIT = 1000
TEXT_ROWS = 40
TEXT_WIDTH = 48


@dataclass(frozen=True)
class Table:
    """`rows` are cut already; `note` says so below the table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""

    def to_html(self) -> str:
        head = "".join(f"<th>{escape(str(name))}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(map(_html_cell, row)) + "</tr>" for row in self.rows)
        note = f'<p class="nb-note">{escape(self.note)}</p>' if self.note else ""
        empty = "" if self.rows else '<p class="nb-note">no rows</p>'
        return f'<table class="nb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{empty}{note}'

    def to_text(self) -> str:
        """The first rows, columns aligned; numbers to the right."""
        shown = [[_cut(text_of(value)) for value in row] for row in self.rows[:TEXT_ROWS]]
        names = [_cut(str(name)) for name in self.columns]
        widths = [max([len(name), *(len(row[at]) for row in shown)]) for at, name in enumerate(names)]
        right = [
            all(_is_number(row[at]) for row in self.rows) and bool(self.rows) for at in range(len(names))
        ]
        lines = [_line(names, widths, right), _line(["-" * width for width in widths], widths, right)]
        lines += [_line(row, widths, right) for row in shown]
        more = len(self.rows) - len(shown)
        notes = (
            [f"... {more} more rows"] * (more > 0)
            + ["no rows"] * (not self.rows)
            + [self.note] * bool(self.note)
        )
        return "\n".join([*lines, *notes])


def text_of(value: Any) -> str:
    """A value as a reader sees it: null, dates in ISO, structures as JSON."""
    if value is None:
        return "null"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if hasattr(value, "asDict"):
        value = value.asDict(recursive=True)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=text_of, ensure_ascii=False)
    return str(value)


def of_mappings(rows: Sequence[Mapping[Any, Any]]) -> Table:
    """Columns in the order in which the rows first name them; a missing one is null."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = [[row.get(name) for name in columns] for row in rows[:ROW_LIMIT]]
    return Table([str(name) for name in columns], shown, limit_note(len(rows) > ROW_LIMIT, len(rows)))


def limit_note(is_cut: bool, total: int | None = None) -> str:
    of_all = f" of {total:,}" if total is not None else ""
    return f"first {ROW_LIMIT:,} rows{of_all} shown" if is_cut else ""


def _html_cell(value: Any) -> str:
    if value is None:
        return '<td class="nb-null">null</td>'
    kind = ' class="nb-number"' if _is_number(value) else ""
    return f"<td{kind}>{escape(text_of(value))}</td>"


def _is_number(value: Any) -> bool:
    return value is None or (hasattr(value, "__float__") and not isinstance(value, bool | str))


def _cut(text: str) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…"


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = [
        text.rjust(width) if is_right else text.ljust(width)
        for text, width, is_right in zip(texts, widths, right, strict=True)
    ]
    return "  ".join(parts).rstrip()
