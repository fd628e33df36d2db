"""`{{...}}` filled in when a task starts; what cannot be filled in is an error, never handed on as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tideline.workspace.bundle.references import (
    BRACES,
    DEPRECATED,
    TIMES,
    Reference,
    has_odd_braces,
    problem_of,
    references_in,
)
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import JobError
from tideline.workspace.jobs.trigger import Trigger

NO_INPUT = object()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What references can name. `tasks` holds the tasks upstream alone; a value is text or JSON data."""

    job: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    started_at: float = 0.0
    trigger: Trigger = field(default_factory=Trigger)
    task: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    input: Any = NO_INPUT

    def fill(self, value: Any) -> Any:
        """The value with every text in it filled in, however deep; JobError names the reference at fault."""
        if isinstance(value, str):
            return self._fill_text(value)
        if isinstance(value, Mapping):
            return {key: self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        return value

    def _fill_text(self, text: str) -> str:
        if has_odd_braces(text):
            raise JobError(f"`{text[:80]}` holds braces that make no reference", hint="write {{job.run_id}}")
        return BRACES.sub(lambda match: as_text(self.value(references_in(match.group(0))[0])), text)

    def value(self, reference: Reference) -> Any:
        """What the reference stands for, as data."""
        problem = problem_of(reference)
        if problem:
            raise JobError(problem[0], hint=problem[1])
        steps = reference.steps
        if len(steps) == 1 and steps[0] in DEPRECATED:
            steps = tuple(DEPRECATED[steps[0]].split("."))
        found = {
            "job": self._job, "task": self._own, "tasks": self._other, "input": self._input,
            "workspace": self._workspace, "backfill": self._backfill,
        }[steps[0]](steps[1:], reference)  # fmt: skip
        if found is None:
            raise JobError(f"`{reference}` has no value here")
        return found

    def _job(self, steps: tuple[str, ...], reference: Reference) -> Any:
        if steps[0] == "parameters":
            return _known(self.parameters, steps[1], reference, "parameters")
        if steps[0] == "start_time":
            return time_part(self.started_at, steps[1])
        if steps[0] == "trigger":
            return self._trigger(steps[1], steps[2:])
        return self.job.get(steps[0])

    def _trigger(self, what: str, steps: tuple[str, ...]) -> Any:
        if what == "type":
            return self.trigger.type
        if what == "time":
            return time_part(self.trigger.at or self.started_at, steps[0])
        if what == "file_arrival":
            return self.trigger.location or None if steps == ("location",) else None
        return _of_tables(self.trigger.tables, steps)

    def _own(self, steps: tuple[str, ...], reference: Reference) -> Any:
        return self.task.get(steps[0])

    def _other(self, steps: tuple[str, ...], reference: Reference) -> Any:
        task = _known(self.tasks, steps[0], reference, "tasks upstream")
        found: Any = task
        for number, step in enumerate(steps[1:]):
            if not isinstance(found, Mapping):
                return None
            found = _known(found, step, reference, "values" if number and steps[1] == "values" else "known")
        return found

    def _input(self, steps: tuple[str, ...], reference: Reference) -> Any:
        if self.input is NO_INPUT:
            raise JobError(f"`{reference}` stands outside a for_each_task")
        if not steps:
            return self.input
        if not isinstance(self.input, Mapping):
            raise JobError(f"`{reference}`: the input is no object: {as_text(self.input)[:60]}")
        return _known(self.input, steps[0], reference, "keys of the input")

    def _workspace(self, steps: tuple[str, ...], reference: Reference) -> Any:
        return {"id": "0", "url": "http://localhost"}[steps[0]]

    def _backfill(self, steps: tuple[str, ...], reference: Reference) -> Any:
        return time_part(self.started_at, "iso_datetime")


def _of_tables(tables: Mapping[str, Mapping[str, Any]], steps: Sequence[str]) -> Any:
    """`updated_tables`, or `<table>.version` and `<table>.commit_timestamp.<part>`; a table's name is itself of several steps."""
    if list(steps) == ["updated_tables"]:
        return list(tables) or None
    path = ".".join(steps)
    for name, commit in tables.items():
        rest = path.removeprefix(f"{name}.").split(".") if path.startswith(f"{name}.") else []
        if rest == ["version"]:
            return commit["version"]
        if len(rest) == 2 and rest[0] == "commit_timestamp" and rest[1] in TIMES:
            return time_part(float(commit["commit_timestamp"]), rest[1])
    return None


def as_text(value: Any) -> str:
    """Text as it is, everything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def time_part(seconds: float, part: str) -> str:
    """One part of a time in UTC, as the job service names them; week days count from 1 = Monday."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if part in ("year", "month", "day", "hour", "minute", "second"):
        return str(getattr(moment, part))
    return {
        "iso_date": moment.date().isoformat(),
        "iso_datetime": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "timestamp_ms": str(int(seconds * 1000)),
        "iso_weekday": str(moment.isoweekday()),
        "is_weekday": "true" if moment.isoweekday() <= 5 else "false",
    }[part]


def _known(values: Mapping[str, Any], name: str, reference: Reference, what: str) -> Any:
    if name not in values:
        raise JobError(f"`{reference}`: there is no `{name}`", hint=did_you_mean(name, values, what=what))
    return values[name]
