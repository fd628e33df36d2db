"""Stopping what runs: a signal that reaches everything below it, and says why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tideline.workspace.jobs import states as s


class Stop:
    """Set once. `reason` is the state that stopped work gets: CANCELED or TIMEDOUT."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason = ""
        self._below: list[Stop] = []
        self._lock = threading.Lock()

    def set(self, reason: str = s.CANCELED) -> None:
        with self._lock:
            if self.event.is_set():
                return
            self.reason = reason
            self.event.set()
            below = list(self._below)
        for each in below:
            each.set(reason)

    def is_set(self) -> bool:
        return self.event.is_set()

    def below(self) -> Stop:
        """A signal of its own, which this one sets too."""
        each = Stop()
        with self._lock:
            self._below.append(each)
            is_late = self.event.is_set()
        if is_late:
            each.set(self.reason)
        return each

    @contextmanager
    def limit(self, seconds: float | None) -> Iterator[None]:
        """Set by itself, as TIMEDOUT, when the time is over; None or 0: no limit."""
        timer = threading.Timer(seconds, self.set, [s.TIMEDOUT]) if seconds else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            if timer:
                timer.cancel()
