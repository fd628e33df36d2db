"""run_job_task: the other job's run within this one; it fails with it."""

from __future__ import annotations

from collections.abc import Callable

from tideline.workspace.errors import JobError
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Done, Work
from tideline.workspace.jobs.records import JobRun, TaskError, all_tasks
from tideline.workspace.jobs.references import as_text

RunChild = Callable[[Work, str, dict[str, str]], JobRun]


def run_child(work: Work, start: RunChild) -> Done:
    """Run the named job with its own parameters, those of `job_parameters` over them."""
    bundle = work.running.bundle
    key = bundle.job_key_of(work.fields.get("job_id"))
    if key is None:
        raise JobError(
            f"task `{work.task.key}` runs job `{work.fields.get('job_id')}`, which is no job of this bundle",
            hint="write ${resources.jobs.<key>.id}",
        )
    if key in work.running.callers:
        raise JobError(f"the job runs itself: {' -> '.join([*work.running.callers, key])}")
    given = work.scope.fill(work.fields.get("job_parameters") or {})
    work.attempt.parameters = {str(name): as_text(value) for name, value in given.items()}
    child = start(work, key, work.attempt.parameters)
    if child.state == s.CANCELED or work.stop.is_set():
        return Done(s.CANCELED)
    if child.state in (s.SUCCESS, s.SUCCESS_WITH_FAILURES):
        return Done(s.SUCCESS, output=f"run {child.run_id} of {key}: {child.state}")
    return Done(s.FAILED, _cause(child), output=f"run {child.run_id} of {key}: {child.state}")


def _cause(child: JobRun) -> TaskError:
    for path, task in all_tasks(child):
        if task.error and not task.child:
            error = task.error
            message = f"{child.job_key}/{path}: {error.message}"
            return TaskError(error.name, message, error.notebook, error.cell, error.line, error.traceback)
    return TaskError(
        "ChildRunFailed", f"run {child.run_id} of {child.job_key} ended {child.state} {child.message}"
    )
