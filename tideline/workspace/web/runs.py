"""Runs: the list, a page for each that is live while it goes on, cancel and repair, and two of them side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from starlette.responses import StreamingResponse

from tideline.workspace.control.errors import ApiError, missing
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.web.compare import compared
from tideline.workspace.web.forms import Sent
from tideline.workspace.web.history import RUN_ID
from tideline.workspace.web.jobs import pairs_of
from tideline.workspace.web.live import Parts, changes_of, digest_of
from tideline.workspace.web.looking import looking_of
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import page
from tideline.workspace.web.streams import stream

Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter()
PER_PAGE = 50
STATES = {"active": "going on", "SUCCESS": "success", "failed": "failed or stopped"}


@router.get("/runs")
def list_runs(request: Request, job: str = "", state: str = "") -> HTMLResponse:
    """All runs, newest first, by page."""
    looking = looking_of(request)
    every = looking.history.lines()
    lines = [line for line in every if job in ("", line.job_key) and line.is_of(state)]
    jobs = sorted({line.job_key for line in every})
    number = request.query_params.get("page", "1")
    pages = max(-(-len(lines) // PER_PAGE), 1)
    here = min(max(int(number) if number.isdecimal() else 1, 1), pages)
    going = looking.going()
    return page(
        request, "runs", title="Runs", lines=lines[(here - 1) * PER_PAGE : here * PER_PAGE], total=len(lines), pages=pages,
        page_number=here, jobs=jobs, job=job, state=state, states=STATES, now=Markup(going["runs-now"]), seen=digest_of(going),  # noqa: S704 (rendered by our templates, which escape)
    )  # fmt: skip


@router.get("/runs/live")
def live_runs(request: Request, seen: str = "") -> StreamingResponse:
    """What goes on in this workspace, as it changes."""
    going = looking_of(request).going
    return stream(changes_of(lambda: (going(), False), seen=seen, poll_seconds=1.0))


@router.get("/runs/compare")
def compare_runs(request: Request, workspace: Here) -> HTMLResponse:
    """Two runs side by side: `run` twice."""
    chosen = list(dict.fromkeys(request.query_params.getlist("run")))
    if len(chosen) != 2:
        text = f"Two runs can be compared; chosen: {len(chosen) or 'none'}. Tick two in the list of runs."
        raise ApiError(400, "INVALID_PARAMETER_VALUE", text)
    redact = redactor_of(workspace)
    first, second = (without_secrets(found(workspace, run_id), redact) for run_id in chosen)
    return page(request, "compare", title="Two runs compared", both=compared(first, second))


@router.get("/runs/{run_id}")
def show_run(request: Request, workspace: Here, run_id: str) -> HTMLResponse:
    """One run: as it is now, and live while it goes on."""
    found(workspace, run_id)
    drawn = looking_of(request).drawing.drawn(workspace, run_id)
    return page(
        request, "run", title=drawn.run.job_name, run=drawn.run, parts=drawn.parts, has_ended=drawn.has_ended,
        seen=digest_of(drawn.parts),
    )  # fmt: skip


@router.get("/runs/{run_id}/live")
def live_run(request: Request, workspace: Here, run_id: str, seen: str = "") -> StreamingResponse:
    """The parts of the run's page as they change, until it has ended."""
    found(workspace, run_id)
    drawing = looking_of(request).drawing

    def look() -> tuple[Parts, bool]:
        drawn = drawing.drawn(workspace, run_id)
        return drawn.parts, drawn.has_ended

    return stream(changes_of(look, seen=seen))


@router.post("/runs/{run_id}/cancel")
def cancel(workspace: Here, run_id: str) -> RedirectResponse:
    """Ask a run to stop, and show it. One that has ended stays as it is."""
    run = found(workspace, run_id)
    if run.parent:
        raise ApiError(400, "INVALID_STATE", f"Run {run_id} is part of run {run.parent}: cancel that one.")
    is_asked = workspace.background.cancel(run_id)
    if not is_asked and found(workspace, run_id).state not in s.TERMINAL:
        raise ApiError(400, "INVALID_STATE", f"Run {run_id} was started from elsewhere, a terminal or a program: stop it there.")
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.post("/runs/{run_id}/repair")
def repair(workspace: Here, run_id: str, sent: Sent) -> RedirectResponse:
    """Run again what failed, or the chosen tasks, with what was mended. The same press twice repairs once."""
    run = found(workspace, run_id)

    def start() -> str:
        shown = without_secrets(found(workspace, run_id), redactor_of(workspace)).parameters
        parameters = {**sent.changed(shown), **pairs_of(sent.one("free"))}
        return workspace.background.repair(
            workspace.bundle_of(run), run_id, only_tasks=sent.all("task"), parameters=parameters,
            with_dependents=bool(sent.one("dependents")),
        )  # fmt: skip

    if sent.press:
        workspace.background.start_once(f"repair/{run_id}/{sent.press}", start)
    else:
        start()
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.get("/runs/{run_id}/before")
def compare_with_before(request: Request, workspace: Here, run_id: str) -> RedirectResponse:
    """This run beside the one of the same job before it."""
    run = found(workspace, run_id)
    lines = looking_of(request).history.lines(job_key=run.job_key, target=run.target)
    before = next((line.run_id for line in lines if line.run_id < run_id), None)
    if before is None:
        raise missing(f"Run {run_id} is the first of job {run.job_key}: there is none before it.")
    return RedirectResponse(f"/runs/compare?run={before}&run={run_id}", 303)


def found(workspace: Workspace, run_id: str) -> JobRun:
    """The run; RESOURCE_DOES_NOT_EXIST where there is none. An id that is none never becomes a path."""
    if not RUN_ID.fullmatch(run_id) or not (workspace.store.path(run_id) / "run.json").is_file():
        raise missing(f"There is no run {run_id[:40]} here.")
    return workspace.store.load(run_id)
