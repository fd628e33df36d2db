"""What pages may show: everything but secrets, whoever gave them away."""

from __future__ import annotations

from collections.abc import Mapping

from tideline.workspace.control.state import Workspace
from tideline.workspace.jobs import JobRun, TaskRun
from tideline.workspace.jobs.records import TaskError
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.secrets import SecretStore
from tideline.workspace.server import running_server


def redactor_of(workspace: Workspace) -> Redactor:
    """Knows every secret of the workspace, and the Spark server's token. NotebookError where the file cannot be read."""
    server = workspace.remote or running_server(workspace.layout)
    return Redactor(SecretStore.read(workspace.layout.secrets).values() | ({server.token} if server else set()))


def secrets_at(workspace: Workspace) -> int:
    """When the secrets were last written, in nanoseconds: what was drawn before may show a newer one."""
    file = workspace.layout.secrets
    return file.stat().st_mtime_ns if file.is_file() else 0


def without_secrets(run: JobRun, redact: Redactor) -> JobRun:
    """The same run with every text that came from outside redacted. What notebooks said was so when it was kept."""
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
        without_secrets(task.child, redact)


def _error(error: TaskError, redact: Redactor) -> TaskError:
    message, traceback = redact.text(error.message), redact.text(error.traceback)
    return TaskError(error.name, message, error.notebook, error.cell, error.line, traceback)


def _texts(values: Mapping[str, str], redact: Redactor) -> dict[str, str]:
    return {name: redact.text(str(value)) for name, value in values.items()}
