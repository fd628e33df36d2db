"""Runs that go on in this process while their callers do other things."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.control.errors import ApiError
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import RunStore, Stop, run_job
from tideline.workspace.jobs.plan import make_plan, refuse_what_cannot_run
from tideline.workspace.private import write_private
from tideline.workspace.report import write_report
from tideline.workspace.sample_day import with_sample_day

LOG = logging.getLogger(__name__)
MOST_RUNS = 64
CLOSE_SECONDS = 20.0


@dataclass(frozen=True)
class Going:
    """A run that has not ended."""

    stop: Stop = field(default_factory=Stop)
    kept: Future[str] = field(default_factory=Future)


class Background:
    """Starts runs in threads, by the same runner and into the same store as `tideline run`."""

    def __init__(self, store: RunStore, kernels: Kernels) -> None:
        self._store, self._kernels = store, kernels
        self._going: dict[str, Going] = {}
        self._threads: set[threading.Thread] = set()
        self._once = threading.Lock()

    def start(self, bundle: Bundle, key: str, *, parameters: dict[str, str], only: str) -> str:
        """Begin a run and give its id as soon as the store has it; a job at its limit waits or is skipped by itself.

        WorkspaceError for what cannot run, before anything is kept.
        """
        parameters = with_sample_day(bundle, key, parameters, self._store.folder.parent)
        make_plan(bundle, key, parameters=parameters, only=only)
        refuse_what_cannot_run(bundle, key)
        if len(self._threads) >= MOST_RUNS:
            raise ApiError(429, "REQUEST_LIMIT_EXCEEDED", f"{MOST_RUNS} runs go on already: wait for one to end")
        going = Going()
        thread = threading.Thread(
            target=self._run, args=(bundle, key, parameters, only, going), name=f"run of {key}", daemon=True
        )
        self._threads.add(thread)
        thread.start()
        return going.kept.result()

    def start_once(self, token: str, start: Callable[[], str]) -> str:
        """What `start` gives; the run that a request with this token started before, where there was one."""
        file = self._store.folder.parent / "control" / "requests" / f"{hashlib.sha256(token.encode()).hexdigest()}.json"
        with self._once:
            known = _read(file)
            if known is None:
                known = start()
                write_private(file, known)
            return known

    def cancel(self, run_id: str) -> bool:
        """Ask a run of this process to stop; False where it is none, or has ended."""
        going = self._going.get(run_id)
        if going is not None:
            going.stop.set()
        return going is not None

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

    def _run(self, bundle: Bundle, key: str, parameters: dict[str, str], only: str, going: Going) -> None:
        def keep(run_id: str) -> None:
            self._going[run_id] = going
            going.kept.set_result(run_id)

        try:
            with self._kernels.lend(bundle) as pool:
                run_job(
                    bundle, key, parameters=parameters, only=only, pool=pool, store=self._store, stop=going.stop,
                    is_checked=True, on_kept=lambda run: keep(run.run_id),
                )  # fmt: skip
        except Exception as error:
            if not going.kept.done():
                going.kept.set_exception(error)
            else:
                LOG.exception("run %s of job %s", going.kept.result(), key)
        finally:
            self._end(going)

    def _end(self, going: Going) -> None:
        try:
            if going.kept.exception() is None:
                self._going.pop(going.kept.result(), None)
                write_report(self._store.load(going.kept.result()), self._store)
        except (OSError, WorkspaceError):
            LOG.exception("report of run %s", going.kept.result())
        finally:
            self._threads.discard(threading.current_thread())


def _read(file: Path) -> str | None:
    return str(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
