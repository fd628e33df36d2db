"""An executed notebook as Markdown: for a pull request, a wiki, a diff."""

from __future__ import annotations

from tideline.workspace.notebook.outputs import data_of, plain
from tideline.workspace.notebook.results import ExecutedCell, NotebookResult

FENCES = {"sql": "sql", "sh": "bash", "python": "python", "magic": "python"}


def cells_to_markdown(result: NotebookResult) -> str:
    """Markdown cells as they are, code and outputs fenced, figures inline as data; the error at its cell."""
    parts = [part for executed in result.cells for part in _cell(executed)]
    if result.error is not None:
        parts.append(f"**{result.state}**: {result.error}")
    elif result.exit_value is not None:
        parts.append(f"Exit value:\n\n{_fenced(result.exit_value, '')}")
    return "\n\n".join(parts) + "\n"


def _cell(executed: ExecutedCell) -> list[str]:
    cell = executed.cell
    if cell.kind == "md":
        return [cell.body.strip("\n")]
    parts = [f"**{cell.title}**"] if cell.title and cell.is_title_shown else []
    if cell.text.strip():
        parts.append(_fenced(cell.text, FENCES.get(cell.kind, "")))
    if executed.state in ("skipped", "not_run"):
        parts.append(f"*{executed.state.replace('_', ' ')}*")
    for output in executed.outputs:
        image = data_of(output, "image/png")
        parts.append(
            f"![{plain(output)}](data:image/png;base64,{image.strip()})"
            if image
            else _fenced(plain(output), "")
        )
    return parts


def _fenced(text: str, language: str) -> str:
    """A fence longer than any run of backticks in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
