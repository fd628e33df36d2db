"""Jobs made, changed and deleted by clients: `bundle deploy` and `destroy` do so. The bundle's own are a matter of its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import ApiError, invalid
from tideline.workspace.control.jobs import VERSIONS
from tideline.workspace.control.permissions import forget_permissions, keep_permissions
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.jobs.numbers import job_number

# Lists that `update` merges by the field that names an element; everything else it replaces.
KEYED = {
    "tasks": "task_key", "job_clusters": "job_cluster_key", "environments": "environment_key", "parameters": "name",
}  # fmt: skip
Here = Annotated[Workspace, Depends(workspace_of)]
Settings = dict[str, Any]
routes = APIRouter()


class ResetJob(Body):
    job_id: int
    new_settings: Settings


class UpdateJob(Body):
    job_id: int
    new_settings: Settings = Field(default_factory=dict)
    fields_to_remove: list[str] = Field(default_factory=list)


class DeleteJob(Body):
    job_id: int


@routes.post("/create")
def create_job(workspace: Here, settings: Settings) -> dict[str, int]:
    """Keep the settings as they are sent. What cannot run here is said when it is run, as for a bundle."""
    granted = settings.pop("access_control_list", None)
    _refuse_odd(settings)
    number = workspace.deployed.create(settings)
    if granted:
        keep_permissions(workspace, "jobs", str(number), granted)
    return {"job_id": number}


@routes.post("/reset")
def reset_job(workspace: Here, asked: ResetJob) -> dict[str, Any]:
    """Other settings in place of all that were. `run_as` stays where the new ones do not say it, as on the platform."""
    _refuse_odd(asked.new_settings)
    with workspace.kept.lock:
        before = _settings(workspace, asked.job_id)
        kept = {"run_as": before["run_as"]} if "run_as" in before else {}
        workspace.deployed.change(asked.job_id, {"name": "Untitled", **kept, **asked.new_settings})
    return {}


@routes.post("/update")
def update_job(workspace: Here, asked: UpdateJob) -> dict[str, Any]:
    """The named fields removed and the new ones put over what is left; lists of tasks and such merge by their keys."""
    _refuse_odd(asked.new_settings)
    with workspace.kept.lock:
        settings = _settings(workspace, asked.job_id)
        for name in asked.fields_to_remove:
            settings = _without(settings, name)
        for name, value in asked.new_settings.items():
            settings = {**settings, name: _merged(settings.get(name), value, KEYED.get(name))}
        workspace.deployed.change(asked.job_id, settings)
    return {}


@routes.post("/delete")
def delete_job(workspace: Here, asked: DeleteJob) -> dict[str, Any]:
    _settings(workspace, asked.job_id)
    workspace.deployed.delete(asked.job_id)
    forget_permissions(workspace, "jobs", str(asked.job_id))
    return {}


def _settings(workspace: Workspace, number: int) -> Settings:
    """Those of a deployed job. A job of the bundle is not changed here, and it is said where it is."""
    if workspace.deployed.key_of(number) is None:
        bundle = workspace.bundle()
        for key in bundle.jobs:
            if job_number(bundle.target, key) == number:
                message = f"job `{key}` is described by the bundle's files: edit them, they are read anew each time"
                raise ApiError(400, "INVALID_STATE", message)
    return dict(workspace.deployed.get(number)[1]["settings"])


def _refuse_odd(settings: Mapping[str, Any]) -> None:
    """What the control plane itself reads must have its shape; the rest is validated by a run."""
    if not isinstance(settings.get("name") or "", str):
        raise invalid("`name` is a text")
    for name, key in KEYED.items():
        _refuse_odd_list(name, settings.get(name), key)
    for task in settings.get("tasks") or []:
        _refuse_odd_list("depends_on", task.get("depends_on"), "task_key")


def _refuse_odd_list(name: str, elements: Any, key: str) -> None:
    elements = [] if elements is None else elements
    is_right = isinstance(elements, list) and all(isinstance(each, dict) and isinstance(each.get(key), str) for each in elements)
    if not is_right:
        raise invalid(f"`{name}` is a list of objects with a `{key}`")
    if len({(each[key], str(each.get("outcome"))) for each in elements}) < len(elements):
        raise invalid(f"two of `{name}` have the same `{key}`")


def _without(settings: Settings, name: str) -> Settings:
    """`tags`, or `tasks/<key>` for one element of a list."""
    field, _, key = name.partition("/")
    if not key:
        return {each: value for each, value in settings.items() if each != field}
    if field not in KEYED:
        raise invalid(f"`fields_to_remove`: `{name}` names neither a field nor an element of a list by its key")
    left = [each for each in settings.get(field) or [] if each[KEYED[field]] != key]
    return {**settings, field: left}


def _merged(before: Any, new: Any, key: str | None) -> Any:
    if key is None or not before:
        return new
    named = {each[key]: each for each in before} | {each[key]: each for each in new}
    return list(named.values())


router = APIRouter()
for version in VERSIONS:
    router.include_router(routes, prefix=f"/api/{version}/jobs")
