"""max_concurrent_runs over all processes of this machine: a run holds a locked file, one of as many as may run."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class Slots:
    """The places of one job."""

    def __init__(self, folder: Path, job_key: str, limit: int) -> None:
        self._folder, self._key, self._limit = folder, job_key, max(limit, 1)
        self._held: IO[str] | None = None

    def take(self) -> bool:
        """Hold a place, if one is free; the end of the process gives it back too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(self._limit):
            lock = (self._folder / f"{self._key}.{number}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                self._held = lock
                return True
        return False

    def give_back(self) -> None:
        if self._held:
            self._held.close()
            self._held = None
