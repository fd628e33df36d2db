"""What leaves an attempt: no text of it holds a secret."""

from __future__ import annotations

from dataclasses import asdict, replace

from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.attempt import Progress
from tideline.workspace.notebook.host import Host
from tideline.workspace.notebook.plan import RefusedCell
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.results import CellError, ExecutedCell, NotebookResult, NotebookTask, Widget


def refused(task: NotebookTask, error: NotebookError, seconds: float) -> NotebookResult:
    """The end of an attempt that could not begin."""
    cell = error.cell if isinstance(error, RefusedCell) else 0
    line = error.place.line or None if error.place and error.place.file == task.path else None
    told = CellError(cell=cell, line=line, name="NotebookError", message=str(error), is_user_mistake=True)
    return NotebookResult(
        state="FAILED", error=told, seconds=seconds, overhead_seconds=seconds, path=task.path
    )


def without_secrets(executed: ExecutedCell, redactor: Redactor) -> ExecutedCell:
    """The cell as anybody may see it; its exact source is gone."""
    cell = executed.cell
    shown = replace(cell, text=redactor.text(cell.text), title=redactor.text(cell.title), raw=None)
    return replace(executed, cell=shown, outputs=tuple(redactor.value(list(executed.outputs))))


def _widget(widget: Widget, redactor: Redactor) -> Widget:
    return Widget(**redactor.value(asdict(widget)) | {"choices": tuple(map(redactor.text, widget.choices))})


def result_of(
    progress: Progress, told: list[ExecutedCell], host: Host, redactor: Redactor, *, seconds: float, session_id: str
) -> NotebookResult:
    """Everything that leaves the attempt passes the redactor, here at the latest; `told` are cells that have."""
    error = progress.error
    if error is not None:
        error = replace(error, message=redactor.text(error.message), traceback=redactor.text(error.traceback))
    left = (without_secrets(cell, redactor) for cell in progress.cells[len(told) :])
    return NotebookResult(
        state=progress.state,
        exit_value=redactor.text(host.exit_value) if host.exit_value is not None else None,
        error=error,
        task_values=redactor.value(host.task_values),
        cells=(*told, *left),
        seconds=seconds,
        overhead_seconds=max(seconds - progress.own_seconds, 0.0),
        session_id=session_id,
        path=host.task.path,
        children=tuple(host.children),
        widgets=tuple(_widget(widget, redactor) for widget in host.widgets.values()),
    )
