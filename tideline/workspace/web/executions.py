"""Executions of notebooks as folders: notebooks/<digest of the path>/<number>/{execution.json, cells.jsonl, runner.lock}.

Pages show what stands here and nothing else, so a reload, another browser and another process see the same.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.format import Cell
from tideline.workspace.notebook.results import CellError, ExecutedCell, NotebookResult, Widget
from tideline.workspace.private import write_private

KEPT = 10
QUEUED, RUNNING, CANCELED = "QUEUED", "RUNNING", "CANCELED"
GOING = frozenset({QUEUED, RUNNING})
ID = re.compile(r"([0-9a-f]{12})-([0-9]{16,18})")


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution. `parameters` are what was chosen, not what the bundle or the notebook fill in.

    `note` says what is waited for while it goes on, and afterwards what ended it if that was no cell.
    """

    execution_id: str
    notebook: str
    parameters: dict[str, str]
    n_cells: int
    started_at: float
    state: str = QUEUED
    note: str = ""
    seconds: float = 0.0
    exit_value: str | None = None
    error: CellError | None = None
    widgets: tuple[Widget, ...] = field(default=())

    @property
    def is_going(self) -> bool:
        return self.state in GOING


class ExecutionStore:
    """The last executions of each notebook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._saving = threading.Lock()  # executions end in threads of their own

    def new_id(self, notebook: str) -> str:
        """An id that sorts by time, and its folder; the oldest executions that have ended make room."""
        folder = self.folder / _digest(notebook)
        folder.mkdir(parents=True, exist_ok=True)
        for old in self.ids(notebook)[KEPT - 1 :]:
            with suppress(WorkspaceError):
                if not self.load(old).is_going:
                    shutil.rmtree(self._path(old), ignore_errors=True)
        stem, number = datetime.now(UTC).strftime("%Y%m%d%H%M%S"), 1
        while True:
            try:
                (folder / f"{stem}{number:02d}").mkdir()
                return f"{folder.name}-{stem}{number:02d}"
            except FileExistsError:
                number += 1

    def hold(self, execution_id: str) -> TextIO:
        """While the file that is given is open the execution counts as alive, for other processes too."""
        lock = (self._path(execution_id) / "runner.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def save(self, execution: Execution) -> None:
        with self._saving:
            write_private(self._path(execution.execution_id) / "execution.json", asdict(execution))

    def load(self, execution_id: str) -> Execution:
        """The execution; one whose process is gone without having ended it is CANCELED. WorkspaceError where there is none."""
        found = self._read(execution_id)
        if found.is_going and self._is_dead(execution_id):
            found = self._read(execution_id)  # it may have ended meanwhile
            if found.is_going:
                found = replace(found, state=CANCELED, note="the process that ran it ended before it did")
                self.save(found)
        return found

    def find(self, execution_id: str) -> Execution | None:
        """The execution, None where it is not kept."""
        try:
            return self.load(execution_id)
        except WorkspaceError:
            return None

    def ids(self, notebook: str) -> list[str]:
        """Newest first."""
        folder = self.folder / _digest(notebook)
        found = folder.glob("*/execution.json") if folder.is_dir() else iter(())
        return sorted((f"{folder.name}-{file.parent.name}" for file in found), reverse=True)

    def latest(self, notebook: str, parameters: Mapping[str, str] | None = None) -> Execution | None:
        """The newest, with these choices where some are named; None where there is none."""
        found = filter(None, map(self.find, self.ids(notebook)))  # one may be pruned meanwhile
        return next((each for each in found if parameters is None or each.parameters == parameters), None)

    def add(self, execution_id: str, cells: Iterable[ExecutedCell]) -> None:
        """Cells that have ended, or never ran, in their order."""
        file = self._path(execution_id) / "cells.jsonl"
        file.touch(0o600)
        with file.open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps(asdict(cell)) + "\n" for cell in cells)

    def cells(self, execution_id: str, since: int = 0) -> tuple[list[ExecutedCell], int]:
        """The cells that were added after the first `since` bytes, and how many bytes that makes."""
        with suppress(FileNotFoundError), (self._path(execution_id) / "cells.jsonl").open("rb") as file:
            file.seek(since)
            whole = file.read().rpartition(b"\n")[0]  # the last line may be in the writing
            return [_cell(json.loads(line)) for line in whole.splitlines()], since + len(whole) + bool(whole)
        return [], since

    def result(self, execution_id: str) -> NotebookResult:
        """What the runner handed out, as far as it is kept."""
        found = self.load(execution_id)
        state: Any = found.state
        return NotebookResult(
            state=state, exit_value=found.exit_value, error=found.error, seconds=found.seconds, path=Path(found.notebook),
            cells=tuple(self.cells(execution_id)[0]), widgets=found.widgets,
        )  # fmt: skip

    def widgets(self, notebook: str) -> dict[str, Widget]:
        """The widgets that the notebook was last seen to declare."""
        with suppress(FileNotFoundError):
            told = json.loads((self.folder / _digest(notebook) / "widgets.json").read_text(encoding="utf-8"))
            return {each["name"]: _widget(each) for each in told}
        return {}

    def keep_widgets(self, notebook: str, widgets: Iterable[Widget], *, are_all: bool) -> None:
        """Remember them for forms; where the notebook did not come to its end, those that it did not reach stay known."""
        with self._saving:
            known = {} if are_all else self.widgets(notebook)
            known |= {widget.name: widget for widget in widgets}
            write_private(self.folder / _digest(notebook) / "widgets.json", [asdict(widget) for widget in known.values()])

    def _path(self, execution_id: str) -> Path:
        parts = ID.fullmatch(execution_id)
        if parts is None:
            raise WorkspaceError(f"`{execution_id}` is no id of an execution")
        return self.folder / parts[1] / parts[2]

    def _read(self, execution_id: str) -> Execution:
        try:
            told = json.loads((self._path(execution_id) / "execution.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WorkspaceError(
                f"there is no execution `{execution_id}`", hint=f"the last {KEPT} of each notebook are kept"
            ) from None
        told["error"] = CellError(**told["error"]) if told["error"] else None
        return Execution(**told | {"widgets": tuple(map(_widget, told["widgets"]))})

    def _is_dead(self, execution_id: str) -> bool:
        try:
            with (self._path(execution_id) / "runner.lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            return True
        return True


def _digest(notebook: str) -> str:
    return hashlib.sha256(notebook.encode()).hexdigest()[:12]


def _cell(told: dict[str, Any]) -> ExecutedCell:
    return ExecutedCell(**{**told, "cell": Cell(**told["cell"]), "outputs": tuple(told["outputs"])})


def _widget(told: dict[str, Any]) -> Widget:
    return Widget(**{**told, "choices": tuple(told["choices"])})
