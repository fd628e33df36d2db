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


def notice(text: str, kind: str = "info") -> str:
    """What a reader must know before the rest; read out by screen readers when it appears."""
    return f'<div class="notice {escape(kind)}" role="status">{escape(text)}</div>'


def verdict(kind: str, title: str, sentences: Sequence[str]) -> str:
    """The answer in a few words, then in a few sentences. `kind` gives it a colour and a sign; the words say it, too."""
    said = "".join(paragraph(sentence) for sentence in sentences)
    return f'<section class="verdict {escape(kind)}" aria-label="Verdict"><h2>{escape(title)}</h2>{said}</section>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names with their values."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: Sequence[str] = ()) -> str:
    """A table whose first column names its rows; columns named in `numbers` stand to the right. It scrolls in itself."""
    is_number = [name in numbers for name in head]
    titles = "".join(f'<th scope="col"{_right(right)}>{escape(name)}</th>' for name, right in zip(head, is_number, strict=True))
    body = "".join(_row(row, is_number) for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: Sequence[Cell], is_number: Sequence[bool]) -> str:
    first, *others = (_cell(cell) for cell in cells)
    tail = "".join(f"<td{_right(right)}>{cell}</td>" for cell, right in zip(others, is_number[1:], strict=True))
    return f'<tr><th scope="row">{first}</th>{tail}</tr>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.url)}" target="_self">{escape(cell.text)}</a>'
    return escape(cell)


def _right(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
