"""Repair of runs that have ended: what failed and what follows it, or the named tasks, run again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import ApiError, invalid
from tideline.workspace.control.jobs import VERSIONS
from tideline.workspace.control.run_view import repair_number
from tideline.workspace.control.runs import find
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs import states as s

Here = Annotated[Workspace, Depends(workspace_of)]
routes = APIRouter()


class RepairRun(Body):
    """`performance_target` is taken and has no effect: one machine has one performance."""

    run_id: int
    rerun_tasks: list[str] = Field(default_factory=list)
    rerun_all_failed_tasks: bool = False
    rerun_dependent_tasks: bool = False
    latest_repair_id: int | None = None
    performance_target: str = ""


@routes.post("/repair")
def repair(workspace: Here, asked: RepairRun) -> dict[str, int]:
    """Begin a repair in the background. The run keeps its id; a second repair must name the one before it."""
    run, task = find(workspace, asked.run_id)
    if task is not None:
        raise invalid(f"{asked.run_id} is the run of a task: repair its run, {run.run_id}, with `rerun_tasks`")
    _refuse(run, asked)
    run_id = workspace.background.repair(
        workspace.bundle_of(run), run.run_id, only_tasks=asked.rerun_tasks, with_dependents=asked.rerun_dependent_tasks
    )
    return {"repair_id": repair_number(run_id, run.repair_count + 1)}


def _refuse(run: JobRun, asked: RepairRun) -> None:
    if run.state not in s.TERMINAL:
        raise ApiError(400, "INVALID_STATE", f"run {run.run_id} is still going on: wait for its end or cancel it")
    if run.parent:
        raise ApiError(400, "INVALID_STATE", f"run {run.run_id} is part of run {run.parent}: repair that one")
    if bool(asked.rerun_tasks) == asked.rerun_all_failed_tasks:
        raise invalid("give either `rerun_tasks` or `rerun_all_failed_tasks`")
    if asked.rerun_dependent_tasks and not asked.rerun_tasks:
        raise invalid("`rerun_dependent_tasks` goes with `rerun_tasks`")
    latest = repair_number(run.run_id, run.repair_count) if run.repair_count else None
    if asked.latest_repair_id != latest and (latest or asked.latest_repair_id):
        known = f"its latest repair is {latest}" if latest else "it was not repaired yet"
        raise invalid(f"`latest_repair_id` of run {run.run_id} is {asked.latest_repair_id}: {known}")


router = APIRouter()
for version in VERSIONS:
    router.include_router(routes, prefix=f"/api/{version}/jobs/runs")
