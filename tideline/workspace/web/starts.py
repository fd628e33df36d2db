"""When a job starts by itself: what it says of that, and whether a scheduler of this machine heeds it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout
from tideline.workspace.scheduler import Holder, Rule, holder_of, rules_of_job
from tideline.workspace.scheduler.ways import Schedule

# What odd settings of a job raise; a check of the bundle, or a run, says what is wrong with them.
ODD = (WorkspaceError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Start:
    """One way. `next` are the coming times of a schedule, in its own zone; `is_served` where the running scheduler starts it."""

    said: str
    next: list[datetime]
    is_paused: bool
    is_served: bool


@dataclass(frozen=True)
class Starts:
    """Of the jobs of one target. `holder` is the scheduler that runs, whatever target it serves."""

    target: str
    holder: Holder | None

    @classmethod
    def now(cls, layout: Layout, target: str) -> Starts:
        return cls(target, holder_of(layout))

    def of(self, key: str, job: Mapping[str, Any], count: int) -> list[Start]:
        """All ways of a job; none for one that says something odd."""
        try:
            return [self._start(rule, count) for rule in rules_of_job(key, job)]
        except ODD:
            return []

    def _start(self, rule: Rule, count: int) -> Start:
        way, served = rule.way, self.holder.rules if self.holder and self.holder.target == self.target else ()
        times = way.cron.next_runs(datetime.now(UTC), way.zone, count=count) if isinstance(way, Schedule) else []
        return Start(str(way or rule.problem), times, rule.is_paused, rule.id in served)
