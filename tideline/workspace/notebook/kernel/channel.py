"""The line to the runner: one JSON document per line, both ways. When it breaks, the runner is gone and so are we."""

from __future__ import annotations

import itertools
import json
import os
import queue
import signal
import socket
import threading
from typing import Any

from tideline.workspace.notebook.kernel.errors import RunnerGone


class Channel:
    """Questions to the runner; safe to use from several threads. The kernel's process group ends with the runner."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, name="runner-channel", daemon=True).start()

    def tell(self, what: str) -> None:
        """Send a note that needs no answer."""
        self._send({"op": what})

    def ask(self, op: str, **details: Any) -> Any:
        """The runner's answer; its refusals are raised as RunnerGone or the error that the caller names."""
        number = next(self._numbers)
        answer: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._waiting[number] = answer
        try:
            self._send({"op": op, "id": number, **details})
            reply = answer.get()
        finally:
            self._waiting.pop(number, None)
        return reply.get("value")

    def _send(self, document: dict[str, Any]) -> None:
        line = json.dumps(document).encode() + b"\n"
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError as error:
            raise RunnerGone("the runner that started this notebook is gone") from error

    def _listen(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    reply = json.loads(line)
                    waiting = self._waiting.get(reply["id"])
                    if waiting is not None:
                        waiting.put(reply)
        finally:
            os.killpg(os.getpgid(0), signal.SIGKILL)
