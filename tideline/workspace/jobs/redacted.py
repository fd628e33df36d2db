"""A run without its secrets: what reports, pages and result files are made of."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from tideline.workspace.jobs.records import JobRun, TaskError, TaskRun
from tideline.workspace.notebook.redact import Redactor


def without_secrets(run: JobRun, redact: Redactor) -> JobRun:
    """A copy with every text that came from outside redacted. What notebooks said was so when it was kept."""
    return _cleaned(deepcopy(run), redact)


def _cleaned(run: JobRun, redact: Redactor) -> JobRun:
    run.parameters, run.overrides = _texts(run.parameters, redact), _texts(run.overrides, redact)
    run.message = redact.text(run.message)
    for part in run.parts:
        part.parameters = _texts(part.parameters, redact)
    for task in run.tasks.values():
        _clean(task, redact)
    return run


def _clean(task: TaskRun, redact: Redactor) -> None:
    task.reason, task.condition = redact.text(task.reason), redact.text(task.condition)
    task.description = redact.text(task.description)
    task.values, task.result, task.tables = redact.value(task.values), redact.value(task.result), redact.value(task.tables)
    for attempt in task.attempts:
        attempt.parameters, attempt.output = _texts(attempt.parameters, redact), redact.text(attempt.output)
        if attempt.exit_value is not None:
            attempt.exit_value = redact.text(attempt.exit_value)
        if attempt.error is not None:
            attempt.error = _error(attempt.error, redact)
    for each in task.iterations:
        _clean(each, redact)
    if task.child is not None:
        _cleaned(task.child, redact)


def _error(error: TaskError, redact: Redactor) -> TaskError:
    message, traceback = redact.text(error.message), redact.text(error.traceback)
    return TaskError(error.name, message, error.notebook, error.cell, error.line, traceback)


def _texts(values: Mapping[str, str], redact: Redactor) -> dict[str, str]:
    return {name: redact.text(str(value)) for name, value in values.items()}
