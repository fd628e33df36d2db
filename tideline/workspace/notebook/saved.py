"""The executed notebook as `.ipynb`: what any notebook viewer opens, secrets already gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from tideline.workspace.notebook.ipynb import empty_cell
from tideline.workspace.notebook.results import ExecutedCell, NotebookResult

V4: Any = nbformat.v4  # without annotations of its own


def to_notebook(result: NotebookResult) -> Any:
    """nbformat 4 with outputs; state and seconds of each cell, and of the run, are in the metadata under `tideline`."""
    run = {
        "state": result.state,
        "exit_value": result.exit_value,
        "error": str(result.error) if result.error else None,
        "seconds": round(result.seconds, 3),
        "overhead_seconds": round(result.overhead_seconds, 3),
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = V4.new_notebook(metadata={"kernelspec": kernel, "tideline": run})
    counts = iter(range(1, len(result.cells) + 1))
    notebook.cells = [_cell(executed, counts) for executed in result.cells]
    return notebook


def save_notebook(result: NotebookResult, path: Path) -> Path:
    """Write it; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_notebook(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _cell(executed: ExecutedCell, counts: Iterator[int]) -> Any:
    cell = empty_cell(executed.cell)
    cell["id"] = f"cell-{executed.number}"
    cell.metadata["tideline"] = {
        "state": executed.state,
        "seconds": round(executed.seconds, 3),
        "line": executed.cell.line,
    }
    if cell.cell_type == "code":
        cell.outputs = [nbformat.from_dict(output) for output in executed.outputs]  # type: ignore[no-untyped-call]  # nbformat is untyped
        if executed.state != "not_run":
            cell.execution_count = next(counts)
    return cell
