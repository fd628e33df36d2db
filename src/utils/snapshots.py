"""What an app answers from: data in memory, replaced as a whole when there is a new version, kept where loading fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

T = TypeVar("T")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot(Generic[T]):
    """One version of the data. Whoever answers takes it once: all of an answer comes from one version."""

    version: str
    value: T
    loaded_at: datetime


class Snapshots(Generic[T]):
    """The current snapshot, looked after by a thread of its own between `start` and `stop`.

    `version` gives the name of the version that counts (None: none yet), `load` its value.
    """

    def __init__(
        self, name: str, version: Callable[[], str | None], load: Callable[[str], T], *, every_seconds: float = 5.0
    ) -> None:
        self.name, self._version, self._load, self._every = name, version, load, every_seconds
        self.current: Snapshot[T] | None = None
        self.error = ""
        self.failing_since: datetime | None = None
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def refresh(self) -> bool:
        """Take over a new version, if there is one; whether it did. A failure leaves the old one, and stands in `error`."""
        try:
            version = self._version()
            if version is None or (self.current and self.current.version == version):
                self.error, self.failing_since = "", None
                return False
            self.current = Snapshot(version, self._load(version), datetime.now(UTC))
        except Exception as error:  # whatever is wrong with a new version, the old one goes on answering
            if str(error) != self.error:
                LOG.warning("%s: kept %s: %s", self.name, self.current.version if self.current else "nothing", error)
            self.error, self.failing_since = str(error), self.failing_since or datetime.now(UTC)
            return False
        self.error, self.failing_since = "", None
        LOG.info("%s: version %s", self.name, self.current.version)
        return True

    def start(self) -> None:
        """Load now, then look for new versions."""
        self.refresh()
        self._thread = threading.Thread(target=self._look_after, name=f"snapshots of {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        if self._thread:
            self._thread.join(timeout=10)

    def _look_after(self) -> None:
        while not self._is_over.wait(self._every):
            self.refresh()
