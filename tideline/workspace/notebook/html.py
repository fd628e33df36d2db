"""An executed notebook as a self-contained HTML fragment: no script of ours, no external reference, all escaped."""

from __future__ import annotations

import functools
from collections.abc import Callable
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from tideline.workspace.notebook.format import Cell
from tideline.workspace.notebook.outputs import data_of, is_own_html, plain
from tideline.workspace.notebook.results import CellError, ExecutedCell, NotebookResult

LEXERS = {"sql": "sql", "sh": "bash", "python": "python", "magic": "python", "scala": "scala", "r": "r"}
Frame = Callable[[str, str], str]
STATES = {"failed": "failed", "skipped": "skipped", "exited": "ended the notebook", "not_run": "not run"}
IMAGES = ("image/png", "image/jpeg", "image/gif")

CSS = """
.nb-cell{margin:0 0 1rem;border-left:3px solid var(--nb-line,#d8dee4);padding:0 0 0 .75rem}
.nb-cell.nb-failed{border-color:#cf222e}.nb-cell.nb-exited{border-color:#1a7f37}
.nb-cell.nb-not_run,.nb-cell.nb-skipped{opacity:.55}
.nb-head{font-size:.75rem;color:var(--nb-quiet,#6e7781);display:flex;gap:.75rem;flex-wrap:wrap}
.nb-title{font-weight:600;color:inherit}
.nb-code{margin:.25rem 0;padding:.5rem .75rem;background:var(--nb-code,#f6f8fa);color:#1f2328;overflow-x:auto;border-radius:4px}
.nb-code pre,.nb-text,.nb-json{margin:0;font:.8125rem/1.45 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre}
.nb-text,.nb-json{padding:.25rem 0;overflow-x:auto;max-height:30rem}
.nb-stderr{color:#9a6700}
.nb-error{margin:.5rem 0;padding:.5rem .75rem;background:#ffebe9;color:#82071e;border-radius:4px}
.nb-error b{overflow-wrap:anywhere}.nb-error pre{margin:.5rem 0 0;overflow-x:auto;font:.75rem/1.45 ui-monospace,monospace}
.nb-scroll{overflow:auto;max-height:30rem;margin:.25rem 0}
.nb-table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums}
.nb-table th,.nb-table td{border:1px solid var(--nb-line,#d8dee4);padding:.2rem .5rem;text-align:left;vertical-align:top}
.nb-table th{position:sticky;top:0;background:var(--nb-code,#f6f8fa);color:#1f2328}
.nb-table td.nb-number{text-align:right}.nb-table td.nb-null{color:#8c959f;font-style:italic}
.nb-note{font-size:.75rem;color:var(--nb-quiet,#6e7781);margin:.25rem 0}
.nb-figure{max-width:100%;height:auto;background:#fff}
.nb-frame{width:100%;height:26rem;border:1px solid var(--nb-line,#d8dee4);background:#fff;resize:vertical}
.nb-markdown table{border-collapse:collapse}.nb-markdown td,.nb-markdown th{border:1px solid #d8dee4;padding:.2rem .5rem}
"""


def css() -> str:
    """Style for the fragment, colours of the code included."""
    colours: str = HtmlFormatter(cssclass="nb-code", style="default").get_style_defs(".nb-code")
    return CSS + "\n".join(line for line in colours.split("\n") if "{ background" not in line)


def cells_to_html(result: NotebookResult) -> str:
    """Every cell with its outputs, in order; the error stands below the cell that raised it."""
    error = result.error
    parts = [error_to_html(error)] if error is not None and error.cell == 0 else []
    for executed in result.cells:
        parts.append(cell_to_html(executed, error if error is not None and error.cell == executed.number else None))
    return f'<div class="nb">{"".join(parts)}</div>'


def page(result: NotebookResult, title: str) -> str:
    """A whole document for one notebook."""
    summary = f"{result.state} in {result.seconds:.1f} s"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:72rem;"
        f"margin:1.5rem auto;padding:0 1rem}}{css()}</style></head><body>"
        f'<h1>{escape(title)}</h1><p class="nb-note">{escape(summary)}</p>{cells_to_html(result)}</body></html>'
    )


def sandbox(html: str, text: str) -> str:
    """A foreign page inside of a report: its scripts run, and reach nothing of what is around them."""
    return f'<iframe class="nb-frame" title="{escape(text)}" sandbox="allow-scripts" srcdoc="{escape(html)}"></iframe>'


def cell_to_html(executed: ExecutedCell, error: CellError | None = None, frame: Frame = sandbox) -> str:
    """One cell with its outputs. `frame` shows HTML that is not the workspace's own, given it and its plain text."""
    cell = executed.cell
    if cell.kind == "md":
        return f'<div class="nb-markdown">{_markdown(cell.body)}</div>'
    title = (
        f'<span class="nb-title">{escape(cell.title)}</span>' if cell.title and cell.is_title_shown else ""
    )
    notes = [f"cell {executed.number}", cell.kind, f"line {cell.line}"]
    notes += [STATES[executed.state]] if executed.state in STATES else []
    notes += [f"{executed.seconds:.1f} s"] if executed.seconds >= 0.05 else []
    head = f'<div class="nb-head">{title}{"".join(f"<span>{escape(note)}</span>" for note in notes)}</div>'
    shown = [output for output in executed.outputs if output["output_type"] != "error"]
    outputs = "".join(_output(output, frame) for output in shown) + (error_to_html(error) if error is not None else "")
    return f'<section class="nb-cell nb-{executed.state}">{head}{_code(cell)}{outputs}</section>'


@functools.lru_cache(1024)
def _code(cell: Cell) -> str:
    if not cell.text:
        return ""
    lexer = get_lexer_by_name(LEXERS.get(cell.kind, "text"))
    magic, body = (cell.text[: len(cell.text) - len(cell.body)], cell.body)
    coloured: str = highlight(body, lexer, _colours())
    return f'<div class="nb-code"><pre>{escape(magic)}{coloured}</pre></div>'


def _output(output: dict[str, Any], frame: Frame) -> str:
    html = data_of(output, "text/html")
    if html is not None and is_own_html(output):
        return f'<div class="nb-scroll" tabindex="0">{html}</div>'
    for mime in IMAGES:
        image = data_of(output, mime)
        if image is not None:
            source = f"data:{mime};base64,{image.strip()}"
            return f'<img class="nb-figure" alt="{escape(plain(output))}" src="{escape(source)}">'
    if html is not None:
        return frame(html, plain(output))
    kind = " nb-stderr" if output.get("name") == "stderr" else ""
    return f'<pre class="nb-text{kind}">{escape(plain(output))}</pre>'


@functools.cache
def _colours() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True)


def error_to_html(error: CellError) -> str:
    """What went wrong, with the lines that led there."""
    where = f"line {error.line}: " if error.line else ""
    trail = f"<pre>{escape(error.traceback)}</pre>" if error.traceback else ""
    return f'<div class="nb-error"><b>{escape(where)}{escape(error.name)}: {escape(error.message)}</b>{trail}</div>'


@functools.cache
def _renderer() -> MarkdownIt:
    """HTML in markdown is shown as text; pictures would be fetched, so they become links."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _markdown(text: str) -> str:
    return str(_renderer().render(text))
