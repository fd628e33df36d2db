"""The notebook as executed, kept with the run: as .ipynb, and as a piece of the report."""

from __future__ import annotations

import re
from pathlib import Path

from tideline.workspace.jobs.context import Work
from tideline.workspace.notebook.html import cells_to_html
from tideline.workspace.notebook.results import NotebookResult
from tideline.workspace.notebook.saved import save_notebook

FOLDER = "notebooks"


def keep_notebook(work: Work, result: NotebookResult) -> None:
    """Write `notebooks/<task>-<attempt>.ipynb` and `.html`; a notebook that was refused before its first cell has none."""
    if not result.cells:
        return
    folder = work.running.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", work.path).strip("_") + f"-{work.attempt.number}"
    save_notebook(result, folder / f"{stem}.ipynb")
    (folder / f"{stem}.html").write_text(cells_to_html(result), encoding="utf-8")
    work.attempt.notebook = str(Path(FOLDER) / f"{stem}.ipynb")
    work.attempt.page = str(Path(FOLDER) / f"{stem}.html")
