"""What a bundle says about when its jobs start by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tideline.workspace.bundle.cron import Cron, parse_cron
from tideline.workspace.bundle.model import Bundle

UNITS = {"MINUTES": "minutes", "HOURS": "hours", "DAYS": "days", "WEEKS": "weeks"}
UNSERVED = ("model", "sql_condition", "job_completion")


@dataclass(frozen=True)
class Schedule:
    """Times of a Quartz expression in a time zone."""

    expression: str
    zone: str

    @property
    def cron(self) -> Cron:
        return parse_cron(self.expression)

    def __str__(self) -> str:
        return f"{self.expression} {self.zone}"


@dataclass(frozen=True)
class Periodic:
    """Every so often, counted from when the scheduler first saw it."""

    number: int
    unit: str

    @property
    def interval(self) -> timedelta:
        return timedelta(**{UNITS[self.unit]: self.number})

    def __str__(self) -> str:
        return f"every {self.number} {UNITS[self.unit]}"


@dataclass(frozen=True)
class Waits:
    """Seconds from one start to the next at least, and from the last change to the start at least."""

    between: float = 0.0
    after_change: float = 0.0


@dataclass(frozen=True)
class FileArrival:
    """New files below a folder, which is named as in the workspace."""

    url: str
    waits: Waits

    def __str__(self) -> str:
        return f"new files in {self.url}"


@dataclass(frozen=True)
class TableUpdate:
    """Changed data in one of the tables, or in all of them."""

    names: tuple[str, ...]
    needs_all: bool
    waits: Waits

    def __str__(self) -> str:
        return f"{'all' if self.needs_all else 'any'} updated of {', '.join(self.names)}"


@dataclass(frozen=True)
class Continuous:
    """A run goes on at any time."""

    def __str__(self) -> str:
        return "continuous"


Way = Schedule | Periodic | FileArrival | TableUpdate | Continuous


@dataclass(frozen=True)
class Rule:
    """One way in which a job starts; `number` tells those of a list `triggers` apart. A `problem` is why it cannot be served."""

    job: str
    number: int
    way: Way | None
    is_paused: bool
    problem: str = ""

    @property
    def id(self) -> str:
        return f"{self.job}/{self.number}"


def rules_of(bundle: Bundle) -> list[Rule]:
    """The rules of all jobs, paused ones too, in the order of the jobs' keys."""
    return [rule for key, job in sorted(bundle.jobs.items()) for rule in rules_of_job(key, job)]


def rules_of_job(key: str, job: Mapping[str, Any]) -> Iterator[Rule]:
    """The rules of one job, paused ones too."""
    single = {name: job[name] for name in ("schedule", "continuous") if job.get(name) is not None}
    if single:
        yield _rule(key, 0, single, next(iter(single.values())))
    elif job.get("trigger"):
        yield _rule(key, 0, job["trigger"], job["trigger"])
    for number, trigger in enumerate(job.get("triggers") or [], start=1):
        yield _rule(key, number, trigger, trigger)


def _rule(key: str, number: int, said: Mapping[str, Any], around: Mapping[str, Any]) -> Rule:
    unserved = [name for name in UNSERVED if said.get(name) is not None]
    way = None if unserved else _way(said)
    found = unserved or [name for name, value in said.items() if value is not None and name != "pause_status"]
    problem = "" if way else f"a trigger of kind `{', '.join(found)}` is not served here"
    return Rule(key, number, way, around.get("pause_status") == "PAUSED", problem)


def _way(said: Mapping[str, Any]) -> Way | None:
    if said.get("schedule") is not None:
        schedule = said["schedule"]
        return Schedule(str(schedule["quartz_cron_expression"]), str(schedule.get("timezone_id") or "UTC"))
    if said.get("periodic") is not None:
        return Periodic(int(said["periodic"]["interval"]), str(said["periodic"]["unit"]))
    if said.get("file_arrival") is not None:
        return FileArrival(str(said["file_arrival"]["url"]), _waits(said["file_arrival"]))
    if said.get("table_update") is not None:
        tables = said["table_update"]
        names = tuple(str(name) for name in tables.get("table_names") or [])
        return TableUpdate(names, tables.get("condition") == "ALL_UPDATED", _waits(tables))
    return Continuous() if said.get("continuous") is not None else None


def _waits(said: Mapping[str, Any]) -> Waits:
    between, after = "min_time_between_triggers_seconds", "wait_after_last_change_seconds"
    return Waits(float(said.get(between) or 0), float(said.get(after) or 0))
