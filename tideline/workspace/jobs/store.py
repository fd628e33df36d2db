"""Every run is kept as a folder: runs/<run_id>/{run.json, events.jsonl, notebooks/, report.html, junit.xml}."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import CUT_OFF, JobRun, all_tasks, run_from

UNFINISHED = frozenset({s.PENDING, s.QUEUED, s.RUNNING})
GIVE_BACK_SECONDS, POLL_SECONDS = 10.0, 0.05


class RunStore:
    """The kept runs of one bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._saving = threading.Lock()

    def new_id(self) -> str:
        """An id that sorts by time: the UTC second, and a number where one second sees several runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        number = 1
        while True:
            try:
                (self.folder / f"{stem}{number:02d}").mkdir()
            except FileExistsError:
                number += 1
            else:
                return f"{stem}{number:02d}"

    def path(self, run_id: str) -> Path:
        return self.folder / run_id

    def save(self, run: JobRun) -> None:
        """A reader sees the old state or the new one, never half of it."""
        folder = self.path(run.run_id)
        folder.mkdir(parents=True, exist_ok=True)
        hidden = folder / f".run-{os.getpid()}.json"
        with self._saving:  # tasks end in threads of their own
            hidden.write_text(json.dumps(run.to_dict(), indent=1, default=str), encoding="utf-8")
            hidden.replace(folder / "run.json")

    def load(self, run_id: str) -> JobRun:
        """The run; one whose runner is gone without having ended it is CANCELED. JobError where there is none."""
        if not run_id or not (self.path(run_id) / "run.json").is_file():
            hint = did_you_mean(run_id, self.ids(), what="runs")
            raise JobError(f"there is no run `{run_id}`", hint=hint)
        run = self._kept(run_id)
        if run.state in UNFINISHED and self._is_dead(run):
            run = self._kept(run_id)  # its runner may have kept its end between the two looks
            if run.state in UNFINISHED:
                _bury(run)
                self.save(run)
        return run

    def ids(self) -> list[str]:
        """The ids of all runs, newest first."""
        found = self.folder.glob("*/run.json") if self.folder.is_dir() else iter(())
        return sorted((file.parent.name for file in found), reverse=True)

    def runs(self, *, limit: int = 20, job_key: str = "") -> list[JobRun]:
        """The latest runs, newest first; those that another run started are left out."""
        found: list[JobRun] = []
        for run_id in self.ids():
            run = self.load(run_id)
            if not run.parent and job_key in ("", run.job_key):
                found.append(run)
                if len(found) == limit:
                    break
        return found

    def latest(self, job_key: str = "") -> JobRun:
        """The newest run, of one job where it is named; JobError where there is none."""
        found = self.runs(limit=1, job_key=job_key)
        if not found:
            which = f" of `{job_key}`" if job_key else ""
            raise JobError(f"there is no run{which} yet", hint="start one: tideline run JOB")
        return found[0]

    @contextmanager
    def hold(self, run: JobRun) -> Iterator[None]:
        """While this is open the run counts as alive, for this machine's other processes too. JobError where it goes on.

        A runner gives the run back a moment after it has kept its end, which is waited for.
        """
        self.path(run.run_id).mkdir(parents=True, exist_ok=True)
        with (self.path(run.run_id) / "runner.lock").open("w") as lock:
            until = time.monotonic() + GIVE_BACK_SECONDS
            while not _is_locked(lock, fcntl.LOCK_EX):
                if self._kept(run.run_id).state in UNFINISHED or time.monotonic() >= until:
                    raise JobError(f"run {run.run_id} is still going on", hint="wait for its end")
                time.sleep(POLL_SECONDS)
            yield

    def _kept(self, run_id: str) -> JobRun:
        return run_from(json.loads((self.path(run_id) / "run.json").read_text(encoding="utf-8")))

    def _is_dead(self, run: JobRun) -> bool:
        holder = run.parent or run.run_id
        file = self.path(holder) / "runner.lock"
        if not file.is_file():
            return True
        with file.open("r+") as lock:
            return _is_locked(lock, fcntl.LOCK_SH)


def _is_locked(lock: IO[str], kind: int) -> bool:
    """Whether the file could be locked so, at once."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _bury(run: JobRun) -> None:
    run.state, run.message = s.CANCELED, CUT_OFF
    for _, task in all_tasks(run):
        if task.state not in s.TERMINAL:
            task.state = s.CANCELED
            for attempt in task.attempts:
                if attempt.state == s.RUNNING:
                    attempt.state = s.CANCELED
