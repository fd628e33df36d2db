"""What the app answers from: one version of gold in memory, and of the run log, looked after when somebody looks."""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Generic, TypeVar

from apps.ab_results.config import Config
from systems.ab_testing.questions import TABLES, Experiments, load
from utils import table_states
from utils.gold import Gold
from utils.snapshots import Snapshot, Snapshots
from utils.table_states import TableState

T = TypeVar("T")
SYSTEM = "ab_testing"


class Watched(Generic[T]):
    """Snapshots that are brought up to date by their readers, at most every so often: a warehouse sleeps when nobody looks."""

    def __init__(self, snapshots: Snapshots[T], every_seconds: float) -> None:
        self._snapshots, self._every = snapshots, every_seconds
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def error(self) -> str:
        """Why the newest version could not be loaded; empty if it could."""
        return self._snapshots.error

    def now(self) -> Snapshot[T] | None:
        """The current version; None where there is none yet. Only the first readers wait for it to be loaded."""
        if self._lock.acquire(blocking=self._snapshots.current is None):
            try:
                if time.monotonic() - self._looked_at >= self._every:
                    self._snapshots.refresh()
                    self._looked_at = time.monotonic()
            finally:
                self._lock.release()
        return self._snapshots.current


@cache
def gold_of(config: Config) -> Gold:
    """The place of the tables, opened once."""
    return config.gold.open()


@cache
def experiments_of(config: Config) -> Watched[Experiments]:
    """All results and funnels."""
    gold = gold_of(config)
    snapshots = Snapshots("experiments", lambda: gold.version(TABLES), lambda version: load(gold, version))
    return Watched(snapshots, config.refresh_seconds)


@cache
def tables_of(config: Config) -> Watched[list[TableState]]:
    """The pipeline's tables, as of the last run."""
    gold = gold_of(config)
    snapshots = Snapshots(
        "tables", lambda: table_states.version(gold), lambda version: table_states.tables_of(gold, SYSTEM, version)
    )
    return Watched(snapshots, config.refresh_seconds)
