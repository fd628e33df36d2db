"""What a run left behind: its events, its notebooks as executed, its report, its result for other tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from markupsafe import Markup

from tideline.workspace.control.errors import missing
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs.events import read_events
from tideline.workspace.jobs.junit import junit_xml
from tideline.workspace.report import report_html
from tideline.workspace.web.executed import cells_of, frame_of, notebook_css
from tideline.workspace.web.frames import HEADERS
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import page, piece
from tideline.workspace.web.runs import found

Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter()
MOST_EVENTS = 1000
STEM = re.compile(r"[\w.-]{1,200}")


@router.get("/static-of-notebooks.css")
def style() -> Response:
    """What executed notebooks look like."""
    return Response(notebook_css(), media_type="text/css", headers={"cache-control": "max-age=3600"})


@router.get("/runs/{run_id}/events")
def events(request: Request, workspace: Here, run_id: str) -> HTMLResponse:
    """What happened during the run, in order: a piece for its page, or a page where it is asked for by itself."""
    run = found(workspace, run_id)
    redact = redactor_of(workspace)
    told = read_events(workspace.store.path(run.parent or run_id) / "events.jsonl")
    shown = [{**event, "text": redact.text(str(event["text"]))} for event in told if event["kind"] != "cell"]
    return _piece_or_page(request, run, "Events", piece("run/events", events=shown[-MOST_EVENTS:]))


@router.get("/runs/{run_id}/notebooks/{stem}/cells")
def notebook_cells(request: Request, workspace: Here, run_id: str, stem: str) -> HTMLResponse:
    """A notebook as executed, to be put into the run's page."""
    run = found(workspace, run_id)
    return _piece_or_page(request, run, stem, cells_of(_kept(workspace, run, f"notebooks/{stem}.html"), _address(run_id, stem)))


@router.get("/runs/{run_id}/notebooks/{stem}/frames/{number}")
def notebook_frame(workspace: Here, run_id: str, stem: str, number: int) -> HTMLResponse:
    """An output that brings a script of its own: a page without an origin, so that the script reaches nothing of this site."""
    run = found(workspace, run_id)
    html = frame_of(_kept(workspace, run, f"notebooks/{stem}.html"), number)
    if html is None:
        raise missing(f"The notebook {stem} has no output {number} of this kind.")
    return HTMLResponse(html, headers=HEADERS)


@router.get("/runs/{run_id}/notebooks/{stem}.ipynb")
def notebook_file(workspace: Here, run_id: str, stem: str) -> FileResponse:
    """A notebook as executed, for other tools."""
    run = found(workspace, run_id)
    file = _kept(workspace, run, f"notebooks/{stem}.ipynb")
    return FileResponse(file, media_type="application/x-ipynb+json", filename=f"{run_id}-{stem}.ipynb")


@router.get("/runs/{run_id}/notebooks/{stem}")
def notebook(request: Request, workspace: Here, run_id: str, stem: str) -> HTMLResponse:
    """A notebook as executed, as a page of its own."""
    run = found(workspace, run_id)
    cells = cells_of(_kept(workspace, run, f"notebooks/{stem}.html"), _address(run_id, stem))
    return _as_page(request, run, f"{run.job_key}: {stem}", cells)


@router.get("/runs/{run_id}/report.html")
def report(workspace: Here, run_id: str) -> HTMLResponse:
    """The report: one file that can be kept or sent. Like an output it may bring scripts, so it has no origin either."""
    html = report_html(found(workspace, run_id), workspace.store, redactor_of(workspace))
    return HTMLResponse(html, headers=HEADERS)


@router.get("/runs/{run_id}/junit.xml")
def junit(workspace: Here, run_id: str) -> Response:
    """The result for tools of continuous integration, of a run that has ended; made anew, since secrets come and go."""
    run = found(workspace, run_id)
    _kept(workspace, run, "junit.xml")
    headers = {"content-disposition": f'attachment; filename="junit-{run_id}.xml"'}
    return Response(junit_xml(run, redactor_of(workspace)), media_type="application/xml", headers=headers)


def _kept(workspace: Workspace, run: JobRun, name: str) -> Path:
    """A file of the run's folder; the last step of `name` may come from an address."""
    file = workspace.store.path(run.run_id) / name
    if not STEM.fullmatch(file.name) or not file.is_file():
        raise missing(f"Run {run.run_id} has no {file.name[:80]}.")
    return file


def _address(run_id: str, stem: str) -> str:
    return f"/runs/{run_id}/notebooks/{stem}"


def _piece_or_page(request: Request, run: JobRun, title: str, html: str) -> HTMLResponse:
    """A script asks for the piece; whoever follows the link without one gets a page."""
    if request.headers.get("x-piece"):
        return HTMLResponse(html)
    return _as_page(request, run, f"{run.job_key}: {title}", html)


def _as_page(request: Request, run: JobRun, title: str, html: str) -> HTMLResponse:
    return page(request, "plain", title=title, run_id=run.run_id, body=Markup(html))  # noqa: S704 (our own markup, escaped where it was made)
