"""Notebooks as `.ipynb`: cells in, cells out, with titles as the platform keeps them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from tideline.workspace.errors import NotebookError, Place
from tideline.workspace.notebook.format import Cell, Source, cell_of

V4: Any = nbformat.v4  # without annotations of its own
_reads: Any = nbformat.reads
CELL_KEY = "application/vnd.databricks.v1+cell"


def to_ipynb(source: Source) -> Any:
    """The cells without outputs; markdown cells become markdown, other magics stay code that begins with `%`."""
    notebook = V4.new_notebook(metadata={"language_info": {"name": source.language}})
    notebook.cells = [empty_cell(cell) for cell in source.cells]
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number}"
    return notebook


def empty_cell(cell: Cell) -> Any:
    """One cell in nbformat 4, without outputs."""
    metadata: dict[str, Any] = {}
    if cell.title or not cell.is_title_shown:
        metadata[CELL_KEY] = {"title": cell.title, "showTitle": cell.is_title_shown}
    if cell.kind == "md":
        return V4.new_markdown_cell(cell.body, metadata=metadata)
    return V4.new_code_cell(cell.text, metadata=metadata)


def from_ipynb(text: str, *, path: Path | None = None) -> Source:
    """Cells of an .ipynb document. Lines count inside each cell, since lines of JSON mean nothing to a reader."""
    place = Place(path) if path else None
    try:
        document = _reads(text, as_version=4)
    except (json.JSONDecodeError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise NotebookError(f"not an .ipynb document: {str(error)[:80]}", place=place) from None
    language = document.metadata.get("language_info", {}).get("name", "python")
    if language not in ("python", "sql"):
        raise NotebookError(
            f"a notebook in {language}", place=place, hint="Python and SQL notebooks run here"
        )
    return Source(tuple(_cell(each) for each in document.cells), language)


def _cell(each: Any) -> Cell:
    known = each.metadata.get(CELL_KEY, {})
    text = each.source
    if each.cell_type != "code":
        text = f"%md\n{text}"
    cell = cell_of(text, title=known.get("title") or "", is_magic=None if text.startswith("%") else False)
    return Cell(cell.kind, cell.text, cell.title, 1, known.get("showTitle", True), cell.is_magic)
