"""What is asked of a notebook run, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tideline.workspace.notebook.format import Cell

RunState = Literal["SUCCESS", "FAILED", "TIMEDOUT", "CANCELED"]
CellState = Literal["running", "ok", "failed", "skipped", "exited", "not_run"]
WidgetKind = Literal["text", "dropdown", "combobox", "multiselect"]


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """Who asks for the run. Without a job (`in_job=False`) `taskValues.get` answers with its `debugValue`."""

    job_id: str = ""
    job_name: str = ""
    run_id: str = ""
    task_key: str = ""
    task_run_id: str = ""
    attempt: int = 1
    task_values: dict[str, dict[str, Any]] = field(default_factory=dict)
    in_job: bool = False
    in_for_each: bool = False
    user: str = "local@example.com"


@dataclass(frozen=True, kw_only=True)
class NotebookTask:
    """One attempt to run a notebook. `parameters` are text and win over widget defaults; None seconds: no limit.

    `depth` counts `dbutils.notebook.run` upwards: 0 is what a job or a person asked for. `only_cells` are numbers of cells,
    none: all of them.
    """

    path: Path
    root: Path
    parameters: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float | None = None
    context: TaskContext = field(default_factory=TaskContext)
    depth: int = 0
    only_cells: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class CellError:
    """What went wrong, in the user's words: the exception's own name and message, user code only in the traceback.

    `cell` counts from 1 over all cells, 0 where the fault is no cell's; `line` is a line of the notebook file.
    `traceback` is empty for a user's mistake, whose message says it all.
    """

    cell: int
    line: int | None
    name: str
    message: str
    traceback: str = ""
    is_user_mistake: bool = False

    def __str__(self) -> str:
        where = f"cell {self.cell}" + (f", line {self.line}" if self.line else "") if self.cell else ""
        return f"{self.name}: {self.message}" + (f" ({where})" if where else "")


@dataclass(frozen=True, kw_only=True)
class ExecutedCell:
    """A cell as it came out; `outputs` are nbformat 4 output dicts, secrets already removed."""

    cell: Cell
    number: int
    state: CellState
    outputs: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CellEvent:
    """Progress: a cell begins (`running`) or has ended (any other state). `number` counts from 1."""

    number: int
    total: int
    kind: str
    title: str
    state: CellState


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A widget as the notebook declared it; `kind` is the method of `dbutils.widgets`, `choices` are empty for a text."""

    name: str
    kind: WidgetKind
    default: str
    value: str
    label: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotebookResult:
    """The end of one attempt. `overhead_seconds` is everything but the cells' own time.

    Task values set before a failure are kept. Secrets are gone from every text. `children` are the runs that
    `dbutils.notebook.run` asked for, in the order in which they ended. `widgets` are those that stood declared at the end.
    """

    state: RunState
    exit_value: str | None = None
    error: CellError | None = None
    task_values: dict[str, Any] = field(default_factory=dict)
    cells: tuple[ExecutedCell, ...] = ()
    seconds: float = 0.0
    overhead_seconds: float = 0.0
    session_id: str = ""
    path: Path = Path()
    children: tuple[NotebookResult, ...] = ()
    widgets: tuple[Widget, ...] = ()
