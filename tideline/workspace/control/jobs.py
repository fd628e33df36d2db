"""Jobs: list, get, run-now. They are those of the bundle, as its files stand now, and those that clients created here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from tideline.workspace.bundle.model import JOB_ID, Bundle
from tideline.workspace.control.errors import invalid, missing, unserved
from tideline.workspace.control.job_views import DEFAULTS, EXPANDED, deployed_view
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.jobs.numbers import job_number

# 2.2 is what the clients of today ask; what is served here is the same in both.
VERSIONS = ("2.1", "2.2")
# What a bundle says about a job beside its settings.
OF_THE_BUNDLE = frozenset({"permissions", "lifecycle"})
Here = Annotated[Workspace, Depends(workspace_of)]
routes = APIRouter()


class Queue(BaseModel):
    enabled: bool


class RunNow(BaseModel):
    """`performance_target` is taken and has no effect: one machine has one performance."""

    model_config = ConfigDict(extra="allow")

    job_id: int
    job_parameters: dict[str, str] = Field(default_factory=dict)
    notebook_params: dict[str, str] = Field(default_factory=dict)
    only: list[str] = Field(default_factory=list)
    idempotency_token: str = Field(default="", max_length=64)
    queue: Queue | None = None
    performance_target: str = ""


@routes.get("/list")
def list_jobs(
    workspace: Here,
    name: str = "",
    expand_tasks: bool = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
    page_token: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """The bundle's jobs in its own order, then the deployed ones; a page's token is the number of jobs before it."""
    bundle, start = workspace.bundle(), page_token or offset
    views = [
        *(_view(bundle, key, is_expanded=expand_tasks) for key in bundle.jobs),
        *(deployed_view(key, entry, is_expanded=expand_tasks) for key, entry in workspace.deployed.jobs().items()),
    ]
    found = [view for view in views if name.lower() in ("", str(view["settings"]["name"]).lower())]
    views, has_more = found[start : start + limit], start + limit < len(found)
    return {
        **({"jobs": views} if views else {}),
        "has_more": has_more,
        **({"next_page_token": str(start + limit)} if has_more else {}),
        **({"prev_page_token": str(max(start - limit, 0))} if start else {}),
    }


@routes.get("/get")
def get_job(workspace: Here, job_id: int) -> dict[str, Any]:
    """A job with all its settings and the platform's defaults: as the bundle resolves them, or as they were sent."""
    if (key := workspace.deployed.key_of(job_id)) is not None:
        entry = workspace.deployed.get(job_id)[1]
        return deployed_view(key, entry, is_expanded=True) | {"run_as_user_name": entry["creator_user_name"]}
    bundle = workspace.bundle()
    return _view(bundle, key_of(bundle, job_id), is_expanded=True) | {"run_as_user_name": bundle.user.name}


@routes.post("/run-now")
def run_now(workspace: Here, asked: RunNow) -> dict[str, int]:
    """Start a run in the background. Unknown parameters and tasks are refused; a known idempotency_token starts nothing."""
    if asked.model_extra:
        raise unserved(f"the field `{next(iter(asked.model_extra))}` of run-now")
    bundle, key = _found(workspace, asked.job_id)
    parameters = _parameters(bundle, key, asked)
    if asked.queue is not None:
        bundle = _with_queue(bundle, key, asked.queue)

    def start() -> str:
        return workspace.background.start(bundle, key, parameters=parameters, only=",".join(asked.only))

    token = f"{asked.job_id}/{asked.idempotency_token}" if asked.idempotency_token else ""
    run_id = workspace.background.start_once(token, start) if token else start()
    return {"run_id": int(run_id), "number_in_job": int(run_id)}


def key_of(bundle: Bundle, number: int) -> str:
    """The key of the job with this id. RESOURCE_DOES_NOT_EXIST where the bundle's target has none."""
    for key in bundle.jobs:
        if job_number(bundle.target, key) == number:
            return key
    raise missing(f"Job {number} does not exist.")


def _found(workspace: Workspace, number: int) -> tuple[Bundle, str]:
    """The job, and the bundle that runs it."""
    key = workspace.deployed.key_of(number)
    if key is not None:
        return workspace.deployed.bundle(key), key
    bundle = workspace.bundle()
    return bundle, key_of(bundle, number)


def _view(bundle: Bundle, key: str, *, is_expanded: bool) -> dict[str, Any]:
    """`created_time` is when the file that declares the job was written."""
    job = bundle.jobs[key]
    file = bundle.place_of("resources", "jobs", key).file
    left_out = OF_THE_BUNDLE if is_expanded else OF_THE_BUNDLE | EXPANDED
    settings = {name: value for name, value in job.items() if name not in left_out}
    if is_expanded and "tasks" in settings:
        settings["tasks"] = [{"run_if": "ALL_SUCCESS", **task} for task in settings["tasks"]]
    return {
        "job_id": job_number(bundle.target, key),
        "created_time": int(file.stat().st_mtime * 1000) if file.is_file() else 0,
        "creator_user_name": bundle.user.name,
        "settings": _with_numbers({**DEFAULTS, "name": _name(key, job), **settings}, bundle.target),
    }


def _name(key: str, job: Mapping[str, Any]) -> str:
    return str(job.get("name") or key)


def _with_numbers(value: Any, target: str) -> Any:
    """The settings with the ids of jobs in place of the bundle's references to them."""
    if isinstance(value, dict):
        return {name: _with_numbers(each, target) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_numbers(each, target) for each in value]
    match = re.fullmatch(JOB_ID, value) if isinstance(value, str) else None
    return job_number(target, match.group(1)) if match else value


def _parameters(bundle: Bundle, key: str, asked: RunNow) -> dict[str, str]:
    """What the run is told. A job with parameters of its own takes these alone, one without takes its notebooks'."""
    declared = [str(each["name"]) for each in bundle.jobs[key].get("parameters") or []]
    if declared and asked.notebook_params:
        raise invalid(f"job `{key}` declares parameters: give `job_parameters` in place of `notebook_params`")
    unknown = [name for name in asked.job_parameters if name not in declared]
    if unknown:
        known = ", ".join(declared) or "none"
        raise invalid(f"job `{key}` has no parameter `{unknown[0]}`; its parameters: {known}")
    return {**asked.job_parameters, **asked.notebook_params}


def _with_queue(bundle: Bundle, key: str, queue: Queue) -> Bundle:
    job = {**bundle.jobs[key], "queue": {"enabled": queue.enabled}}
    return replace(bundle, resources={**bundle.resources, "jobs": {**bundle.jobs, key: job}})


router = APIRouter()
for version in VERSIONS:
    router.include_router(routes, prefix=f"/api/{version}/jobs")
