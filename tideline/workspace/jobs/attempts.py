"""A task from its first attempt to its last: retries, time-outs, what is noted of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Done, Running, Work
from tideline.workspace.jobs.records import Attempt, TaskError, TaskRun
from tideline.workspace.jobs.references import Scope
from tideline.workspace.jobs.tables import table_rows

MOST_ATTEMPTS = 10
WITHOUT_RETRIES = frozenset({"condition_task", "for_each_task"})
Do = Callable[[Work], Done]


def run_attempts(
    running: Running, spec: dict[str, Any], task: TaskRun, scope: Scope, kinds: Mapping[str, Do], *,
    path: str, is_in_loop: bool = False,
) -> None:  # fmt: skip
    """Try until it succeeds, retries are used up or the run is stopped; `task` holds the end.

    The wait before a retry is counted from the start of the failed attempt. -1 retries end after ten attempts.
    """
    asked = 0 if task.kind in WITHOUT_RETRIES else int(spec.get("max_retries") or 0)
    retries = MOST_ATTEMPTS - 1 if asked < 0 else asked
    for turn in range(retries + 1):
        began = time.monotonic()
        done = _attempt(running, spec, task, scope, kinds, path=path, is_in_loop=is_in_loop)
        if not _is_worth_another(done, spec) or turn == retries:
            break
        task.state = s.WAITING_FOR_RETRY
        wait = began + float(spec.get("min_retry_interval_millis") or 0) / 1000 - time.monotonic()
        running.log.tell(
            "task", path, state=task.state, text=f"{done.state}, next attempt {_soon(wait)}", wait=wait
        )
        if running.stop.event.wait(max(wait, 0.0)):
            done = Done(running.stop.reason)
            break
    task.state = done.state


def _soon(seconds: float) -> str:
    return f"in {seconds:.0f} s" if seconds >= 0.5 else "at once"


def _is_worth_another(done: Done, spec: Mapping[str, Any]) -> bool:
    if done.state == s.TIMEDOUT:
        return bool(spec.get("retry_on_timeout"))
    return done.state == s.FAILED and not done.is_final


def _attempt(
    running: Running, spec: dict[str, Any], task: TaskRun, scope: Scope, kinds: Mapping[str, Do], *,
    path: str, is_in_loop: bool,
) -> Done:  # fmt: skip
    attempt = Attempt(len(task.attempts) + 1, started_at=time.time())
    task.attempts.append(attempt)
    task.state, task.reason = s.RUNNING, ""
    running.log.tell("task", path, state=s.RUNNING, attempt=attempt.number, of=_of(spec))
    running.store.save(running.run)
    own = {**scope.task, "execution_count": len(task.attempts)}
    work = Work(
        running, spec, task, attempt, replace(scope, task=own), running.stop.below(), path, is_in_loop
    )
    began = time.monotonic()
    done = _settled(work, kinds[task.kind])
    attempt.seconds = round(time.monotonic() - began, 3)
    attempt.state, attempt.error, attempt.exit_value = done.state, done.error, done.exit_value
    attempt.output, attempt.overhead_seconds = done.output, round(done.overhead_seconds, 3)
    task.values |= done.values
    task.tables = table_rows(done.exit_value) or task.tables
    failure = f"{done.error.name}: {done.error.message}" if done.error else ""
    running.log.tell(
        "attempt", path, state=done.state, text=failure, attempt=attempt.number, seconds=attempt.seconds
    )
    return done


def _settled(work: Work, do: Do) -> Done:
    """The attempt's end. Errors of a person are final; a fault of this program shows as what it is."""
    own_limit = None if work.task.kind == "notebook_task" else work.timeout_seconds
    try:
        with work.stop.limit(own_limit):
            done = do(work)
    except WorkspaceError as error:
        return Done(
            s.FAILED, TaskError(type(error).__name__, str(error), work.task.notebook_path), is_final=True
        )
    if done.state == s.CANCELED and work.stop.reason == s.TIMEDOUT:
        return replace(done, state=s.TIMEDOUT, error=done.error or _too_long(work))
    if done.state == s.TIMEDOUT and done.error is None:
        return replace(done, error=_too_long(work))
    return done


def _too_long(work: Work) -> TaskError:
    limit = work.timeout_seconds
    said = (
        f"took longer than {limit:g} s (timeout_seconds)" if limit else "the job's timeout_seconds were over"
    )
    return TaskError("TimedOut", said, work.task.notebook_path)


def _of(spec: Mapping[str, Any]) -> int:
    retries = int(spec.get("max_retries") or 0)
    return MOST_ATTEMPTS if retries < 0 else retries + 1
