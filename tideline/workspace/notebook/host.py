"""The runner's side of the channel: what a running notebook may ask for, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tideline.workspace.notebook.plan import resolve
from tideline.workspace.notebook.results import NotebookResult, NotebookTask, Widget
from tideline.workspace.notebook.secrets import SecretStore

DEEPEST = 5
RunChild = Callable[[NotebookTask, Callable[[], bool]], Awaitable[NotebookResult]]


class Host:
    """What one attempt has said so far. `failure` is the last error a cell told of."""

    def __init__(self, task: NotebookTask, secrets: SecretStore, run_child: RunChild) -> None:
        self.task, self._secrets, self._run_child = task, secrets, run_child
        self.begun = asyncio.Event()
        self.failure: dict[str, Any] | None = None
        self.has_exited = False
        self.exit_value: str | None = None
        self.task_values: dict[str, Any] = {}
        self.widgets: dict[str, Widget] = {}
        self.children: list[NotebookResult] = []
        self.is_over = False
        self._running: set[asyncio.Future[Any]] = set()

    def take_failure(self) -> dict[str, Any] | None:
        """The error told of since the last call, once."""
        told, self.failure = self.failure, None
        return told

    async def answer(self, message: dict[str, Any]) -> Any:
        """The answer to one question; each kind has a method of its name."""
        return await getattr(self, f"on_{message['op']}")(message)

    async def on_begun(self, _: dict[str, Any]) -> None:
        self.begun.set()

    async def on_failed(self, message: dict[str, Any]) -> None:
        self.failure = message
        self.begun.set()

    async def on_exit(self, message: dict[str, Any]) -> None:
        self.has_exited, self.exit_value = True, message["value"]

    async def on_task_value(self, message: dict[str, Any]) -> None:
        self.task_values[message["key"]] = message["value"]

    async def on_widget(self, message: dict[str, Any]) -> None:
        told = message["widget"]
        self.widgets[told["name"]] = Widget(**{**told, "choices": tuple(told["choices"])})

    async def on_no_widget(self, message: dict[str, Any]) -> None:
        self.widgets.pop(message["name"], None)

    async def on_secret(self, message: dict[str, Any]) -> dict[str, Any]:
        scope, key = str(message["scope"]), str(message["key"])
        return {"value": self._secrets.get(scope, key), "hint": self._secrets.hint(scope, key)}

    async def on_secret_keys(self, message: dict[str, Any]) -> list[str] | None:
        scope = self._secrets.scopes.get(str(message["scope"]))
        return None if scope is None else sorted(scope)

    async def on_secret_scopes(self, _: dict[str, Any]) -> list[str]:
        return sorted(self._secrets.scopes)

    async def on_notebook_run(self, message: dict[str, Any]) -> dict[str, Any]:
        """A child run: nothing of this one reaches it but the arguments; it ends with this one at the latest."""
        path = resolve(message["path"], self.task.path, self.task.root)
        if path is None:
            return _failed(f"no such notebook; paths start at {self.task.path.parent}")
        if self.task.depth >= DEEPEST:
            return _failed(f"notebooks run each other more than {DEEPEST} deep")
        child = replace(
            self.task,
            path=Path(path),
            parameters=dict(message["arguments"]),
            timeout_seconds=message["timeout_seconds"] or None,
            depth=self.task.depth + 1,
        )
        running = asyncio.ensure_future(self._run_child(child, lambda: self.is_over))
        self._running.add(running)
        result = await running
        self._running.discard(running)
        self.children.append(result)
        return {"state": result.state, "exit_value": result.exit_value, "error": str(result.error or "")}

    async def close(self) -> None:
        """No more children; those that run are cancelled and waited for."""
        self.is_over = True
        if self._running:
            await asyncio.wait(self._running)


def _failed(message: str) -> dict[str, Any]:
    return {"state": "FAILED", "exit_value": None, "error": message}
