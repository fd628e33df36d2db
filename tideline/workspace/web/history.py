"""What the lists of runs show: a line per run, read once and again only when its file has changed."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.report.write import headline
from tideline.workspace.web.redacted import redactor_of, secrets_at

RUN_ID = re.compile(r"\d{16,24}")


@dataclass(frozen=True)
class Line:
    """One run. `said` is its headline; `begun_at` its first start, which repairs do not change."""

    run_id: str
    job_key: str
    job_name: str
    target: str
    state: str
    begun_at: float
    seconds: float
    given: dict[str, str]
    only: str
    repair_count: int
    parent: str
    said: str

    @property
    def is_active(self) -> bool:
        return self.state not in s.TERMINAL

    def is_of(self, state: str) -> bool:
        """Is it in this state? `active` and `failed` are kinds of states, and the empty one is any."""
        if state in ("active", "failed"):
            return self.is_active if state == "active" else s.is_bad(self.state)
        return state in ("", self.state)


def line_of(run: JobRun) -> Line:
    """The line of a run whose secrets are gone."""
    said = headline(run) if run.state in s.TERMINAL else run.message
    return Line(
        run.run_id, run.job_key, run.job_name, run.target, run.state, run.begun_at or run.started_at, run.seconds,
        dict(run.overrides), run.only, run.repair_count, run.parent, said,
    )  # fmt: skip


@dataclass
class History:
    """All runs of a workspace, newest first.

    A run that goes on is read anew each time, so that one whose runner died shows it; after a new secret, all are.
    """

    workspace: Workspace
    _secrets: int = 0
    _known: dict[str, tuple[int, Line]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lines(self, *, job_key: str = "", target: str = "") -> list[Line]:
        """Those that no other run started, of one job or target."""
        return [
            line
            for line in self._all()
            if not line.parent
            and job_key in ("", line.job_key)
            and target in ("", line.target)
        ]

    def by_job(self, target: str) -> dict[str, list[Line]]:
        """The runs of each job of a target."""
        found: dict[str, list[Line]] = {}
        for line in self.lines(target=target):
            found.setdefault(line.job_key, []).append(line)
        return found

    def _all(self) -> list[Line]:
        with self._lock:
            names, secrets = self._names(), secrets_at(self.workspace)
            if secrets != self._secrets:
                self._known, self._secrets = {}, secrets
            for gone in self._known.keys() - set(names):
                del self._known[gone]
            return [line for name in names if (line := self._line(name)) is not None]

    def _names(self) -> list[str]:
        folder = self.workspace.store.folder
        found = [entry.name for entry in os.scandir(folder)] if folder.is_dir() else []
        return sorted(filter(RUN_ID.fullmatch, found), reverse=True)

    def _line(self, run_id: str) -> Line | None:
        """None for a run that has not been kept yet, or is removed meanwhile."""
        written = written_at(f"{self.workspace.store.folder}/{run_id}")
        known = self._known.get(run_id)
        if known is not None and known[0] == written and not known[1].is_active:
            return known[1]
        try:
            line = line_of(without_secrets(self.workspace.store.load(run_id), redactor_of(self.workspace)))
        except (JobError, OSError, ValueError, KeyError, TypeError):
            return None
        self._known[run_id] = (written, line)
        return line


def written_at(folder: Path | str) -> int:
    """When the run in this folder was last written, in nanoseconds; 0 where it is not there."""
    try:
        return os.stat(f"{folder}/run.json").st_mtime_ns  # noqa: PTH116 (making paths costs more than the call, 500 times a page)
    except OSError:
        return 0
