"""The process that kernels are forked from: it imports once what every notebook needs, a kernel then takes no imports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tideline.workspace.errors import NotebookError

MODULE = "tideline.workspace.notebook.kernel"
IMPORT_AHEAD = "TIDELINE_IMPORT_AHEAD"
START_SECONDS = 120
ENDED_SECONDS = 2.0


class Forked:
    """A kernel process as the nursery tells of it; `exit_code` is negative for a signal, None where it is not known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.exit_code: int | None = None
        self._ended = asyncio.Event()

    @property
    def is_alive(self) -> bool:
        return not self._ended.is_set()

    def end(self, exit_code: int | None) -> None:
        self.exit_code = exit_code
        self._ended.set()

    async def wait(self) -> int | None:
        """The exit code, once the nursery has told it; None where it does not."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), ENDED_SECONDS)
        return self.exit_code

    def signal_group(self, number: int) -> None:
        """Signal the kernel and what it started; nothing happens where it has ended."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Nursery:
    """All methods belong to the pool's event loop. Kernels do not end with the nursery, but with the runner."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket, words: Path) -> None:
        self._process, self._line, self._words = process, line, words
        self._listening: asyncio.Task[None] | None = None
        self._kernels: dict[int, Forked] = {}
        self._started: asyncio.Queue[int | None] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self.is_alive = True

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> Nursery:
        """Starts importing and returns at once; the first kernel waits for the end of that."""
        ours, theirs = socket.socketpair()
        words = Path(tempfile.mkdtemp(prefix="tideline-")) / "log"
        with theirs, words.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(theirs.fileno())], env=dict(environment), pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        nursery = cls(process, ours, words)
        nursery._listening = asyncio.create_task(nursery._listen())
        return nursery

    async def fork(self, folder: str, channel: socket.socket, log: int) -> Forked:
        """A new kernel that serves `<folder>/kernel.json`. NotebookError where the nursery cannot start or has ended."""
        async with self._turn:
            with contextlib.suppress(OSError):
                socket.send_fds(self._line, [json.dumps(folder).encode() + b"\n"], [channel.fileno(), log])
                pid = await asyncio.wait_for(self._started.get(), START_SECONDS)
                if pid is not None:
                    return self._kernels[pid]
            raise NotebookError(
                f"a notebook's process did not start: {self._last_words()}", hint="`tideline doctor` looks closer"
            )

    def close(self) -> None:
        """End the nursery; its kernels are left to their owners."""
        if self._listening is not None:
            self._listening.cancel()
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._words.parent, ignore_errors=True)

    def _last_words(self) -> str:
        return self._words.read_text(errors="replace").strip().split("\n")[-1] or "no reason was given"

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self._line)
        with contextlib.closing(writer), contextlib.suppress(OSError, ValueError):
            async for line in reader:
                told = json.loads(line)
                if told["op"] == "started":
                    self._kernels[told["pid"]] = Forked(told["pid"])
                    self._started.put_nowait(told["pid"])
                elif told["pid"] in self._kernels:
                    self._kernels.pop(told["pid"]).end(told["code"])
        self.is_alive = False
        self._started.put_nowait(None)
