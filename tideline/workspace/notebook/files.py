"""Notebooks on disk: finding them under either spelling, reading them, and the way to and from Jupyter's format."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tideline.workspace.errors import NotebookError, Place
from tideline.workspace.notebook.format import (
    HEADER,
    PREFIXES,
    Cell,
    Source,
    is_notebook_header,
    kind_of,
    parse,
)

SUFFIXES = (".py", ".ipynb", ".sql")
UNSUPPORTED = (".scala", ".r", ".R")


def find_notebook(base: Path, path: str | Path) -> Path:
    """The file of a notebook named with or without its extension, relative to `base` or absolute.

    An absolute path that names no file is looked up below `base`, as `/Workspace/...` paths are. Raises
    NotebookError, with the names that stand in the folder, where there is none.
    """
    target = (base / path).resolve()
    spellings = [target, *(target.with_name(target.name + suffix) for suffix in (*SUFFIXES, *UNSUPPORTED))]
    found = next((spelling for spelling in spellings if spelling.is_file()), None)
    if found is not None:
        return found
    folder = target.parent
    names = (
        sorted(file.stem for file in folder.glob("*") if file.suffix in SUFFIXES) if folder.is_dir() else []
    )
    hint = f"{folder} holds: {', '.join(names)}" if names else f"{folder} holds no notebook"
    raise NotebookError(f"there is no notebook {path}", place=Place(target), hint=hint)


def read_notebook(path: Path) -> Source:
    """The notebook in a `.py`, `.sql` or `.ipynb` file; raises NotebookError where it is none."""
    if path.suffix in UNSUPPORTED:
        raise NotebookError(
            f"{path.suffix} notebooks do not run here",
            place=Place(path, 1),
            hint="only Python, SQL and .ipynb do",
        )
    if path.suffix == ".ipynb":
        return from_nbformat(nbformat.read(path, as_version=4))
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(f"the file is not UTF-8: {error}", place=Place(path, 1)) from None
    prefix = PREFIXES.get(path.suffix, "#")
    first = text.split("\n", 1)[0]
    if not is_notebook_header(first, prefix):
        raise NotebookError(
            f"the first line is {first.strip()[:60]!r}",
            place=Place(path, 1),
            hint=f"a notebook starts with '{prefix} {HEADER}'",
        )
    return parse(text, prefix)


def to_nbformat(source: Source) -> NotebookNode:
    """The same cells as an `.ipynb`: `%md` cells become markdown, every other magic stays in its text."""
    notebook = new_notebook(metadata={"language_info": {"name": "python"}})
    notebook.cells = [nbformat_cell(cell, number) for number, cell in enumerate(source.cells, start=1)]
    return notebook


def nbformat_cell(cell: Cell, number: int) -> NotebookNode:
    metadata = {"title": cell.title} if cell.title else {}
    if cell.kind == "md":
        return new_markdown_cell(cell.body.lstrip("\n"), id=f"cell-{number}", metadata=metadata)
    return new_code_cell(cell.text, id=f"cell-{number}", metadata=metadata)


def from_nbformat(notebook: NotebookNode) -> Source:
    """The cells of an `.ipynb`, outputs left out; a cell's `line` is 1, since the file has no lines of its own."""
    return Source(tuple(_cell(cell) for cell in notebook.cells))


def _cell(cell: NotebookNode) -> Cell:
    title = str(cell.metadata.get("title", ""))
    if cell.cell_type != "code":
        return Cell("md", f"%md\n{cell.source}", title, 1)
    return Cell(kind_of(cell.source, "python"), cell.source, title, 1)
