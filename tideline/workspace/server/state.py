"""The file that says which server is running: written whole or not at all, readable by its owner only."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from tideline.workspace.layout import Layout


@dataclass(frozen=True)
class ServerState:
    """A server that was started. Its process is known by id and birth, since ids are used again."""

    pid: int
    born: float
    port: int
    token: str = field(repr=False)

    @property
    def is_alive(self) -> bool:
        return process_of(self.pid, self.born) is not None


def process_of(pid: int, born: float) -> psutil.Process | None:
    """The process, if it still is the one that was started."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - born) < 1 and process.status() != psutil.STATUS_ZOMBIE
        return process if is_same else None
    except psutil.Error:
        return None


def read(layout: Layout) -> ServerState | None:
    """The recorded server, or None; a file that cannot be read counts as none."""
    try:
        return ServerState(**json.loads(_file(layout).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(layout: Layout, state: ServerState) -> None:
    path = _file(layout)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file)
    beside.replace(path)


def forget(layout: Layout) -> None:
    _file(layout).unlink(missing_ok=True)


def _file(layout: Layout) -> Path:
    return layout.server / "server.json"
