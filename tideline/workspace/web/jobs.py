"""Jobs: the list, and a page for each with its graph, its parameters as a form, its schedule and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from tideline.workspace.bundle.cron import next_runs_of
from tideline.workspace.control.errors import missing
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.errors import JobError, WorkspaceError
from tideline.workspace.jobs.plan import make_plan
from tideline.workspace.jobs.records import JobRun, TaskRun
from tideline.workspace.jobs.run import planned
from tideline.workspace.report.picture import anchor, graph_svg
from tideline.workspace.web.forms import Fields, Sent, new_token
from tideline.workspace.web.history import RUN_ID, Line
from tideline.workspace.web.looking import looking_of
from tideline.workspace.web.parameters import parameters_of
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import page
from tideline.workspace.web.trend import trend_svg

Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter()
SHOWN, NEXT = 15, 5
AROUND = {"": "{}", "before": "+{}", "after": "{}+", "both": "+{}+"}


@dataclass(frozen=True)
class Card:
    """A job in the list. `next` holds its next time, in its own zone."""

    key: str
    description: str
    last: Line | None
    trend: Markup
    next: list[datetime]
    is_paused: bool


@router.get("/jobs")
def list_jobs(request: Request, workspace: Here) -> HTMLResponse:
    """Every job of the bundle with its last state, how long it takes and when it is next due."""
    bundle = workspace.bundle()
    runs = looking_of(request).history.by_job(bundle.target)
    cards = [_card(key, job, runs.get(key, [])) for key, job in bundle.jobs.items()]
    return page(request, "jobs", title="Jobs", bundle=bundle, jobs=cards)


@router.get("/jobs/{key}")
def show_job(request: Request, workspace: Here, key: str, like: str = "") -> HTMLResponse:
    """One job; `like` fills the form in as that run was given."""
    bundle = workspace.bundle()
    if key not in bundle.jobs:
        raise missing(f"The bundle has no job `{key}`. Its jobs: {', '.join(bundle.jobs) or 'none'}.")
    job, redact = bundle.jobs[key], redactor_of(workspace)
    draft = planned(make_plan(bundle, key))
    parameters = parameters_of(bundle, key, workspace.layout.home, redact)
    given = {name: redact.text(value) for name, value in _given(workspace, key, like).items()}
    lines = looking_of(request).history.lines(job_key=key, target=bundle.target)
    return page(
        request, "job", title=str(job.get("name") or key), bundle=bundle, key=key, job=job, draft=draft,
        place=bundle.shown(bundle.place_of("resources", "jobs", key)), tasks=list(draft.tasks.values()), anchor=anchor,
        graph=Markup(graph_svg(draft, _caption)), retries=_retries(job), token=new_token(), origin=like if given else "",  # noqa: S704 (our own markup, escaped where it was made)
        parameters=parameters, values={each.name: given.get(each.name, each.default) for each in parameters},
        free="\n".join(f"{name}={value}" for name, value in given.items()), most=int(job.get("max_concurrent_runs") or 1),
        is_queued=(job.get("queue") or {}).get("enabled", True), schedule=job.get("schedule"), next=_next(job, NEXT),
        is_paused=_is_paused(job), active=[line for line in lines if line.is_active], lines=lines[:SHOWN], total=len(lines),
        trend=trend_svg(lines),
    )  # fmt: skip


@router.post("/jobs/{key}/run")
def run_now(workspace: Here, key: str, sent: Sent) -> RedirectResponse:
    """Start a run and lead to its page. The same press twice starts one."""

    def start() -> str:
        bundle = workspace.bundle()
        shown = {
            each.name: each.default for each in parameters_of(bundle, key, workspace.layout.home, redactor_of(workspace))
        }
        parameters = {**sent.changed(shown), **pairs_of(sent.one("free"))}
        return workspace.background.start(bundle, key, parameters=parameters, only=_only(sent))

    run_id = workspace.background.start_once(f"{key}/{sent.press}", start) if sent.press else start()
    return RedirectResponse(f"/runs/{run_id}", 303)


def pairs_of(text: str) -> dict[str, str]:
    """`name=value` lines; JobError for a line that is none."""
    found = {}
    for line in filter(None, (each.strip() for each in text.splitlines())):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise JobError(f"`{line[:60]}` is no parameter", hint="write name=value, one a line")
        found[name.strip()] = value.strip()
    return found


def _card(key: str, job: Mapping[str, Any], lines: list[Line]) -> Card:
    description = str(job.get("description") or "")
    return Card(key, description, lines[0] if lines else None, trend_svg(lines), _next(job, 1), _is_paused(job))


def _next(job: Mapping[str, Any], count: int) -> list[datetime]:
    """The next times of its schedule; none for one that is odd, which a check of the bundle tells."""
    try:
        return next_runs_of(job, datetime.now(UTC), count=count)
    except (WorkspaceError, ValueError, KeyError):
        return []


def _is_paused(job: Mapping[str, Any]) -> bool:
    return str((job.get("schedule") or {}).get("pause_status", "")) == "PAUSED"


def _caption(task: TaskRun) -> str:
    return task.kind.removesuffix("_task").replace("_", " ")


def _retries(job: Mapping[str, Any]) -> dict[str, str]:
    return {str(task["task_key"]): _retry(task) for task in job.get("tasks") or []}


def _retry(task: Mapping[str, Any]) -> str:
    count, wait = int(task.get("max_retries") or 0), float(task.get("min_retry_interval_millis") or 0) / 1000
    if not count:
        return "none"
    return ("unlimited" if count < 0 else str(count)) + (f", {wait:g} s apart" if wait else "")


def _given(workspace: Workspace, key: str, run_id: str) -> dict[str, str]:
    """What a run of the job was given; nothing where there is no such run."""
    if not RUN_ID.fullmatch(run_id) or not (workspace.store.path(run_id) / "run.json").is_file():
        return {}
    run: JobRun = workspace.store.load(run_id)
    return dict(run.overrides) if run.job_key == key else {}


def _only(sent: Fields) -> str:
    form = AROUND.get(sent.one("around"), "{}")
    return ",".join(form.format(key) for key in sent.all("task"))
