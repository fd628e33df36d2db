"""Two runs side by side: what was given to them, what became of their tasks, what they wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tideline.workspace.jobs import JobRun, TaskRun
from tideline.workspace.jobs.records import all_tasks
from tideline.workspace.jobs.tables import rows_written


@dataclass(frozen=True)
class Pair:
    """One thing in both runs; None where a run has it not."""

    name: str
    first: Any
    second: Any

    @property
    def differs(self) -> bool:
        return bool(self.first != self.second)


@dataclass(frozen=True)
class TaskPair:
    """A task in both runs, by its path."""

    path: str
    first: TaskRun | None
    second: TaskRun | None

    @property
    def more_seconds(self) -> float | None:
        """How much longer the second took; None where one of them did not run."""
        if self.first is None or self.second is None or not (self.first.attempts and self.second.attempts):
            return None
        return self.second.seconds - self.first.seconds

    @property
    def state_differs(self) -> bool:
        return (self.first and self.first.state) != (self.second and self.second.state)


@dataclass(frozen=True)
class Comparison:
    """`rows` are those written per table: inserted, updated and deleted together."""

    first: JobRun
    second: JobRun
    parameters: list[Pair]
    tasks: list[TaskPair]
    rows: list[Pair]

    @property
    def sentence(self) -> str:
        """The differences, in one sentence."""
        first, second = self.first, self.second
        end = f"Both ended {first.state}" if first.state == second.state else f"{first.state} before, {second.state} after"
        states = sum(pair.state_differs for pair in self.tasks)
        parameters = sum(pair.differs for pair in self.parameters)
        given = f"{_counted(parameters, 'parameter')} {'differs' if parameters == 1 else 'differ'}"
        return f"{end}; {_counted(states, 'task')} ended otherwise, {given}."


def compared(first: JobRun, second: JobRun) -> Comparison:
    """The older run first, whichever way they are given."""
    first, second = sorted((first, second), key=lambda run: run.run_id)
    return Comparison(first, second, _parameters(first, second), _tasks(first, second), _rows(first, second))


def _parameters(first: JobRun, second: JobRun) -> list[Pair]:
    names = dict.fromkeys([*first.parameters, *second.parameters])
    return [Pair(name, first.parameters.get(name), second.parameters.get(name)) for name in names]


def _tasks(first: JobRun, second: JobRun) -> list[TaskPair]:
    before, after = dict(all_tasks(first)), dict(all_tasks(second))
    return [TaskPair(path, before.get(path), after.get(path)) for path in dict.fromkeys([*before, *after])]


def _rows(first: JobRun, second: JobRun) -> list[Pair]:
    before, after = _written(first), _written(second)
    return [Pair(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]


def _written(run: JobRun) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, task in all_tasks(run):
        for row in task.tables:
            name = str(row.get("table", ""))
            found[name] = found.get(name, 0) + rows_written([row])
    return found


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
