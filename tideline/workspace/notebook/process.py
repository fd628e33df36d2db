"""One kernel process: forked ahead, used once, never outliving the runner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.nursery import START_SECONDS, Forked, Nursery
from tideline.workspace.notebook.outputs import LEFT_OUT, joined_streams, size_of

V4: Any = nbformat.v4  # without annotations of its own
SILENT = logging.getLogger(f"{__name__}.nbclient")  # what it would log, the result says
SILENT.disabled = True
LARGEST_MESSAGE = 64 * 1024 * 1024
MOST_OUTPUT_BYTES = 32 * 1024 * 1024
Handler = Callable[[dict[str, Any]], Awaitable[Any]]


class _Client(AsyncKernelClient):
    """Whether the kernel lives is known from its process; heartbeats come late where the machine is busy."""

    process: KernelProcess

    async def _async_is_alive(self) -> bool:
        return self.process.is_alive

    is_alive = _async_is_alive


class _Notebook(NotebookClient):
    """Keeps `most_bytes` of a cell's outputs; what comes after is counted."""

    most_bytes = MOST_OUTPUT_BYTES
    kept_bytes = left_out = 0

    def begin_cell(self) -> None:
        self.kept_bytes = self.left_out = 0

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        size = size_of(msg["content"])
        if self.kept_bytes + size > self.most_bytes and outs:
            self.left_out += 1
            return None
        self.kept_bytes += size
        return super().output(outs, msg, display_id, cell_index)


class KernelProcess:
    """A process, its channel and its nbclient. All methods belong to the pool's event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.handler: Handler | None = None
        self.gone = asyncio.Event()
        self._ready, self._ended = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._forked: Forked | None = None
        self._manager: Any = AsyncKernelManager(
            transport="ipc", ip=str(folder / "k"), connection_file=str(folder / "kernel.json"), client_factory=_Client
        )
        self.client: Any = _Notebook(
            V4.new_notebook(), km=self._manager, log=SILENT, allow_errors=True, timeout=None, iopub_timeout=60,
            coalesce_streams=False, record_timing=False, store_widget_state=False,
        )  # fmt: skip
        self.client.reset_execution_trackers()

    @classmethod
    async def start(cls, nursery: Nursery) -> KernelProcess:
        """A kernel that listens. NotebookError with the process's last words where it does not."""
        process = cls(Path(tempfile.mkdtemp(prefix="tideline-")))
        try:
            await process._launch(nursery)
            await asyncio.wait_for(process._wait_until_ready(), START_SECONDS)
        except BaseException:
            process.kill()
            raise
        return process

    @property
    def is_alive(self) -> bool:
        return not self.gone.is_set() and self._forked is not None and self._forked.is_alive

    def send(self, call: str, *arguments: str) -> None:
        """Queue a silent call of the kernel's attempt; requests are served in order."""
        code = f"get_ipython().attempt.{call}({', '.join(map(repr, arguments))})"
        self.client.kc.execute(code, silent=True, store_history=False, stop_on_error=False)

    async def execute(self, code: str) -> list[dict[str, Any]]:
        """Run code as a cell; its outputs, complete or not, are in `outputs` of the last cell of the client's notebook."""
        cell = V4.new_code_cell(code)
        self.client.nb.cells.append(cell)
        self.client.begin_cell()
        await self.client.async_execute_cell(cell, len(self.client.nb.cells) - 1)
        return self.outputs()

    def outputs(self) -> list[dict[str, Any]]:
        """What the running or last cell has put out so far."""
        found = joined_streams([dict(output) for output in self.client.nb.cells[-1].outputs])
        if self.client.left_out:
            text = LEFT_OUT.format(count=self.client.left_out, limit=self.client.most_bytes)
            found.append({"output_type": "stream", "name": "stderr", "text": text})
        return found

    def interrupt(self) -> None:
        if self._forked is not None:
            self._forked.signal_group(signal.SIGINT)

    async def end(self, seconds: float) -> bool:
        """Let the kernel release its session; False where it did not within that time."""
        self.send("end")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        return self._ended.is_set()

    async def death(self) -> str:
        """How the process ended, in words."""
        code = await self._forked.wait() if self._forked is not None else None
        if code == -signal.SIGKILL:
            return "was killed (signal 9): by hand, or because the machine ran out of memory"
        if code is not None and code < 0:
            return f"was ended by signal {-code} ({signal.Signals(-code).name})"
        return f"ended by itself with exit code {code}" if code is not None else "ended without a word"

    def kill(self) -> None:
        """End the process, what it started, and its files. Safe to call twice."""
        with contextlib.suppress(Exception):
            self.client.kc.stop_channels()
        if self._forked is not None:
            self._forked.signal_group(signal.SIGKILL)
        self.gone.set()
        for task in self._tasks:
            task.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _launch(self, nursery: Nursery) -> None:
        self._manager.write_connection_file()
        ours, theirs = socket.socketpair()
        with theirs, (self.folder / "log").open("wb") as log:
            self._forked = await nursery.fork(str(self.folder), theirs, log.fileno())
        reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=LARGEST_MESSAGE)
        self._keep(self._listen(reader))

    async def _wait_until_ready(self) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (self._ready, self.gone)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if self.gone.is_set():
            words = (self.folder / "log").read_text(errors="replace").strip().split("\n")[-1]
            raise NotebookError(
                f"a notebook's process did not start: {words}", hint="`tideline doctor` looks closer"
            )
        self.client.kc = self._manager.client()
        self.client.kc.process = self
        self.client.kc.allow_stdin = False
        self.client.kc.start_channels()
        await self.client.kc.wait_for_ready(timeout=START_SECONDS)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, ValueError):
            async for line in reader:
                message = json.loads(line)
                if message["op"] in ("ready", "ended"):
                    (self._ready if message["op"] == "ready" else self._ended).set()
                else:
                    self._keep(self._answer(message))
        self.gone.set()

    async def _answer(self, message: dict[str, Any]) -> None:
        value = await self.handler(message) if self.handler is not None else None
        self._writer.write(json.dumps({"id": message["id"], "value": value}).encode() + b"\n")

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
