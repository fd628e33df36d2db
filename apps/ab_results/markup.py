"""HTML of the app. Every text is escaped here: names of experiments and variants come from outside and may hold anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Link:
    """A text that leads to another selection; `url` begins with `?`."""

    text: str
    url: str


Cell = str | Link


def paragraph(text: str, kind: str = "") -> str:
    """A sentence."""
    return f'<p class="{escape(kind)}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def heading(text: str, level: int = 2) -> str:
    """A heading; 1 is the page's own."""
    return f"<h{level:d}>{escape(text)}</h{level:d}>"


def notice(text: str, kind: str = "info", *, command: str = "") -> str:
    """What a reader must know before the rest, and what to type; read out by screen readers when it appears."""
    typed = f"<code>{escape(command)}</code>" if command else ""
    return f'<div class="notice {escape(kind)}" role="status">{escape(text)}{typed}</div>'


def verdict(kind: str, title: str, sentences: Sequence[str]) -> str:
    """The answer in a few words, then in a few sentences. `kind` gives it a colour and a sign; the words say it, too."""
    said = "".join(paragraph(sentence) for sentence in sentences)
    return f'<section class="verdict {escape(kind)}" aria-label="Verdict"><h2>{escape(title)}</h2>{said}</section>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names with their values."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: Sequence[str] = ()) -> str:
    """A table whose first column names its rows; columns named in `numbers` stand to the right.

    On a phone each row is a card of its own. Roles are written out, because such a layout takes them from the tags.
    """
    titles = "".join(
        f'<th scope="col" role="columnheader"{_right(name in numbers)}>{escape(name)}</th>' for name in head
    )
    body = "".join(_row(head, row, numbers) for row in rows)
    return (
        f'<table class="numbers" role="table"><caption>{escape(caption)}</caption><thead role="rowgroup">'
        f'<tr role="row">{titles}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(head: Sequence[str], cells: Sequence[Cell], numbers: Sequence[str]) -> str:
    tail = "".join(
        f'<td role="cell" data-column="{escape(name)}"{_right(name in numbers)}>{_cell(cell)}</td>'
        for name, cell in zip(head[1:], cells[1:], strict=True)
    )
    return f'<tr role="row"><th scope="row" role="rowheader">{_cell(cells[0])}</th>{tail}</tr>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.url)}" target="_self">{escape(cell.text)}</a>'
    return escape(cell)


def _right(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
