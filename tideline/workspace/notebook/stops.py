"""What ends an attempt from outside: a limit, a wish, a dead process; and how its queries are ended."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tideline.workspace.notebook.process import KernelProcess
from tideline.workspace.notebook.results import RunState
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import reaches
from tideline.workspace.server.sessions import interrupt_session

POLL_SECONDS = 0.05
INTERRUPT_SECONDS = 10.0
RELEASE_SECONDS = 3.0


@dataclass(frozen=True)
class Stop:
    """Why the attempt ended before its time."""

    state: RunState
    name: str
    message: str


class Stops:
    """Watches one attempt. `began` is the monotonic time from which the limit counts."""

    def __init__(
        self, process: KernelProcess, address: ServerAddress, session_id: str, *, began: float,
        limit_seconds: float | None, is_cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._process, self._address, self._session_id = process, address, session_id
        self._limit, self._is_cancelled = limit_seconds, is_cancelled
        self._is_interrupted = False
        self._deadline = None if limit_seconds is None else began + limit_seconds

    async def wait_for(self, work: asyncio.Future[Any]) -> Stop | None:
        """None once the work is done; else what stopped it, with the work still pending."""
        while True:
            done, _ = await asyncio.wait([work], timeout=POLL_SECONDS)
            if done and self._process.is_alive and not work.exception():
                return None
            if done or not self._process.is_alive:
                return Stop("FAILED", "KernelDied", "")
            if self._is_cancelled():
                return Stop("CANCELED", "Canceled", "the run was cancelled")
            if self._deadline is not None and time.monotonic() > self._deadline:
                return Stop("TIMEDOUT", "TimedOut", f"it took longer than {self._limit:g} seconds")

    async def release(self) -> None:
        """End the session once the attempt is over: by the kernel while it lives, else from here."""
        if self._process.is_alive and not self._is_interrupted and await self._process.end(RELEASE_SECONDS):
            return
        if not self._is_interrupted:
            await self.interrupt_session()

    async def interrupt_session(self) -> None:
        """End the attempt's queries on the server: they do not end with the kernel. Gives up after ten seconds."""
        self._is_interrupted = True
        await in_background(self._interrupt, INTERRUPT_SECONDS)

    def _interrupt(self) -> None:
        """Blocks; a client that meets no server would try for minutes, so the server is asked first."""
        if reaches(self._address):
            interrupt_session(self._address, self._session_id)


async def in_background(work: Callable[[], None], seconds: float) -> None:
    """Run blocking work in a daemon thread, so that a server that hangs cannot keep the runner from ending."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def run() -> None:
        try:
            with contextlib.suppress(Exception):
                work()
        finally:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="interrupt-session", daemon=True).start()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), seconds)
