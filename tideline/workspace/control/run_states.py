"""A run's or task's state in the platform's words: the older `state` and the newer `status`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun, TaskRun

SEE_OUTPUT = "Workload failed, see run output for details"
CODES = {
    s.SUCCESS: ("SUCCESS", "SUCCESS"),
    s.SUCCESS_WITH_FAILURES: ("SUCCESS_WITH_FAILURES", "SUCCESS"),
    s.FAILED: ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    s.TIMEDOUT: ("CANCELED", "CLIENT_ERROR"),
    s.CANCELED: ("USER_CANCELED", "CLIENT_ERROR"),
    s.UPSTREAM_FAILED: ("SKIPPED", "CLIENT_ERROR"),
    s.UPSTREAM_CANCELED: ("SKIPPED", "CLIENT_ERROR"),
    s.EXCLUDED: ("SKIPPED", "SUCCESS"),
    s.DISABLED: ("DISABLED", "SUCCESS"),
    s.SKIPPED: ("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
}
OVER_LIMIT = "as many runs of this job go on as max_concurrent_runs allows"


def run_states(run: JobRun, *, is_stopping: bool = False) -> dict[str, Any]:
    """`state` and `status` of a run. A failed one has the life cycle INTERNAL_ERROR, as the platform's have."""
    message = run.message or _blame(run.tasks.values(), run.state)
    return _states(run.state, message, failed="INTERNAL_ERROR", is_stopping=is_stopping)


def task_states(task: TaskRun, *, is_stopping: bool = False) -> dict[str, Any]:
    """`state` and `status` of a task; why it failed is in its output, as on the platform."""
    message = task.reason or (SEE_OUTPUT if task.error else "")
    return _states(task.state, message, failed="TERMINATED", is_stopping=is_stopping and task.state == s.RUNNING)


def _states(state: str, message: str, *, failed: str, is_stopping: bool) -> dict[str, Any]:
    if state not in s.TERMINAL:
        return _unended("TERMINATING" if is_stopping else state, message)
    code, kind = CODES[state]
    life = {s.FAILED: failed, s.SKIPPED: "SKIPPED"}.get(state, "TERMINATED")
    old = {
        "life_cycle_state": life,
        "result_state": state,
        "state_message": message,
        "user_cancelled_or_timedout": state in (s.CANCELED, s.TIMEDOUT),
    }
    details = {"code": code, "type": kind, "message": message}
    return {"state": old, "status": {"state": "TERMINATED", "termination_details": details}}


def _unended(state: str, message: str) -> dict[str, Any]:
    old: dict[str, Any] = {
        "life_cycle_state": state,
        "state_message": message,
        "user_cancelled_or_timedout": False,
    }
    status: dict[str, Any] = {"state": "WAITING" if state == s.WAITING_FOR_RETRY else state}
    if state == s.QUEUED:
        old["queue_reason"] = OVER_LIMIT
        status["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": OVER_LIMIT}
    return {"state": old, "status": status}


def _blame(tasks: Iterable[TaskRun], state: str) -> str:
    """Which tasks made the run fail."""
    if state not in (s.FAILED, s.SUCCESS_WITH_FAILURES):
        return ""
    bad = [task.key for task in tasks if task.state in (s.FAILED, s.TIMEDOUT)]
    said = [f"Task {key} failed with message: {SEE_OUTPUT}." for key in bad]
    skipped = any(task.state == s.UPSTREAM_FAILED for task in tasks)
    return " ".join([*said, *(["This caused all downstream tasks to get skipped."] if skipped else [])])
