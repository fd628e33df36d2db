"""Kernels started ahead, each used for one attempt."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from tideline.workspace.errors import NotebookError, ServerError
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.attempt import Attempt, given
from tideline.workspace.notebook.format import find_notebook
from tideline.workspace.notebook.host import Host
from tideline.workspace.notebook.nursery import IMPORT_AHEAD, Nursery
from tideline.workspace.notebook.plan import plan
from tideline.workspace.notebook.process import KernelProcess
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.results import CellEvent, ExecutedCell, NotebookResult, NotebookTask
from tideline.workspace.notebook.secrets import SecretStore, kernel_environment
from tideline.workspace.notebook.stops import Stops
from tideline.workspace.notebook.told import refused, result_of, without_secrets
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import reaches
from tideline.workspace.tracking import tracking_environment

CLOSE_SECONDS = 20.0
PROBES = 3  # a server under load may miss one; where nothing listens, all three fail at once
OnEvent = Callable[[CellEvent], None]
OnCell = Callable[[ExecutedCell], None]


def _silent(_: CellEvent | ExecutedCell) -> None:
    """For callers that want no progress."""


class KernelPool:
    """Runs notebooks, several at a time if asked from several threads. Use it as a context manager.

    `size` kernels wait ahead; they share the memory of what they imported, which is what nearly every notebook needs and,
    where they are installed, the modules `imports`. Leaving the context ends every kernel and
    cancels what still runs.
    """

    def __init__(self, address: ServerAddress, layout: Layout, root: Path, *, size: int = 2, imports: Sequence[str] = ()) -> None:
        self.address, self.layout, self.root = address, layout, root.resolve()
        self._size, self._imports = size, " ".join(imports)
        self._expected: int | None = None
        self._nursery: Nursery | None = None
        self._turn = asyncio.Lock()
        self._ahead: deque[asyncio.Task[KernelProcess]] = deque()
        self._live: set[KernelProcess] = set()
        self._runs: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[Any]] = set()
        self._is_closing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kernel-pool", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop.call_soon_threadsafe(self._top_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def is_warm(self) -> bool:
        """Whether a kernel waits that has imported everything."""
        return any(task.done() for task in list(self._ahead))

    def expect(self, runs: int) -> None:
        """So many attempts are still to come: no more kernels are started ahead than they need. Calls add up."""

        def add() -> None:
            started = len(self._ahead) if self._expected is None else 0
            self._expected = (self._expected or 0) + max(runs - started, 0)
            self._top_up()

        self._loop.call_soon_threadsafe(add)

    def settle(self) -> None:
        """Wait until the sessions of all attempts that have ended are released."""

        async def ended() -> None:
            await asyncio.gather(*self._endings, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(ended(), self._loop).result()

    def run(
        self, task: NotebookTask, *, on_event: OnEvent = _silent, on_cell: OnCell = _silent,
        cancel: threading.Event | None = None,
    ) -> NotebookResult:  # fmt: skip
        """One attempt; blocks until it ends, and never raises for what the notebook does.

        `on_cell` is given each cell with its outputs when it has ended; the error of one that failed is in the result.
        ServerError where no server answers. A missing notebook or a cell that is refused is a FAILED result.
        """
        if not any(reaches(self.address) for _ in range(PROBES)):
            raise ServerError(
                f"no Spark server answers at {self.address.remote}", hint="`tideline doctor` looks closer"
            )
        is_cancelled = cancel.is_set if cancel is not None else bool
        running = self._run(task, is_cancelled, on_event, on_cell)
        return asyncio.run_coroutine_threadsafe(running, self._loop).result()

    async def _run(
        self, task: NotebookTask, is_cancelled: Callable[[], bool], on_event: OnEvent = _silent, on_cell: OnCell = _silent
    ) -> NotebookResult:
        began = time.monotonic()
        self._keep(cast("asyncio.Task[Any]", asyncio.current_task()), self._runs)
        session_id = str(uuid.uuid4())
        try:
            secrets = SecretStore.read(self.layout.secrets)
            path = find_notebook(task.root, str(task.path)) or task.path
            task = replace(task, path=path, root=task.root.resolve())
            steps = plan(task.path, task.root)
            if task.only_cells:
                steps = tuple(step for step in steps if step.number in task.only_cells)
            process = await self._take()
        except NotebookError as error:
            return refused(task, error, time.monotonic() - began)
        stops = Stops(
            process, self.address, session_id, began=began, limit_seconds=task.timeout_seconds,
            is_cancelled=lambda: self._is_closing or is_cancelled(),
        )  # fmt: skip
        redactor = Redactor({*secrets.values(), self.address.token})
        host = Host(
            task,
            secrets,
            lambda child, is_over: self._run(child, lambda: is_over() or is_cancelled()),
        )
        told: list[ExecutedCell] = []

        def tell(event: CellEvent) -> None:
            on_event(replace(event, title=redactor.text(event.title)))

        def tell_cell(executed: ExecutedCell) -> None:
            told.append(without_secrets(executed, redactor))
            on_cell(told[-1])

        attempt = Attempt(task, steps, process, host, stops=stops, on_event=tell, on_cell=tell_cell)
        try:
            progress = await attempt.run(
                given(task, self.layout, remote=self.address.for_session(session_id))
            )
        finally:
            await host.close()
            self._retire(process, stops)
        return result_of(progress, told, host, redactor, seconds=time.monotonic() - began, session_id=session_id)

    async def _take(self) -> KernelProcess:
        """A kernel that waits, or the next that is ready; another is started in its place."""
        while True:
            self._top_up(at_least=1)
            if not self._ahead:
                raise NotebookError("the run ended before this notebook began")
            process = await self._ahead.popleft()
            self._top_up()
            if process.is_alive:
                return process

    def _top_up(self, at_least: int = 0) -> None:
        """Start kernels until `size` wait or no more are expected, and `at_least` in any case."""
        while not self._is_closing:
            is_expected = self._expected is None or self._expected > 0
            if len(self._ahead) >= (max(self._size, at_least) if is_expected else at_least):
                return
            if self._expected:
                self._expected -= 1
            self._ahead.append(self._loop.create_task(self._start()))

    async def _start(self) -> KernelProcess:
        async with self._turn:
            if self._nursery is None or not self._nursery.is_alive:
                self._close_nursery()
                own = {**self.address.env(), **tracking_environment(self.layout), IMPORT_AHEAD: self._imports}
                self._nursery = await Nursery.start(kernel_environment(os.environ, own))
        process = await KernelProcess.start(self._nursery)
        self._live.add(process)
        return process

    def _close_nursery(self) -> None:
        if self._nursery is not None:
            self._nursery.close()

    def _retire(self, process: KernelProcess, stops: Stops) -> None:
        """Release session and process after the answer: nobody waits for that."""

        async def end() -> None:
            await stops.release()
            self._live.discard(process)
            process.kill()

        self._keep(self._loop.create_task(end()), self._endings)

    def _keep(self, task: asyncio.Task[Any], where: set[asyncio.Task[Any]]) -> None:
        where.add(task)
        task.add_done_callback(where.discard)

    async def _close(self) -> None:
        self._is_closing = True
        if self._runs:
            await asyncio.wait(self._runs, timeout=CLOSE_SECONDS)
        for starting in self._ahead:
            starting.cancel()
        await asyncio.gather(*self._ahead, *self._endings, return_exceptions=True)
        for process in list(self._live):
            with contextlib.suppress(OSError):
                process.kill()
        self._close_nursery()
