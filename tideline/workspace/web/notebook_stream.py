"""What is sent to a browser that looks at an execution: read from where it is kept, several times a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.format import Cell
from tideline.workspace.web.cells import cell_html, redacted, waiting_html
from tideline.workspace.web.executions import Execution
from tideline.workspace.web.notebook_files import cells_of, found_notebook
from tideline.workspace.web.notebook_page import Shown, form_html, head_html, progress_of
from tideline.workspace.web.notebook_runs import NotebookRuns
from tideline.workspace.web.render import piece
from tideline.workspace.web.streams import Change

TICK_SECONDS = 0.1


async def changes(workspace: Workspace, runs: NotebookRuns, execution_id: str, after: int, form: str) -> AsyncIterator[Change]:
    """From the first cell after `after` to the end. Every change replaces what it names, so that it may come twice."""
    watch = await run_in_threadpool(Watch, workspace, runs, execution_id, after, form)
    while not watch.is_over:
        for change in await run_in_threadpool(watch.look):
            yield change
        if not watch.is_over:
            await asyncio.sleep(TICK_SECONDS)


class Watch:
    """One browser's view of one execution."""

    def __init__(self, workspace: Workspace, runs: NotebookRuns, execution_id: str, after: int, form: str) -> None:
        self._workspace, self._runs, self._id, self._form = workspace, runs, execution_id, form
        self._n_ended, self._bytes, self._after = 0, 0, after
        self._head: tuple[str, bool] | None = None
        self._progress_shown: dict[str, object] = {}
        self._source = self._cells_of_source(runs.store.load(execution_id))
        self.is_over = False

    def look(self) -> list[Change]:
        """What is new since the last look."""
        try:
            execution = self._runs.store.load(self._id)  # first: cells are written before the end is
        except WorkspaceError:  # it made room for newer ones
            self.is_over = True
            return []
        found = [*self._cells(execution)]
        self.is_over = not execution.is_going
        return [*found, *(self._end(execution) if self.is_over else self._progress(execution))]

    def _cells(self, execution: Execution) -> Iterator[Change]:
        ended, self._bytes = self._runs.store.cells(self._id, self._bytes)
        for executed in ended:
            self._n_ended += 1
            if self._n_ended > self._after:
                yield Change(f"cell-{self._n_ended}", cell_html(self._id, executed))
        following = self._source[self._n_ended : self._n_ended + 1]
        if ended and following and execution.is_going:
            html = waiting_html(following[0], self._n_ended + 1, is_running=True)
            yield Change(f"cell-{self._n_ended + 1}", html)

    def _progress(self, execution: Execution) -> Iterator[Change]:
        head = (execution.state, self._runs.is_stopping(self._id))
        if head != self._head:
            self._head = head
            yield Change("execution-head", head_html(self._runs, execution, self._n_ended))
        shown = progress_of(execution, self._n_ended)
        if shown != self._progress_shown:
            self._progress_shown = shown
            yield Change("execution-progress", piece("notebook_progress", **shown))

    def _end(self, execution: Execution) -> Iterator[Change]:
        """The cell that failed comes once more: what went wrong is known only now."""
        error = execution.error
        if error is not None:
            failed = [each for each in self._runs.store.cells(self._id)[0] if each.number == error.cell]
            yield from (Change(f"cell-{each.number}", cell_html(self._id, each, error)) for each in failed)
        yield Change("execution-head", head_html(self._runs, execution, self._n_ended))
        with suppress(WorkspaceError):  # the notebook is gone, or the bundle is broken: the form stays
            file = found_notebook(self._workspace.root.resolve(), execution.notebook)
            shown = Shown.of(self._workspace, self._runs, file, given=execution.parameters)
            if shown.form != self._form:
                yield Change("widgets", form_html(shown))

    def _cells_of_source(self, execution: Execution) -> list[Cell]:
        try:
            file = found_notebook(self._workspace.root.resolve(), execution.notebook)
            return redacted(cells_of(file), self._runs.redactor().text)
        except WorkspaceError:  # moved or broken since
            return []
