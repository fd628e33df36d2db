"""Executions of notebooks that go on in this process, whether or not anybody looks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.results import ExecutedCell, NotebookResult, NotebookTask
from tideline.workspace.redaction import redactor_for_the_record
from tideline.workspace.web.executions import CANCELED, RUNNING, Execution, ExecutionStore
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.warm_pool import WarmPool

LOG = logging.getLogger(__name__)
AT_ONCE, MOST = 4, 32
CLOSE_SECONDS = 20.0
POLL_SECONDS = 0.1


class NotebookRuns:
    """Each press of Run is an execution of its own, in a kernel of its own; beyond four at once they wait."""

    def __init__(self, workspace: Workspace) -> None:
        self.store = ExecutionStore(workspace.layout.home / "notebooks")
        self._workspace = workspace
        self._pool = WarmPool(workspace)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._going: dict[str, threading.Event] = {}
        self._threads: set[threading.Thread] = set()

    def start(self, file: Path, n_cells: int, chosen: Mapping[str, str], of_bundle: Mapping[str, str]) -> str:
        """Begin an execution and give its id. `of_bundle` are the bundle's values for widgets that nobody chose."""
        if len(self._threads) >= MOST:
            raise WorkspaceError(f"{MOST} notebooks run or wait already", hint="wait for one to end, or cancel it")
        shown = self.redactor().value(dict(chosen))
        name = file.relative_to(self._workspace.root.resolve()).as_posix()
        execution_id = self.store.new_id(name)
        lock = self.store.hold(execution_id)
        execution = Execution(
            execution_id=execution_id, notebook=name, parameters=shown, n_cells=n_cells,
            started_at=time.time(), note=f"waits until fewer than {AT_ONCE} notebooks run",
        )  # fmt: skip
        self.store.save(execution)
        task = NotebookTask(path=file, root=self._workspace.root, parameters={**of_bundle, **chosen})
        self._going[execution_id] = cancel = threading.Event()
        thread = threading.Thread(target=self._run, args=(execution, task, cancel, lock), name=execution_id, daemon=True)
        self._threads.add(thread)
        thread.start()
        return execution_id

    def cancel(self, execution_id: str) -> bool:
        """Ask an execution of this process to stop; False where it is none, or has ended."""
        wish = self._going.get(execution_id)
        if wish is not None:
            wish.set()
        return wish is not None

    def is_stopping(self, execution_id: str) -> bool:
        wish = self._going.get(execution_id)
        return wish is not None and wish.is_set()

    def warm(self) -> None:
        """Somebody looks at a notebook and may press Run."""
        self._pool.warm()

    def redactor(self) -> Redactor:
        """Finds what no page may show. NotebookError where the secrets file cannot be read."""
        return redactor_of(self._workspace)

    def close(self) -> None:
        """Stop all executions, so that each is kept as CANCELED, and end the kernels."""
        for wish in list(self._going.values()):
            wish.set()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in list(self._threads):
            thread.join(max(until - time.monotonic(), 0.0))
        self._pool.close()

    def _run(self, execution: Execution, task: NotebookTask, cancel: threading.Event, lock: TextIO) -> None:
        """The state is kept whatever happens; the lock is given back after it."""
        began = time.monotonic()
        with lock:
            try:
                ended = self._attempt(execution, task, cancel)
            except Exception as error:
                if not isinstance(error, WorkspaceError):
                    LOG.exception("execution %s", execution.execution_id)
                redact = redactor_for_the_record(self._workspace.layout, self._workspace.remote)
                ended = replace(execution, state="FAILED", note=redact.text(f"{_kind(error)}{error}"))
            self._keep(replace(ended, seconds=time.monotonic() - began))

    def _keep(self, ended: Execution) -> None:
        try:
            self.store.save(ended)
            if ended.widgets:
                self.store.keep_widgets(ended.notebook, ended.widgets, are_all=ended.state == "SUCCESS")
        except OSError:
            LOG.exception("execution %s is not kept", ended.execution_id)
        finally:
            self._going.pop(ended.execution_id, None)
            self._threads.discard(threading.current_thread())

    def _attempt(self, execution: Execution, task: NotebookTask, cancel: threading.Event) -> Execution:
        while not self._slots.acquire(timeout=POLL_SECONDS):
            if cancel.is_set():
                return replace(execution, state=CANCELED, note="cancelled before it began")
        try:
            running = replace(execution, state=RUNNING, note="Spark and a kernel are made ready")
            self.store.save(running)
            pool = self._pool.get()
            self.store.save(replace(running, note=""))
            told: list[ExecutedCell] = []

            def tell(cell: ExecutedCell) -> None:
                told.append(cell)
                self.store.add(execution.execution_id, [cell])

            result = pool.run(task, on_cell=tell, cancel=cancel)
            self.store.add(execution.execution_id, result.cells[len(told) :])
            return _ended(running, result)
        finally:
            self._slots.release()


def _ended(execution: Execution, result: NotebookResult) -> Execution:
    return replace(
        execution, state=result.state, note="", exit_value=result.exit_value, error=result.error, widgets=result.widgets
    )


def _kind(error: Exception) -> str:
    return "" if isinstance(error, WorkspaceError) else f"a fault of this program: {type(error).__name__}: "
