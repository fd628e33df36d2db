"""The payments API as a process on loopback, with a token of its own; known by id and birth."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO

import psutil
import requests

from tideline.samples.payments.serve import DSN, MISBEHAVE, TOKEN
from tideline.samples.postgres import free_port
from tideline.workspace.errors import WorkspaceError

START_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A process that answers on `port`. Ids are used again, so its birth tells it from a later one."""

    pid: int
    born: float
    port: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        return self._process() is not None

    def stop(self) -> bool:
        """End the process and wait for its end; whether it ran."""
        process = self._process()
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            try:
                process.wait(10)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(10)
        return True

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.born) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if is_same else None


def serve_payments(dsn: str, *, token: str = "", can_misbehave: bool = False) -> Served:
    """Start the API over a database and wait until it answers. Raises WorkspaceError where it does not."""
    token, port = token or secrets.token_urlsafe(24), free_port()
    environment = {**os.environ, DSN: dsn, TOKEN: token, MISBEHAVE: "1" if can_misbehave else "0"}
    command = [sys.executable, "-m", "tideline.samples.payments.serve", str(port)]
    # Errors go to a file: a pipe that nobody reads any more would fill, and stop the process.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            start_new_session=True,
        )  # fmt: skip
        return _answering(process, port, token, errors)


def _answering(process: subprocess.Popen[bytes], port: int, token: str, errors: IO[str]) -> Served:
    served = Served(process.pid, psutil.Process(process.pid).create_time(), port, token)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{served.url}/openapi.json", timeout=5)
            return served
        time.sleep(0.1)
    served.stop()
    errors.seek(0)
    said = errors.read().strip().splitlines()[-1:]
    raise WorkspaceError("the payments API did not start", hint=said[0] if said else "it gave no reason")
