"""What the site is told of the bundle's own tables, as plain data: their declarations, their logs, how to replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tideline.workspace.declared import DeclaredTable


@dataclass(frozen=True)
class Question:
    """A query of the table `reads`, which may not have been made yet. `values` are its parameters, all of them texts."""

    reads: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Logs:
    """What the bundle's logs are asked about one table; None where they say nothing of it.

    `checks` gives check_name, severity, read, broken and checked_at, one row per check: when it was judged last.
    """

    runs: Question | None = None
    checks: Question | None = None
    quarantine: Question | None = None
    quarantined: Question | None = None


@dataclass(frozen=True)
class Replay:
    """The job that judges set-aside rows again, and its parameters."""

    job: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """`logs` and `replay` are asked for a declared table and what stands before its schema's name."""

    declared: Callable[[], Mapping[str, DeclaredTable]] = dict
    logs: Callable[[DeclaredTable, str], Logs] = lambda table, prefix: Logs()
    replay: Callable[[DeclaredTable, str], Replay | None] = lambda table, prefix: None
