"""What an attempt is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.jobs.events import EventLog
from tideline.workspace.jobs.plan import Plan
from tideline.workspace.jobs.records import Attempt, JobRun, TaskError, TaskRun
from tideline.workspace.jobs.references import Scope
from tideline.workspace.jobs.stop import Stop
from tideline.workspace.jobs.store import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool


@dataclass(frozen=True)
class Running:
    """One run and what it works with. `pool` starts the kernels when the first notebook asks for one."""

    plan: Plan
    run: JobRun
    layout: Layout
    store: RunStore
    pool: Callable[[], KernelPool]
    log: EventLog
    stop: Stop
    prefix: str = ""
    callers: tuple[str, ...] = ()

    @property
    def bundle(self) -> Bundle:
        return self.plan.bundle

    @property
    def folder(self) -> Path:
        """Where the run's files go; a child run has its own."""
        return self.store.path(self.run.run_id)

    def path(self, task: TaskRun) -> str:
        """The task's name in events: with the tasks that run this job before it."""
        return f"{self.prefix}{task.key}"


@dataclass(frozen=True)
class Work:
    """One attempt at one task. `spec` is as written; texts are filled in by the kind of work, from `scope`."""

    running: Running
    spec: dict[str, Any]
    task: TaskRun
    attempt: Attempt
    scope: Scope
    stop: Stop
    path: str
    is_in_loop: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the task's kind, as written."""
        return dict(self.spec[self.task.kind])

    @property
    def timeout_seconds(self) -> float | None:
        return float(self.spec.get("timeout_seconds") or 0) or None


@dataclass(frozen=True)
class Done:
    """How an attempt ended. `is_final`: another attempt would end the same way."""

    state: str
    error: TaskError | None = None
    exit_value: str | None = None
    output: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    is_final: bool = False
    overhead_seconds: float = 0.0
