"""What time it is, and how long to wait: the one place that knows, so that others can be told a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """`now` is in UTC; `wait` returns early, with True, where the scheduler shall end."""

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> bool: ...


class WallClock:
    """The machine's clock. `end` is set to end the scheduler."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> bool:
        return self._end.wait(seconds)
