"""Notebooks and dashboards: a form of their widgets, Run, and what came out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tideline.workspace.control.errors import missing
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.html import page as whole_document
from tideline.workspace.notebook.saved import to_notebook
from tideline.workspace.web.cells import frame_of, stylesheet
from tideline.workspace.web.executions import Execution
from tideline.workspace.web.frames import HEADERS
from tideline.workspace.web.notebook_files import described, found_notebook, notebooks
from tideline.workspace.web.notebook_page import Shown, result_html
from tideline.workspace.web.notebook_runs import NotebookRuns
from tideline.workspace.web.notebook_stream import changes
from tideline.workspace.web.render import page
from tideline.workspace.web.streams import stream
from tideline.workspace.web.widgets import EXECUTION, address_of, given_of

MOST_FORM_BYTES = 1_000_000
router = APIRouter()


def runs_of(request: Request) -> NotebookRuns:
    """For `Depends`: the executions of the site that is asked."""
    found = request.app.state.notebook_runs
    assert isinstance(found, NotebookRuns)
    return found


Here = Annotated[Workspace, Depends(workspace_of)]
Runs = Annotated[NotebookRuns, Depends(runs_of)]


@router.get("/notebooks")
def list_of_notebooks(request: Request, workspace: Here, runs: Runs) -> HTMLResponse:
    """Every notebook of the bundle by folder, with its last execution."""
    bundle = workspace.bundle()
    left_out = [str(node.value) for node in bundle.tree.items("sync", "exclude")]
    found = notebooks(bundle.root, left_out, runs.redactor().text)
    by_folder = groupby(found, lambda each: each.folder)
    folders = [(folder, [(each, runs.store.latest(each.path)) for each in files]) for folder, files in by_folder]
    return page(request, "notebooks", title="Notebooks and dashboards", folders=folders, address_of=address_of)


@router.get("/notebooks/style.css")
def style() -> Response:
    """How cells look."""
    return Response(stylesheet(), media_type="text/css")


@router.get("/notebooks/at/{path:path}")
def one_notebook(path: str, request: Request, workspace: Here, runs: Runs) -> HTMLResponse:
    """The form with the values of the address, and the last execution with these values. Nothing runs by looking."""
    file = _file(workspace, path)
    asked = parse_qsl(request.url.query, keep_blank_values=True)
    execution_id = next((value for name, value in asked if name == EXECUTION), "")
    execution = runs.store.find(execution_id) if execution_id else None
    given = given_of(pair for pair in asked if pair[0] != EXECUTION)
    shown = Shown.of(workspace, runs, file, given=given if execution is None else execution.parameters | given)
    if execution is not None and execution.notebook != shown.path:
        raise WorkspaceError(f"execution `{execution_id}` is one of {execution.notebook}, not of {shown.path}")
    runs.warm()
    about = described(workspace.root.resolve(), file, runs.redactor().text)
    return page(
        request, "notebook", title=about.title, notebook=about, shown=shown, address=address_of(about.path, {}),
        result=result_html(runs, shown, execution or runs.store.latest(shown.path, shown.chosen)),
        is_forgotten=bool(execution_id) and execution is None,
    )  # fmt: skip


@router.post("/notebooks/at/{path:path}")
async def run_notebook(path: str, request: Request, workspace: Here, runs: Runs) -> RedirectResponse:
    """Run with the form's values. The answer is the page of the new execution."""
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        raise WorkspaceError("the form is larger than a megabyte")
    sent = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    there = await run_in_threadpool(_start, workspace, runs, path, sent, request.query_params.get("instead-of", ""))
    return RedirectResponse(there, 303)


@router.get("/notebooks/executions/{execution_id}/changes")
def watch(execution_id: str, request: Request, workspace: Here, runs: Runs, after: int = 0, form: str = "") -> StreamingResponse:
    """Cells after the first `after` as they end, how far it is, and the end; the form where it is no longer `form`."""
    runs.store.load(execution_id)
    return stream(changes(workspace, runs, execution_id, after, form))


@router.post("/notebooks/executions/{execution_id}/cancel")
def cancel(execution_id: str, runs: Runs) -> RedirectResponse:
    """Ask it to stop; one that has ended stays as it is."""
    found = runs.store.load(execution_id)
    runs.cancel(execution_id)
    return RedirectResponse(address_of(found.notebook, found.parameters, execution_id), 303)


@router.get("/notebooks/executions/{execution_id}/cells/{cell}/frames/{number}")
def notebook_frame(execution_id: str, cell: int, number: int, runs: Runs) -> HTMLResponse:
    """An output that brings HTML, and with it perhaps scripts, of its own."""
    runs.store.load(execution_id)
    executed = next((each for each in runs.store.cells(execution_id)[0] if each.number == cell), None)
    html = frame_of(executed, number) if executed is not None else None
    if html is None:
        raise missing(f"Execution {execution_id} has no output {number} of this kind in cell {cell}.")
    return HTMLResponse(html, headers=HEADERS)


@router.get("/notebooks/executions/{execution_id}/notebook.html")
def as_html(execution_id: str, runs: Runs) -> Response:
    """The executed notebook as a document of its own."""
    found = _ended(runs, execution_id)
    text = whole_document(runs.store.result(execution_id), Path(found.notebook).stem)
    return _download(HTMLResponse(text), found, "html")


@router.get("/notebooks/executions/{execution_id}/notebook.ipynb")
def as_ipynb(execution_id: str, runs: Runs) -> Response:
    """The executed notebook with everything that was kept of it."""
    found = _ended(runs, execution_id)
    return _download(JSONResponse(to_notebook(runs.store.result(execution_id))), found, "ipynb")


def _start(workspace: Workspace, runs: NotebookRuns, path: str, sent: Iterable[tuple[str, str]], instead_of: str) -> str:
    file = _file(workspace, path)
    shown = Shown.of(workspace, runs, file, given=given_of(sent), is_form=True)
    if instead_of:
        runs.cancel(instead_of)
    execution_id = runs.start(file, len(shown.source), shown.chosen, shown.of_bundle)
    return address_of(shown.path, runs.store.load(execution_id).parameters, execution_id)


def _file(workspace: Workspace, path: str) -> Path:
    return found_notebook(workspace.root.resolve(), path)


def _ended(runs: NotebookRuns, execution_id: str) -> Execution:
    found = runs.store.load(execution_id)
    if found.is_going:
        raise WorkspaceError(f"execution `{execution_id}` goes on", hint="it can be downloaded when it has ended")
    return found


def _download(answer: Response, execution: Execution, suffix: str) -> Response:
    name = urlencode({"": f"{Path(execution.notebook).stem}.{suffix}"})[1:]
    answer.headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer
