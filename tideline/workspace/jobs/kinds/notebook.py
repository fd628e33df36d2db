"""notebook_task: one kernel, one session, the notebook as executed kept whatever happens."""

from __future__ import annotations

from pathlib import Path

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Done, Work
from tideline.workspace.jobs.kinds.keep import keep_notebook
from tideline.workspace.jobs.records import TaskError
from tideline.workspace.jobs.references import as_text
from tideline.workspace.notebook.results import CellError, CellEvent, NotebookTask, TaskContext


def run_notebook(work: Work) -> Done:
    running = work.running
    work.attempt.parameters = parameters_of(work)
    pool = running.pool()
    asked = NotebookTask(
        path=Path(str(work.fields["notebook_path"])),
        root=running.bundle.root,
        parameters=work.attempt.parameters,
        timeout_seconds=work.timeout_seconds,
        context=_context(work),
    )
    result = pool.run(asked, on_event=lambda event: _tell(work, event), cancel=work.stop.event)
    keep_notebook(work, result)
    return Done(
        result.state,
        _error(work, result.error, result.path) if result.error and result.state != s.CANCELED else None,
        exit_value=result.exit_value,
        values=result.task_values,
        overhead_seconds=result.overhead_seconds,
    )


def parameters_of(work: Work) -> dict[str, str]:
    """base_parameters, with the job's parameters over them; without declared ones, those given for this run."""
    base = work.scope.fill(work.fields.get("base_parameters") or {})
    pushed = dict(work.running.run.parameters)
    return {str(name): as_text(value) for name, value in {**base, **pushed}.items()}


def _context(work: Work) -> TaskContext:
    run = work.running.run
    values = {key: dict(task.get("values") or {}) for key, task in work.scope.tasks.items()}
    return TaskContext(
        job_id=str(work.scope.job["id"]),
        job_name=run.job_name,
        run_id=run.run_id,
        task_key=work.task.key,
        task_run_id=work.task.task_run_id,
        attempt=work.attempt.number,
        task_values=values,
        in_job=True,
        in_for_each=work.is_in_loop,
        user=work.running.bundle.user.name,
    )


def _tell(work: Work, event: CellEvent) -> None:
    work.running.log.tell(
        "cell", work.path, state=event.state, text=event.title, number=event.number, total=event.total,
        cell=event.kind,
    )  # fmt: skip


def _error(work: Work, error: CellError, path: Path) -> TaskError:
    root = work.running.bundle.root
    notebook = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return TaskError(error.name, error.message, notebook, error.cell, error.line, error.traceback)
