"""The Spark server's process and its memory."""

from __future__ import annotations

import json
from pathlib import Path

import psutil


def process_of(home: Path) -> psutil.Process:
    """The server whose state folder is `home`."""
    return psutil.Process(json.loads((home / "server" / "server.json").read_text())["pid"])


def memory_of(server: psutil.Process) -> str:
    """Resident memory of the server: the peak where the system keeps it, else what it is now."""
    status = Path(f"/proc/{server.pid}/status")
    lines = status.read_text().split("\n") if status.exists() else []
    peaks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return f"peak of the server {peaks[0]:.0f} MiB" if peaks else f"server {server.memory_info().rss / 1024**2:.0f} MiB"
