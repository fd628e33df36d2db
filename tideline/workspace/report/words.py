"""States, times and parts of a run in words that a newcomer understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun, TaskRun
from tideline.workspace.jobs.tables import is_nothing_to_do

TASK_WORDS = {
    s.SUCCESS: "succeeded",
    s.SUCCESS_WITH_FAILURES: "succeeded, with failures on the way",
    s.FAILED: "failed",
    s.TIMEDOUT: "stopped: out of time",
    s.CANCELED: "canceled",
    s.UPSTREAM_FAILED: "did not run: a task before it failed",
    s.UPSTREAM_CANCELED: "did not run: a task before it was canceled",
    s.EXCLUDED: "not needed: its condition was not met",
    s.DISABLED: "switched off for this run",
    s.BLOCKED: "waiting for the tasks before it",
    s.PENDING: "about to start",
    s.QUEUED: "waiting for another run of the job",
    s.RUNNING: "running",
    s.WAITING_FOR_RETRY: "waiting for its next attempt",
    s.SKIPPED: "not started: the job was already running as often as it may",
}
RUN_WORDS = {
    s.CANCELED: "was canceled",
    s.TIMEDOUT: "was stopped: it took longer than it may",
    s.RUNNING: "is still going on",
    s.PENDING: "is about to start",
    s.QUEUED: "waits for another run of the job",
    s.SKIPPED: "was not started: the job was already running as often as it may",
}
TONES = (
    ("good", {s.SUCCESS}),
    ("warn", {s.SUCCESS_WITH_FAILURES, s.CANCELED, s.UPSTREAM_CANCELED, s.SKIPPED, s.WAITING_FOR_RETRY}),
    ("bad", {s.FAILED, s.TIMEDOUT, s.UPSTREAM_FAILED}),
    ("busy", {s.RUNNING, s.PENDING, s.QUEUED}),
)


def in_words(state: str) -> str:
    return TASK_WORDS.get(state, state.lower().replace("_", " "))


def tone(state: str) -> str:
    """`good`, `warn`, `bad`, `busy` or `quiet`: which colour a state has."""
    return next((name for name, states in TONES if state in states), "quiet")


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 04 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(at: float) -> str:
    """UTC, to the second; empty for 0, which means never."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def tables_of(tasks: Iterable[TaskRun]) -> list[dict[str, object]]:
    """The rows that notebooks handed over, those of loops and child runs included, in the order of the tasks."""
    rows: list[dict[str, object]] = []
    for task in tasks:
        rows += task.tables
        rows += tables_of(task.iterations)
        rows += tables_of(task.child.tasks.values()) if task.child else []
    return rows


def headline(run: JobRun) -> str:
    """One sentence: how the run ended."""
    if run.state == s.SUCCESS and is_nothing_to_do(tables_of(run.tasks.values())):
        return "Nothing to do: every table was already up to date"
    counts = Counter(task.state for task in run.tasks.values())
    if run.state == s.SUCCESS:
        ran, left = counts[s.SUCCESS], counts[s.EXCLUDED] + counts[s.DISABLED]
        what = "The task" if ran == 1 else f"All {ran} tasks"
        return f"{what}{' that ran' if left else ''} succeeded" + (
            f"; {left} did not need to run" if left else ""
        )
    names = [task.key for task in run.tasks.values() if task.state in {s.FAILED, s.TIMEDOUT}]
    if run.state == s.SUCCESS_WITH_FAILURES:
        return f"The job reached its end although {_listed(names)} failed"
    if run.state == s.FAILED and names:
        waiting = counts[s.UPSTREAM_FAILED]
        verb = "was not" if waiting == 1 else "were not"
        behind = f"; {waiting} task{'' if waiting == 1 else 's'} after it {verb} started" if waiting else ""
        return f"{_listed(names)} failed{behind}"
    return f"The run {RUN_WORDS.get(run.state, in_words(run.state))}" + (
        f": {run.message}" if run.message else ""
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:3])
    return (shown or "a task") + (f" and {len(names) - 3} more" if len(names) > 3 else "")
