"""The file that says which server is running: written whole or not at all, readable by its owner only."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from tideline.workspace.layout import Layout
from tideline.workspace.private import write_private


@dataclass(frozen=True)
class ServerState:
    """A server that was started. Its process is known by id and birth, since ids are used again."""

    pid: int
    born: float
    port: int
    token: str = field(repr=False)

    @property
    def is_alive(self) -> bool:
        return process_of(self) is not None


def process_of(state: ServerState) -> psutil.Process | None:
    """The server's process; None where it ended or another process has its id by now.

    The time of birth is told by the clock, which a laptop sets after its sleep: then the command line decides.
    """
    try:
        process = psutil.Process(state.pid)
        is_same = abs(process.create_time() - state.born) < 1 or _names_port(process.cmdline(), state.port)
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _names_port(command: list[str], port: int) -> bool:
    return f"spark.connect.grpc.binding.port={port}" in command


def read(layout: Layout) -> ServerState | None:
    """The recorded server, or None; a file that cannot be read counts as none."""
    try:
        return ServerState(**json.loads(_file(layout).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(layout: Layout, state: ServerState) -> None:
    write_private(_file(layout), asdict(state))


def touch(layout: Layout) -> None:
    """Say that the server was asked for just now."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(_file(layout))


def seconds_since_touched(layout: Layout) -> float:
    """Seconds since the server was last asked for; infinite where no state is."""
    try:
        return max(0.0, time.time() - _file(layout).stat().st_mtime)
    except FileNotFoundError:
        return math.inf


def forget(layout: Layout) -> None:
    _file(layout).unlink(missing_ok=True)


def _file(layout: Layout) -> Path:
    return layout.server / "server.json"
