"""What happens during a run: one event per line of events.jsonl, and what the terminal shows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Event:
    """`kind`: run, task, attempt, cell, note. `task` is the path of the task, empty for the run itself; `at` in UTC seconds."""

    kind: str
    task: str = ""
    state: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0


Listener = Callable[[Event], None]


class EventLog:
    """Appends events to a file and hands them on; safe to call from several threads."""

    def __init__(self, file: Path, listener: Listener) -> None:
        self.file, self.listener, self._lock = file, listener, threading.Lock()

    def tell(self, kind: str, task: str = "", *, state: str = "", text: str = "", **data: Any) -> None:
        event = Event(kind, task, state, text, data, time.time())
        with self._lock:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(event), default=str) + "\n")
            self.listener(event)


def read_events(file: Path) -> list[dict[str, Any]]:
    """The events of a run, oldest first; a last line that was cut off by a crash is left out."""
    events = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            events.append(json.loads(line))
        except ValueError:
            break
    return events
