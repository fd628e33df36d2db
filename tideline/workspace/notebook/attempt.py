"""One attempt at a notebook: every step in order, until the end, an exit, an error, a limit or a wish to stop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tideline.workspace.layout import Layout
from tideline.workspace.notebook.host import Host
from tideline.workspace.notebook.outputs import cut
from tideline.workspace.notebook.plan import Step
from tideline.workspace.notebook.process import KernelProcess
from tideline.workspace.notebook.results import (
    CellError,
    CellEvent,
    CellState,
    ExecutedCell,
    NotebookTask,
    RunState,
)
from tideline.workspace.notebook.stops import Stop, Stops

QUIET_KINDS = {"md": "ok", "skip": "skipped", "output_size": "ok"}
CALLS = {"sql": "sql", "sh": "sh", "fs": "fs", "pip": "pip", "restart_python": "restart"}
GRACE_SECONDS = 3.0
MEGABYTE = 1024 * 1024


@dataclass
class Progress:
    """What has come of the attempt so far."""

    cells: list[ExecutedCell] = field(default_factory=list)
    state: RunState = "SUCCESS"
    error: CellError | None = None
    own_seconds: float = 0.0


class Attempt:
    """Runs the steps on a kernel that is its own."""

    def __init__(
        self, task: NotebookTask, steps: tuple[Step, ...], process: KernelProcess, host: Host, *, stops: Stops,
        on_event: Callable[[CellEvent], None], on_cell: Callable[[ExecutedCell], None],
    ) -> None:  # fmt: skip
        self.task, self.steps, self.process, self.host = task, steps, process, host
        self.stops, self.on_event, self.on_cell = stops, on_event, on_cell
        self.progress, self.output_bytes = Progress(), 10 * MEGABYTE

    async def run(self, given: dict[str, Any]) -> Progress:
        """The progress is complete however the attempt ends; cells that did not run say so."""
        self.process.handler = self.host.answer
        if await self._begin(given):
            for step in self.steps:
                self._tell(step, "running")
                executed = await self._step(step)
                self.progress.cells.append(executed)
                self.on_cell(executed)
                self._tell(step, executed.state)
                if executed.state in ("failed", "exited"):
                    break
        left = self.steps[len(self.progress.cells) :]
        self.progress.cells += [
            ExecutedCell(cell=step.cell, number=step.number, state="not_run") for step in left
        ]
        return self.progress

    async def _begin(self, given: dict[str, Any]) -> bool:
        self.process.send("begin", json.dumps(given))
        stop = await self.stops.wait_for(asyncio.ensure_future(self.host.begun.wait()))
        if stop is not None:
            await self._stopped(stop, None)
        elif (failure := self.host.take_failure()) is not None:
            self._failed(failure, None)
        return self.progress.state == "SUCCESS"

    async def _step(self, step: Step) -> ExecutedCell:
        outputs: list[dict[str, Any]] = []
        began = time.monotonic()
        state = await self._execute(step, step, outputs)
        seconds = time.monotonic() - began
        if step.cell.kind not in QUIET_KINDS:
            self.progress.own_seconds += seconds
        return ExecutedCell(
            cell=step.cell, number=step.number, state=state, outputs=tuple(outputs), seconds=seconds
        )

    async def _execute(self, step: Step, top: Step, outputs: list[dict[str, Any]]) -> CellState:
        """Run a step, or for a `%run` the steps below it; outputs are added as they come."""
        if step.cell.kind == "run":
            return await self._inner(step, top, outputs)
        if step.cell.kind == "output_size":
            self.output_bytes = int(step.cell.body.strip()) * MEGABYTE
        if step.cell.kind in QUIET_KINDS or not step.cell.text.strip():
            return "skipped" if step.cell.kind == "skip" else "ok"
        self.process.send("at", json.dumps(_where(step) | {"output_bytes": self.output_bytes}))
        call = CALLS.get(step.cell.kind)
        code = f"get_ipython().attempt.{call}()" if call else step.cell.body
        running = asyncio.ensure_future(self.process.execute(code))
        stop = await self.stops.wait_for(running)
        if stop is not None:
            await self._end(running)
        outputs += [cut(output, self.output_bytes) for output in self.process.outputs()]
        failure = self.host.take_failure()
        if self.host.has_exited and stop is None:
            return "exited"
        if stop is not None:
            await self._stopped(stop, top)
        elif failure is not None:
            self._failed(failure, top)
        return "ok" if self.progress.error is None else "failed"

    async def _inner(self, step: Step, top: Step, outputs: list[dict[str, Any]]) -> CellState:
        self.process.send("enter", json.dumps(step.arguments))
        for inner in step.steps:
            state = await self._execute(inner, top, outputs)
            if state in ("failed", "exited"):
                return state
        self.process.send("leave")
        return "ok"

    async def _end(self, running: asyncio.Future[Any]) -> None:
        """Interrupt the cell and its queries, and wait a moment for its last words."""
        if self.process.is_alive:
            self.process.interrupt()
        await self.stops.interrupt_session()
        await asyncio.wait([running], timeout=GRACE_SECONDS if self.process.is_alive else 0.5)
        running.cancel()
        await asyncio.wait([running])

    async def _stopped(self, stop: Stop, step: Step | None) -> None:
        self.progress.state = stop.state
        message = stop.message if stop.state != "FAILED" else f"the notebook's process {await self.process.death()}"
        cell, line = (step.number, step.cell.line) if step else (0, None)
        self.progress.error = CellError(cell=cell, line=line, name=stop.name, message=message)

    def _failed(self, told: dict[str, Any], step: Step | None) -> None:
        self.progress.state = "FAILED"
        is_own_line = step is not None and told["file"] == str(step.file)
        message = told["message"]
        if step is not None and not is_own_line and told["file"]:
            message = f"{message} (in {told['file']}:{told['line']})"
        self.progress.error = CellError(
            cell=step.number if step else 0,
            line=told["line"] if is_own_line else (step.cell.line if step else None),
            name=told["name"],
            message=message,
            traceback=told["traceback"],
            is_user_mistake=told["is_user_mistake"],
        )

    def _tell(self, step: Step, state: CellState) -> None:
        cell = step.cell
        total = len(self.steps)
        self.on_event(
            CellEvent(number=step.number, total=total, kind=cell.kind, title=cell.title, state=state)
        )


def _where(step: Step) -> dict[str, Any]:
    cell = step.cell
    file = f"{step.file}#cell-{step.number}" if step.file.suffix == ".ipynb" else str(step.file)
    return {
        "number": step.number,
        "file": file,
        "line": cell.line,
        "body_line": cell.body_line,
        "body": cell.body,
        "is_python": cell.kind not in CALLS,
    }


def given(task: NotebookTask, layout: Layout, *, remote: str) -> dict[str, Any]:
    """What the kernel is told before the first cell; `remote` names the session too."""
    path = task.path.with_suffix("")
    shown = path.relative_to(task.root) if path.is_relative_to(task.root) else path
    folders = {"home": layout.home, "volumes": layout.volumes, "dbfs": layout.dbfs, "root": task.root}
    return {
        "folder": str(task.path.parent),
        "root": str(task.root),
        "notebook_path": "/" + str(shown).lstrip("/"),
        "parameters": task.parameters,
        "context": asdict(replace(task.context)),
        "folders": {name: str(folder) for name, folder in folders.items()},
        "remote": remote,
    }
