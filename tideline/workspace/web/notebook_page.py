"""The parts of a notebook's page that change while one looks: the form, the head of an execution, its cells."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tideline.workspace.control.state import Workspace
from tideline.workspace.notebook.format import Cell
from tideline.workspace.web.cells import cells_html, redacted, source_html
from tideline.workspace.web.executions import Execution
from tideline.workspace.web.notebook_files import cells_of, facts_of
from tideline.workspace.web.notebook_runs import NotebookRuns
from tideline.workspace.web.render import piece
from tideline.workspace.web.widgets import Field, address_of, chosen_of, fields_of, sent_of


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A notebook with the values that its form shows. Of `source` and `fields` the secrets are gone, not of `of_bundle`."""

    path: str
    source: list[Cell]
    fields: list[Field]
    of_bundle: dict[str, str]
    unknown: list[str]

    @classmethod
    def of(
        cls, workspace: Workspace, runs: NotebookRuns, file: Path, *, given: Mapping[str, str], is_form: bool = False
    ) -> Shown:  # fmt: skip
        """`given` are values by name; those of a form are complete."""
        root, redactor = workspace.root.resolve(), runs.redactor()
        path, facts = file.relative_to(root).as_posix(), facts_of(root, file)
        known = runs.store.widgets(path)
        names = (facts.names if facts else set()) | set(known)
        variables = {name: value for name, value in workspace.bundle().variables.items() if isinstance(value, str)}
        of_bundle = {name: value for name, value in variables.items() if name in names}
        public = {name: value for name, value in of_bundle.items() if redactor.text(value) == value}
        if is_form:
            given = sent_of(fields_of(known, facts, public, {}), given)
        fields = fields_of(known, facts, public, given)
        return cls(
            path=path, source=redacted(cells_of(file), redactor.text), fields=fields, of_bundle=of_bundle,
            unknown=sorted(set(given) - {each.name for each in fields}),
        )  # fmt: skip

    @property
    def chosen(self) -> dict[str, str]:
        """The values that make this another page than the notebook's own."""
        return chosen_of(self.fields)

    @property
    def form(self) -> str:
        """Tells forms apart: which controls there are, whatever they are set to."""
        controls = [(each.name, each.kind, each.label, each.choices, each.default) for each in self.fields]
        return hashlib.sha256(repr(controls).encode()).hexdigest()[:16]


def result_html(runs: NotebookRuns, shown: Shown, execution: Execution | None) -> str:
    """The element `result`: the execution, or the notebook as it is written where there is none with these values."""
    if execution is None:
        return piece("notebook_unrun", cells=source_html(shown.source))
    ended, _ = runs.store.cells(execution.execution_id)
    cells = cells_html(execution.execution_id, ended, shown.source, execution.error, is_going=execution.is_going)
    head = head_html(runs, execution, len(ended))
    return piece("notebook_result", execution=execution, cells=cells, form=shown.form, n_ended=len(ended), head=head)


def head_html(runs: NotebookRuns, execution: Execution, n_ended: int) -> str:
    """The element `execution-head`: state, progress and Cancel, or how it ended and what can be downloaded."""
    return piece(
        "notebook_head", execution=execution, is_stopping=runs.is_stopping(execution.execution_id),
        here=address_of(execution.notebook, execution.parameters), **progress_of(execution, n_ended),
    )  # fmt: skip


def progress_of(execution: Execution, n_ended: int) -> dict[str, object]:
    """What the element `execution-progress` says: what goes on, since when, how much is done."""
    step = execution.note or f"cell {min(n_ended + 1, execution.n_cells)} of {execution.n_cells}"
    seconds = math.floor(max(time.time() - execution.started_at, 0.0))
    return {"step": step, "seconds": seconds, "n_ended": n_ended, "n_cells": execution.n_cells}


def form_html(shown: Shown) -> str:
    """The element `widgets`: the controls alone."""
    return piece("notebook_widgets", shown=shown)
