"""A pool of real kernels for all tests here, and a way to run a notebook that is written on the spot."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import CellEvent, NotebookResult, NotebookTask, TaskContext
from tideline.workspace.server import ServerAddress

HEADER = "# Databricks notebook source\n"
BAR = "\n\n# COMMAND ----------\n\n"


class Bench:
    """A root with notebooks and the pool that runs them."""

    def __init__(self, root: Path, pool: KernelPool, layout: Layout) -> None:
        self.root, self.pool, self.layout = root, pool, layout

    def write(self, name: str, *cells: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + BAR.join(textwrap.dedent(cell).strip("\n") for cell in cells) + "\n")
        return path

    def run(
        self,
        path: Path,
        *,
        parameters: dict[str, str] | None = None,
        seconds: float | None = None,
        cancel: threading.Event | None = None,
        events: list[CellEvent] | None = None,
        **context: Any,
    ) -> NotebookResult:
        task = NotebookTask(
            path=path,
            root=self.root,
            parameters=parameters or {},
            timeout_seconds=seconds,
            context=TaskContext(**context),
        )
        seen = events if events is not None else []
        return self.pool.run(task, on_event=seen.append, cancel=cancel)


@pytest.fixture(scope="session")
def bench(spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("bundle")
    layout = Layout(root)
    with KernelPool(spark_server, layout, root, size=2) as pool:
        yield Bench(root, pool, layout)


def texts(result: NotebookResult, cell: int) -> str:
    """All plain text that a cell put out."""
    from tideline.workspace.notebook.outputs import plain

    return "\n".join(plain(output) for output in result.cells[cell - 1].outputs)
