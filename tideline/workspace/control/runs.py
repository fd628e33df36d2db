"""Runs of jobs: get, output, list, cancel. They are those of the store, whoever started them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from tideline.workspace.control.errors import ApiError, invalid, missing, unserved
from tideline.workspace.control.jobs import VERSIONS
from tideline.workspace.control.run_view import number_of, output_view, repair_history, run_view, task_as_run
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.errors import JobError
from tideline.workspace.jobs import JobRun, TaskRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.numbers import job_number

MOST_LISTED = 25
TASK_DIGITS = 3
Here = Annotated[Workspace, Depends(workspace_of)]
routes = APIRouter()


class Cancellation(BaseModel):
    model_config = ConfigDict(extra="allow")

    run_id: int


@routes.get("/get")
def get_run(workspace: Here, run_id: int, include_history: bool = False) -> dict[str, Any]:
    """A run, or the run of a task. `include_history` adds its repairs, with the ids that a further repair must name."""
    run, task = find(workspace, run_id)
    folder, is_stopping = workspace.store.path(run.run_id), is_stopped(workspace, run)
    if task is not None:
        return task_as_run(run, task, folder, is_stopping=is_stopping)
    history = {"repair_history": repair_history(run, is_stopping=is_stopping)} if include_history else {}
    return run_view(run, folder, is_stopping=is_stopping) | history


@routes.get("/get-output")
def get_output(workspace: Here, run_id: int) -> dict[str, Any]:
    """What a task gave. Asked for a whole run it refuses, as the platform does: each task has an output of its own."""
    run, task = find(workspace, run_id)
    if task is None:
        named = ", ".join(f"{each.key} {number_of(each.task_run_id)}" for each in run.tasks.values())
        raise invalid(f"{run_id} is the run of a job, and only a task has an output: ask for one of {named}")
    return output_view(run, task, workspace.store.path(run.run_id), is_stopping=is_stopped(workspace, run))


@routes.get("/list")
def list_runs(
    workspace: Here,
    job_id: int | None = None,
    active_only: bool = False,
    completed_only: bool = False,
    expand_tasks: bool = False,
    limit: Annotated[int, Query(ge=0, le=MOST_LISTED)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
    page_token: str = "",
    run_type: str = "JOB_RUN",
    start_time_from: int = 0,
    start_time_to: int | None = None,
) -> dict[str, Any]:
    """Newest first. A page's token names its last run, so that runs which begin meanwhile shift nothing."""
    if active_only and completed_only:
        raise invalid("`active_only` and `completed_only` contradict each other")
    size, found = limit or MOST_LISTED, []
    for run in _after(workspace, page_token):
        start = int((run.begun_at or run.started_at) * 1000)
        is_wanted = (
            run_type == "JOB_RUN"
            and job_id in (None, job_number(run.target, run.job_key))
            and not (active_only and run.state in s.TERMINAL)
            and not (completed_only and run.state not in s.TERMINAL)
            and start_time_from <= start <= (start if start_time_to is None else start_time_to)
        )
        if is_wanted:
            found.append(run)
        if len(found) > offset + size:
            break
    page = found[offset : offset + size]
    views = [
        run_view(
            run, workspace.store.path(run.run_id), is_stopping=is_stopped(workspace, run), with_tasks=expand_tasks
        )
        for run in page
    ]
    has_more = len(found) > offset + size
    return {
        **({"runs": views} if views else {}),
        "has_more": has_more,
        **({"next_page_token": page[-1].run_id} if has_more else {}),
    }


@routes.post("/cancel")
def cancel(workspace: Here, asked: Cancellation) -> dict[str, Any]:
    """Ask a run to stop; poll for its end. One that has ended stays as it is."""
    if asked.model_extra:
        raise unserved(f"the field `{next(iter(asked.model_extra))}` of runs/cancel")
    run, task = find(workspace, asked.run_id)
    if task is not None:
        raise unserved(f"cancelling a single task: cancel its run, {run.run_id}")
    holder = run.parent or run.run_id
    if run.state in s.TERMINAL:
        return {}
    if run.parent:
        raise ApiError(400, "INVALID_STATE", f"run {run.run_id} is part of run {holder}: cancel that one")
    if not workspace.background.cancel(run.run_id) and not _has_ended(workspace, run):
        raise ApiError(400, "INVALID_STATE", f"run {run.run_id} was started from a terminal: stop it there with Ctrl-C")
    return {}


def find(workspace: Workspace, number: int) -> tuple[JobRun, TaskRun | None]:
    """The run of this number, or the run and the task whose number it is. RESOURCE_DOES_NOT_EXIST where there is none."""
    store, text = workspace.store, str(number)
    known = store.ids()
    if text in known:
        return store.load(text), None
    likely = [text[:-TASK_DIGITS]] if text[:-TASK_DIGITS] in known else known
    for run_id in likely:
        run = store.load(run_id)
        if number_of(run_id) == number:
            return run, None
        for task in run.tasks.values():
            for each in (task, *task.iterations):
                if number_of(each.task_run_id) == number:
                    return run, each
    raise missing(f"Run {number} does not exist.")


def is_stopped(workspace: Workspace, run: JobRun) -> bool:
    return workspace.background.is_stopping(run.parent or run.run_id)


def _after(workspace: Workspace, token: str) -> Iterator[JobRun]:
    """Runs older than the one that the token names. A folder that vanishes meanwhile is passed over."""
    for run_id in workspace.store.ids():
        if not token or run_id < token:
            try:
                yield workspace.store.load(run_id)
            except JobError:
                continue


def _has_ended(workspace: Workspace, run: JobRun) -> bool:
    return workspace.store.load(run.run_id).state in s.TERMINAL


router = APIRouter()
for version in VERSIONS:
    router.include_router(routes, prefix=f"/api/{version}/jobs/runs")
