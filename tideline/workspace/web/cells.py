"""Cells as the site shows them: what a notebook put out acts in no page, and no page grows without end."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from pygments.formatters import HtmlFormatter

from tideline.workspace.notebook.format import Cell
from tideline.workspace.notebook.html import cell_to_html, css
from tideline.workspace.notebook.outputs import cut_text, data_of, is_own_html, size_of
from tideline.workspace.notebook.results import CellError, ExecutedCell
from tideline.workspace.web.frames import frame

MOST_TEXT, MOST_HTML, MOST_IMAGE = 100_000, 1_000_000, 8_000_000
MOST_OF_A_CELL = 2_000_000  # of text and HTML
CUT_NOTE = '<p class="nb-note">Shown in part. The .ipynb, which can be downloaded at the end, has what was kept.</p>'


def stylesheet() -> str:
    """How cells look, here and in reports, and code on a dark page."""
    colours: str = HtmlFormatter(style="github-dark").get_style_defs(".nb .nb-code")
    dark = "\n".join(line for line in colours.split("\n") if "{ background" not in line and "td.lineno" not in line)
    return f"{css()}\n@media (prefers-color-scheme:dark){{\n{dark}\n}}"


def cell_html(execution_id: str, executed: ExecutedCell, error: CellError | None = None) -> str:
    """A cell that has ended, as an element with the id `cell-<number>`; `error` is the execution's."""
    shown = _for_page(executed)
    own = error if error is not None and error.cell == executed.number else None
    is_whole = len(shown.outputs) == len(executed.outputs) and all(map(operator.is_, shown.outputs, executed.outputs))
    note = "" if is_whole else CUT_NOTE
    numbers = count(1)

    def framed(html: str, text: str) -> str:
        return frame(f"/notebooks/executions/{execution_id}/cells/{executed.number}/frames/{next(numbers)}", text[:200])

    html = cell_to_html(shown, own, framed)
    return f'<div id="cell-{executed.number}" class="cell">{html}{note}</div>'


def frame_of(executed: ExecutedCell, number: int) -> str | None:
    """The document that `cell_html` shows in the frame of this number, from 1; None where there is none."""
    found: list[str] = []

    def keep(html: str, text: str) -> str:
        found.append(html)
        return ""

    cell_to_html(_for_page(executed), frame=keep)
    return found[number - 1] if 0 < number <= len(found) else None


def waiting_html(cell: Cell, number: int, *, is_running: bool) -> str:
    """A cell that has not ended, in the same place: its text can be read already."""
    html = cell_to_html(ExecutedCell(cell=cell, number=number, state="not_run"))
    now = f'<p class="now" aria-hidden="true">cell {number} runs</p>' if is_running else ""
    return f'<div id="cell-{number}" class="cell waiting">{html}{now}</div>'


def cells_html(
    execution_id: str, ended: Sequence[ExecutedCell], source: Sequence[Cell], error: CellError | None, *, is_going: bool
) -> str:
    """All cells: those that have ended, then, while it goes on, those of the source that are still to come."""
    parts = [cell_html(execution_id, executed, error) for executed in ended]
    left = source[len(ended) :] if is_going else ()
    for number, cell in enumerate(left, start=len(ended) + 1):
        parts.append(waiting_html(cell, number, is_running=number == len(ended) + 1))
    return "".join(parts)


def source_html(source: Iterable[Cell]) -> str:
    """A notebook that was not run."""
    return "".join(waiting_html(cell, number, is_running=False) for number, cell in enumerate(source, start=1))


def redacted(cells: Iterable[Cell], redact: Callable[[str], str]) -> list[Cell]:
    return [replace(cell, text=redact(cell.text), title=redact(cell.title), raw=None) for cell in cells]


def _for_page(executed: ExecutedCell) -> ExecutedCell:
    """The cell with as much of its outputs as a page has room for."""
    return replace(executed, outputs=tuple(_first([_shown(output) for output in executed.outputs])))


def _shown(output: dict[str, Any]) -> dict[str, Any]:
    """The same output where it is small enough for a page; else the beginning of its text."""
    if "text" in output:
        text = "".join(output["text"])
        return output if len(text) <= MOST_TEXT else {**output, "text": cut_text(text, MOST_TEXT)}
    data = output.get("data", {})
    kept = {mime: each for mime, each in data.items() if size_of(each) <= _most(mime) or _is_foreign(mime, output)}
    if len(kept) == len(data):
        return output
    kept.setdefault("text/plain", cut_text(data_of(output, "text/plain") or "", MOST_TEXT))
    return {**output, "data": kept}


def _first(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that a page has room for; figures and foreign pages are measured one by one."""
    found, room = [], MOST_OF_A_CELL
    for output in outputs:
        data = {mime: each for mime, each in output.get("data", {}).items() if not mime.startswith("image/")}
        room -= size_of([output.get("text", ""), data if is_own_html(output) else data.get("text/plain", "")])
        if room < 0:
            break
        found.append(output)
    return found


def _most(mime: str) -> int:
    if mime.startswith("image/"):
        return MOST_IMAGE
    return MOST_HTML if mime == "text/html" else MOST_TEXT


def _is_foreign(mime: str, output: dict[str, Any]) -> bool:
    """HTML of others is no part of the page: it comes by an address of its own."""
    return mime == "text/html" and not is_own_html(output)
