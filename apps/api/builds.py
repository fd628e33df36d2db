"""Builds of the recommender, as the routes speak of them: no client of a workspace is loaded with this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Build:
    """A run of the job: `state` is running, succeeded, failed or canceled; `task` is what it does now or failed at."""

    run_id: int
    state: str
    task: str | None
    message: str | None
    started_at: datetime | None
    finished_at: datetime | None


class NoWorkspace(Exception):
    """The workspace cannot be asked, or refuses; the text says what it said."""


class AlreadyRunning(Exception):
    """The job runs; `run_id` is that run."""

    def __init__(self, run_id: int) -> None:
        super().__init__(f"run {run_id} is building the index")
        self.run_id = run_id


class Builds(Protocol):
    """Where builds are started and watched."""

    def start(self) -> int:
        """Start a run and give its id. Raises AlreadyRunning where one is not over, NoWorkspace."""
        ...

    def find(self, run_id: int) -> Build | None:
        """How a run stands; None where the job has no such run. Raises NoWorkspace."""
        ...
