"""Jobs, deployed ones too: the list, and a page for each with its graph, its parameters as a form, its schedule and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from tideline.workspace.bundle import Bundle
from tideline.workspace.control.deployed import TARGET as DEPLOYED
from tideline.workspace.control.errors import missing
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.errors import JobError
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
from tideline.workspace.web.starts import Start, Starts
from tideline.workspace.web.trend import trend_svg

Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter()
SHOWN, NEXT = 15, 5
AROUND = {"": "{}", "before": "+{}", "after": "{}+", "both": "+{}+"}


@dataclass(frozen=True)
class Card:
    """A job in the list."""

    key: str
    description: str
    last: Line | None
    trend: Markup
    starts: list[Start]


@router.get("/jobs")
def list_jobs(request: Request, workspace: Here) -> HTMLResponse:
    """Every job of the bundle, and every deployed one, with its last state, how long it takes and when it is next due."""
    bundle = workspace.bundle()
    deployed = {key: _with_name(entry["settings"]) for key, entry in workspace.deployed.jobs().items()}
    return page(
        request, "jobs", title="Jobs", bundle=bundle, jobs=_cards(request, workspace, bundle.target, bundle.jobs),
        deployed=_cards(request, workspace, DEPLOYED, deployed), scheduler=Starts.now(workspace.layout, bundle.target).holder,
    )  # fmt: skip


@router.get("/jobs/{key}")
def show_job(request: Request, workspace: Here, key: str, like: str = "") -> HTMLResponse:
    """One job; `like` fills the form in as that run was given."""
    bundle = _bundle_of(workspace, key)
    job, redact, starts = bundle.jobs[key], redactor_of(workspace), Starts.now(workspace.layout, bundle.target)
    draft = planned(make_plan(bundle, key))
    parameters = parameters_of(bundle, key, workspace.layout.home, redact)
    given = {name: redact.text(value) for name, value in _given(workspace, key, like).items()}
    lines = looking_of(request).history.lines(job_key=key, target=bundle.target)
    return page(
        request, "job", title=str(job.get("name") or key), bundle=bundle, key=key, job=job, draft=draft,
        place=bundle.shown(bundle.place_of("resources", "jobs", key)), tasks=list(draft.tasks.values()), anchor=anchor,
        deployed=workspace.deployed.jobs()[key] if bundle.target == DEPLOYED else None,
        graph=Markup(graph_svg(draft, _caption)), retries=_retries(job), token=new_token(), origin=like if given else "",  # noqa: S704 (our own markup, escaped where it was made)
        parameters=parameters, values={each.name: given.get(each.name, each.default) for each in parameters},
        free="\n".join(f"{name}={value}" for name, value in given.items()), most=int(job.get("max_concurrent_runs") or 1),
        is_queued=(job.get("queue") or {}).get("enabled", True), starts=starts.of(key, job, NEXT), scheduler=starts.holder,
        active=[line for line in lines if line.is_active], lines=lines[:SHOWN], total=len(lines), trend=trend_svg(lines),
    )  # fmt: skip


@router.post("/jobs/{key}/run")
def run_now(workspace: Here, key: str, sent: Sent) -> RedirectResponse:
    """Start a run and lead to its page. The same press twice starts one."""

    def start() -> str:
        bundle = _bundle_of(workspace, key)
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


def _bundle_of(workspace: Workspace, key: str) -> Bundle:
    """The bundle that runs the job: this one, or that of a deployed job. RESOURCE_DOES_NOT_EXIST where neither has it."""
    bundle, deployed = workspace.bundle(), workspace.deployed.jobs()
    if key in bundle.jobs:
        return bundle
    if key in deployed:
        return workspace.deployed.bundle(key)
    known = ", ".join([*bundle.jobs, *deployed]) or "none"
    raise missing(f"There is no job `{key}`, or none any more: its runs stay. The jobs of target {bundle.target}: {known}.")


def _cards(request: Request, workspace: Workspace, target: str, jobs: Mapping[str, Mapping[str, Any]]) -> list[Card]:
    runs, starts = looking_of(request).history.by_job(target), Starts.now(workspace.layout, target)
    return [_card(key, job, runs.get(key, []), starts.of(key, job, 1)) for key, job in jobs.items()]


def _card(key: str, job: Mapping[str, Any], lines: list[Line], starts: list[Start]) -> Card:
    return Card(key, str(job.get("description") or ""), lines[0] if lines else None, trend_svg(lines), starts)


def _with_name(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Described by its name at least: the key of a deployed job was made here."""
    return {**settings, "description": settings.get("description") or settings.get("name")}


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
