"""Runs as they are kept: one that succeeded, one that failed, one that found nothing to do."""

from __future__ import annotations

from pathlib import Path

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import Attempt, JobRun, TaskError, TaskRun

START = 1_700_000_000.0
PAGE = "notebooks/raw-1.html"


def row(table: str, **counts: object) -> dict[str, object]:
    return {
        "table": table,
        "path": "full",
        "status": "succeeded",
        "read": 0,
        "inserted": 0,
        "why": "",
        **counts,
    }


def task(
    key: str, state: str, *, after: str = "", at: float = 0, seconds: float = 2, **fields: object
) -> TaskRun:
    ran = state in {s.SUCCESS, s.FAILED, s.TIMEDOUT}
    attempts = [Attempt(1, state, START + at, seconds, parameters={"as_of": "2023-06-02"})] if ran else []
    found = TaskRun(key, "notebook_task", state, depends_on=[[after, ""]] if after else [], attempts=attempts)
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def run(state: str, *tasks: TaskRun) -> JobRun:
    return JobRun(
        "2023111422132001", "daily", "Daily figures", state, START, 5.0,
        parameters={"as_of": "2023-06-02", "rebuild": "false"}, overrides={"as_of": "2023-06-02"},
        tasks={each.key: each for each in tasks}, target="dev",
    )  # fmt: skip


def succeeded(folder: Path) -> JobRun:
    page = folder / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text('<div class="nb"><p>users per country</p></div>', encoding="utf-8")
    raw = task("raw", s.SUCCESS, tables=[row("raw.users", read=1200, inserted=1200, why="first run")])
    raw.attempts[0].page = PAGE
    gold = task("gold", s.SUCCESS, after="raw", at=2, values={"rows": 3})
    return run(s.SUCCESS, raw, gold)


def failed() -> JobRun:
    raw = task("raw", s.FAILED)
    raw.attempts[0].error = TaskError(
        "ValueError", "no column <b>age</b>", "notebooks/raw.py", 4, 31, "Traceback ..."
    )
    return run(s.FAILED, raw, task("gold", s.UPSTREAM_FAILED, after="raw"))


def idle() -> JobRun:
    rows = [row("raw.users", path="nothing", status="nothing", why="no new file")]
    return run(s.SUCCESS, task("raw", s.SUCCESS, tables=rows), task("gold", s.SUCCESS, after="raw"))
