"""Runs that go on in this process while their callers do other things."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.control.checked import Checked
from tideline.workspace.control.errors import ApiError
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import JobRun, RunStore, Stop, repair_run, run_job
from tideline.workspace.jobs.events import EventLog
from tideline.workspace.jobs.plan import make_plan
from tideline.workspace.jobs.trigger import Trigger
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.private import write_private
from tideline.workspace.redaction import redactor_for_the_record
from tideline.workspace.report import write_report
from tideline.workspace.sample_day import with_sample_day

LOG = logging.getLogger(__name__)
MOST_RUNS = 64
CLOSE_SECONDS = 20.0
KNOWN_SECONDS = 60 * 24 * 3600  # as long as a workspace keeps the runs of jobs


@dataclass(frozen=True)
class Going:
    """A run that has not ended."""

    stop: Stop = field(default_factory=Stop)
    kept: Future[str] = field(default_factory=Future)


GetPool = Callable[[], KernelPool]
Keep = Callable[[JobRun], None]
Work = Callable[[GetPool, Going, Keep], None]
# What a run needs that is not the bundle's: bundle, key and parameters of the run to what was done, in sentences.
Before = Callable[[Bundle, str, Mapping[str, str]], Iterable[str]]


class Background:
    """Starts runs in threads, by the same runner and into the same store as `tideline run`.

    `before` is asked once per run, when its first task needs Spark; what it says is noted among the run's events. `server` is
    a Spark server of elsewhere, kept with the runs.
    """

    def __init__(
        self, store: RunStore, kernels: Kernels, before: Before = lambda bundle, key, parameters: (), *, server: str = ""
    ) -> None:
        self._store, self._kernels, self._before, self._server = store, kernels, before, server
        self._refuse = Checked()
        self._going: dict[str, Going] = {}
        self._threads: set[threading.Thread] = set()
        self._once = threading.Lock()

    def start(
        self, bundle: Bundle, key: str, *, parameters: dict[str, str], only: str, trigger: Trigger | None = None
    ) -> str:
        """Begin a run and give its id as soon as the store has it; a job at its limit waits or is skipped by itself.

        WorkspaceError for what cannot run, before anything is kept.
        """
        parameters = with_sample_day(bundle, key, parameters, self._store.folder.parent)
        make_plan(bundle, key, parameters=parameters, only=only)
        self._refuse(bundle, key)

        def run(pool: GetPool, going: Going, keep: Keep) -> None:
            ready = self._prepared(pool, going, bundle, key, parameters)
            run_job(
                bundle, key, parameters=parameters, only=only, pool=ready, store=self._store, stop=going.stop,
                is_checked=True, on_kept=keep, trigger=trigger, server=self._server,
                layout=self._kernels.layout,
            )  # fmt: skip

        return self._begin(bundle, f"run of {key}", run)

    def repair(
        self, bundle: Bundle, run_id: str, *, only_tasks: Collection[str] = (), with_dependents: bool = False,
        parameters: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """Begin the repair of a run that has ended and give its id, which stays the same, once the store has it as going on.

        Without `only_tasks` what failed runs again, and what follows it; `parameters` are changed, the others stay. `bundle`
        is that of the run's target and variables (`Workspace.bundle_of`). WorkspaceError for what cannot be repaired, a run
        that goes on among it.
        """
        found = self._store.load(run_id)
        self._refuse(bundle, found.job_key)

        def run(pool: GetPool, going: Going, keep: Keep) -> None:
            ready = self._prepared(pool, going, bundle, found.job_key, {**found.overrides, **(parameters or {})})
            repair_run(
                bundle, found, pool=ready, store=self._store, stop=going.stop, tasks=only_tasks,
                with_dependents=with_dependents, parameters=parameters, is_checked=True, on_kept=keep,
                layout=self._kernels.layout,
            )  # fmt: skip

        return self._begin(bundle, f"repair of {run_id}", run)

    def start_once(self, token: str, start: Callable[[], str]) -> str:
        """What `start` gives; the run that a request with this token started in the last 60 days, where there was one."""
        folder = self._store.folder.parent / "control" / "requests"
        file = folder / f"{hashlib.sha256(token.encode()).hexdigest()}.json"
        with self._once:
            known = _read(file)
            if known is None:
                known = start()
                write_private(file, known)
                _forget_old(folder)
            return known

    def cancel(self, run_id: str) -> bool:
        """Ask a run of this process to stop; False where it is none, or has ended."""
        going = self._going.get(run_id)
        if going is not None:
            going.stop.set()
        return going is not None

    def is_going(self, run_id: str) -> bool:
        """Whether the run goes on in this process."""
        return run_id in self._going

    def is_stopping(self, run_id: str) -> bool:
        going = self._going.get(run_id)
        return going is not None and going.stop.is_set()

    def close(self) -> None:
        """Stop all runs and wait for their ends, so that each is kept as CANCELED."""
        for going in list(self._going.values()):
            going.stop.set()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in list(self._threads):
            thread.join(max(until - time.monotonic(), 0.0))
        self._kernels.close()

    def _prepared(
        self, pool: GetPool, going: Going, bundle: Bundle, key: str, parameters: Mapping[str, str]
    ) -> GetPool:
        """The pool, once `before` has been asked; where that fails, so does the task, and says why."""
        lock, is_asked = threading.Lock(), False

        def ready() -> KernelPool:
            nonlocal is_asked
            with lock:
                if not is_asked:
                    log = EventLog(self._store.path(going.kept.result()) / "events.jsonl", lambda event: None)
                    for text in self._before(bundle, key, parameters):
                        log.tell("note", text=text)
                    is_asked = True
            return pool()

        return ready

    def _begin(self, bundle: Bundle, name: str, work: Work) -> str:
        """Do the work in a thread; the run's id as soon as the store has it, or what kept it from there."""
        if len(self._threads) >= MOST_RUNS:
            raise ApiError(429, "REQUEST_LIMIT_EXCEEDED", f"{MOST_RUNS} runs go on already: wait for one to end")
        going = Going()
        thread = threading.Thread(target=self._run, args=(bundle, work, going), name=name, daemon=True)
        self._threads.add(thread)
        thread.start()
        return going.kept.result()

    def _run(self, bundle: Bundle, work: Work, going: Going) -> None:
        def keep(run: JobRun) -> None:
            self._going[run.run_id] = going
            going.kept.set_result(run.run_id)

        try:
            with self._kernels.lend(bundle) as pool:
                work(pool, going, keep)
        except Exception as error:
            if not going.kept.done():
                going.kept.set_exception(error)
            else:
                LOG.exception("run %s", going.kept.result())
        finally:
            self._end(going)

    def _end(self, going: Going) -> None:
        try:
            if going.kept.exception() is None:
                if self._going.get(going.kept.result()) is going:  # a repair may have begun meanwhile
                    self._going.pop(going.kept.result())
                redact = redactor_for_the_record(self._kernels.layout)
                write_report(self._store.load(going.kept.result()), self._store, redact)
        except (OSError, WorkspaceError):
            LOG.exception("report of run %s", going.kept.result())
        finally:
            self._threads.discard(threading.current_thread())


def _forget_old(requests: Path) -> None:
    oldest = time.time() - KNOWN_SECONDS
    for file in requests.glob("*.json"):
        with suppress(FileNotFoundError):  # another process forgets, too
            if file.stat().st_mtime < oldest:
                file.unlink()


def _read(file: Path) -> str | None:
    return str(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
