"""Processes and their memory: the Spark server's, and that of an app with the processes that it starts to read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_SECONDS = 0.02


@dataclass
class Memory:
    """Resident bytes of a process: `now` its own, `peak` the most that it and its children were seen to have at once."""

    process: psutil.Process
    peak: int = 0

    @property
    def now(self) -> int:
        return int(self.process.memory_info().rss)

    def look(self) -> None:
        found = 0
        for each in [self.process, *self.process.children(recursive=True)]:
            try:
                found += each.memory_info().rss
            except psutil.NoSuchProcess:  # ended since it was listed
                continue
        self.peak = max(self.peak, found)


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """The memory of a process that runs until the end, looked at fifty times a second."""
    memory, is_over = Memory(psutil.Process(pid)), threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_SECONDS):
            memory.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        is_over.set()
        thread.join()


def process_of(home: Path) -> psutil.Process:
    """The server whose state folder is `home`."""
    return psutil.Process(json.loads((home / "server" / "server.json").read_text())["pid"])


def memory_of(server: psutil.Process) -> str:
    """Resident memory of the server: the peak where the system keeps it, else what it is now."""
    status = Path(f"/proc/{server.pid}/status")
    lines = status.read_text().split("\n") if status.exists() else []
    peaks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return f"peak of the server {peaks[0]:.0f} MiB" if peaks else f"server {server.memory_info().rss / 1024**2:.0f} MiB"
