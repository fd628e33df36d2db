"""Due runs at work, and what became of them: by the same runner and into the same store as `tideline run`."""

from __future__ import annotations

from collections.abc import Callable

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.control.background import Background
from tideline.workspace.jobs import JobRun, RunStore
from tideline.workspace.jobs.trigger import Trigger

Prepare = Callable[[str], None]


class Runs:
    """`prepare` is asked before each start for what the job needs besides: it may raise WorkspaceError."""

    def __init__(
        self, bundle: Bundle, store: RunStore, background: Background, prepare: Prepare = lambda key: None
    ) -> None:
        self._bundle, self._store, self._background, self._prepare = bundle, store, background, prepare

    def start(self, key: str, trigger: Trigger) -> str:
        """Begin a run and give its id. WorkspaceError for what cannot run."""
        self._prepare(key)
        return self._background.start(self._bundle, key, parameters={}, only="", trigger=trigger)

    def take_up(self, run_id: str) -> None:
        """Go on with a run that was cut off; what it finished stays. WorkspaceError where that cannot be."""
        run = self._store.load(run_id)
        self._prepare(run.job_key)
        self._background.repair(self._bundle, run.run_id)

    def is_going(self, run_id: str) -> bool:
        return self._background.is_going(run_id)

    def find(self, run_id: str) -> JobRun | None:
        """The run as it is kept; None where somebody removed it."""
        return self._store.load(run_id) if run_id in self._store.ids() else None

    def started_by(self, trigger: Trigger) -> JobRun | None:
        """The run that this very due moment started before."""
        for run_id in self._store.ids():
            run = self._store.load(run_id)
            if run.trigger.key == trigger.key and run.target == self._bundle.target:
                return run
        return None

    def n_at_once(self, key: str) -> int | None:
        """How many runs of the job may go on; None where those that are too many are to be skipped, not to wait."""
        job = self._bundle.job(key)
        is_queued = (job.get("queue") or {}).get("enabled", True)
        return int(job.get("max_concurrent_runs") or 1) if is_queued else None

    def close(self) -> None:
        """Stop every run and wait for its end."""
        self._background.close()
