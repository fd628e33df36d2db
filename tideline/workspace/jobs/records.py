"""What is known of a run: kept as JSON, shown in the terminal, rendered in the report. Times are UTC seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.trigger import Trigger

CUT_OFF = "the runner ended before the run did"


@dataclass
class TaskError:
    """Why an attempt failed, in the user's words. `notebook` is relative to the bundle; `line` counts in that file."""

    name: str
    message: str
    notebook: str = ""
    cell: int = 0
    line: int | None = None
    traceback: str = ""

    @property
    def where(self) -> str:
        spot = self.notebook + (f":{self.line}" if self.line else "")
        return spot + (f", cell {self.cell}" if self.cell else "") if spot else ""


@dataclass
class Attempt:
    """One try. `page` and `notebook` are files of the run's folder: the notebook as executed."""

    number: int
    state: str = s.RUNNING
    started_at: float = 0.0
    seconds: float = 0.0
    overhead_seconds: float = 0.0
    parameters: dict[str, str] = field(default_factory=dict)
    error: TaskError | None = None
    exit_value: str | None = None
    output: str = ""
    page: str = ""
    notebook: str = ""


@dataclass
class TaskRun:
    """A task of a run. `iterations` are those of a loop, `child` the run of a run_job_task."""

    key: str
    kind: str
    state: str = s.BLOCKED
    task_run_id: str = ""
    description: str = ""
    run_if: str = "ALL_SUCCESS"
    depends_on: list[list[str]] = field(default_factory=list)
    notebook_path: str = ""
    place: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    condition: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    tables: list[dict[str, Any]] = field(default_factory=list)
    iterations: list[TaskRun] = field(default_factory=list)
    child: JobRun | None = None
    reason: str = ""

    @property
    def error(self) -> TaskError | None:
        return self.attempts[-1].error if self.attempts and s.is_bad(self.state) else None

    @property
    def started_at(self) -> float:
        return self.attempts[0].started_at if self.attempts else 0.0

    @property
    def ended_at(self) -> float:
        return self.attempts[-1].started_at + self.attempts[-1].seconds if self.attempts else 0.0

    @property
    def seconds(self) -> float:
        """The attempts' own time; waits between them, such as that before a repair, are not in it."""
        return sum(attempt.seconds for attempt in self.attempts)


@dataclass
class Part:
    """The first go of a run that was repaired, or one of its repairs. The last one's end is the run's own.

    `parameters` are those that were given for it.
    """

    started_at: float
    tasks: list[str]
    state: str = ""
    seconds: float = 0.0
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class JobRun:
    """A run of a job, or a repair of one: the same run with `repair_count` raised. `server` is a Spark server of elsewhere."""

    run_id: str
    job_key: str
    job_name: str
    state: str = s.PENDING
    started_at: float = 0.0
    seconds: float = 0.0
    parameters: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, TaskRun] = field(default_factory=dict)
    repair_count: int = 0
    only: str = ""
    target: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    message: str = ""
    parent: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    root: str = ""
    begun_at: float = 0.0
    parts: list[Part] = field(default_factory=list)
    trigger: Trigger = field(default_factory=Trigger)
    server: str = ""

    @property
    def is_cut_off(self) -> bool:
        """Did the process that ran it end before it, so that nobody stopped it on purpose?"""
        return self.state == s.CANCELED and self.message == CUT_OFF

    @property
    def is_fine(self) -> bool:
        return self.state == s.SUCCESS

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def run_from(data: dict[str, Any]) -> JobRun:
    """The run that `to_dict` gave."""
    tasks = {key: task_from(task) for key, task in data["tasks"].items()}
    parts = [Part(**part) for part in data.get("parts") or []]
    trigger = Trigger(**data.get("trigger") or {})
    return JobRun(**{**data, "tasks": tasks, "parts": parts, "trigger": trigger})


def task_from(data: dict[str, Any]) -> TaskRun:
    attempts = [
        Attempt(**{**each, "error": TaskError(**each["error"]) if each["error"] else None})
        for each in data["attempts"]
    ]
    iterations = [task_from(each) for each in data["iterations"]]
    child = run_from(data["child"]) if data["child"] else None
    return TaskRun(**{**data, "attempts": attempts, "iterations": iterations, "child": child})


def all_tasks(run: JobRun) -> list[tuple[str, TaskRun]]:
    """Every task with its path (`daily_task/raw`): those of child runs and the iterations of loops after their own."""
    found: list[tuple[str, TaskRun]] = []
    for key, task in run.tasks.items():
        found.append((key, task))
        found += [(f"{key}[{number}]", each) for number, each in enumerate(task.iterations, start=1)]
        for each in [task, *task.iterations]:
            if each.child:
                found += [(f"{key}/{path}", below) for path, below in all_tasks(each.child)]
    return found
