"""When the next call may begin: never more in a minute than allowed, and none while the endpoint asked for a rest."""

from __future__ import annotations

import threading
import time
from collections import deque

# Calls begin this much further apart than allowed: what is a minute here may be a little less for the endpoint.
MARGIN = 1.02


class Pace:
    """A moving window: of any `n` + 1 calls the last begins more than `seconds` after the first. For threads."""

    def __init__(self, n: int, seconds: float = 60) -> None:
        self._starts: deque[float] = deque(maxlen=n)
        self._seconds = seconds * MARGIN
        self._rest_until = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when a call may begin; it counts from then on."""
        while (seconds := self._started_or_wait()) > 0:
            time.sleep(seconds)

    def rest(self, seconds: float) -> None:
        """No call begins for so long, whoever asks."""
        with self._lock:
            self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    def _started_or_wait(self) -> float:
        with self._lock:
            now = time.monotonic()
            is_full = len(self._starts) == self._starts.maxlen
            due = max(self._rest_until, self._starts[0] + self._seconds if is_full else 0.0)
            if due <= now:
                self._starts.append(now)
                return 0.0
            return due - now
