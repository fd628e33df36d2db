"""Databricks Apps that a deployment declares: recorded. None runs here: `tideline app NAME` runs an app of the bundle."""

from __future__ import annotations

import re
import time
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import invalid, missing
from tideline.workspace.control.kept import Entry
from tideline.workspace.control.permissions import forget_permissions
from tideline.workspace.control.state import Workspace, workspace_of

KIND = "apps"
NAME = re.compile(r"[a-z0-9-]{2,30}")
NOT_HERE = "recorded: apps do not run in the local control plane; run one with `tideline app NAME`"
# What the platform says of an app, and nobody sets.
OWN = frozenset({"id", "name", "creator", "create_time", "app_status", "compute_status", "active_deployment", "deployments"})
Here = Annotated[Workspace, Depends(workspace_of)]
Fields = dict[str, Any]
router = APIRouter(prefix="/api/2.0/apps")


class AppUpdate(Body):
    app: Fields = Field(default_factory=dict)
    update_mask: str = ""


@router.post("")
def create(workspace: Here, asked: Fields, no_compute: bool = False) -> Entry:
    """Keep the fields as they are sent. The app stands still, with or without `no_compute`, and says so."""
    name = asked.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("the `name` of an app is 2 to 30 lower-case letters, digits and dashes")
    number, now = str(uuid.uuid4()), _now()
    entry = {
        "compute_size": "MEDIUM", **_set(asked), "id": number, "name": name, "creator": local_user().name, "create_time": now,
        "update_time": now, "service_principal_client_id": str(uuid.uuid4()), "service_principal_name": f"app-{name}",
        "app_status": {"state": "UNAVAILABLE", "message": NOT_HERE},
        "compute_status": {"state": "STOPPED", "message": NOT_HERE}, "deployments": [],
    }  # fmt: skip
    return _view(workspace.kept.add(KIND, name, entry, f"An app with the name {name}"))


@router.get("")
def list_apps(workspace: Here, page_size: int = 0, page_token: str = "") -> Fields:
    """All of them, on one page."""
    found = [_view(entry) for entry in workspace.kept.all(KIND).values()]
    return {"apps": found} if found else {}


@router.get("/{name}")
def get(workspace: Here, name: str) -> Entry:
    return _view(_entry(workspace, name))


@router.patch("/{name}")
def update(workspace: Here, name: str, asked: Fields) -> Entry:
    return _changed(workspace, name, asked)


@router.post("/{name}/update")
def start_update(workspace: Here, name: str, asked: AppUpdate) -> Fields:
    """The fields that `update_mask` names; done when it is answered."""
    wanted = [field.strip() for field in asked.update_mask.split(",")]
    _changed(workspace, name, {field: asked.app.get(field) for field in wanted if field})
    return {"status": {"state": "SUCCEEDED"}}


@router.get("/{name}/update")
def get_update(workspace: Here, name: str) -> Fields:
    _entry(workspace, name)
    return {"status": {"state": "SUCCEEDED"}}


@router.delete("/{name}")
def delete(workspace: Here, name: str) -> Entry:
    entry = _entry(workspace, name)
    workspace.kept.remove(KIND, name)
    forget_permissions(workspace, "apps", name)
    return _view(entry)


@router.post("/{name}/deployments")
def deploy(workspace: Here, name: str, asked: Fields) -> Fields:
    """Keep the deployment. It is FAILED and says why: nothing was started."""
    with workspace.kept.lock:
        entry, now = _entry(workspace, name), _now()
        deployment = {
            **asked, "deployment_id": uuid.uuid4().hex, "creator": local_user().name, "create_time": now, "update_time": now,
            "status": {"state": "FAILED", "message": NOT_HERE},
        }  # fmt: skip
        workspace.kept.put(KIND, name, {**entry, "deployments": [deployment, *entry["deployments"]]})
    return _shown(deployment)


@router.get("/{name}/deployments")
def list_deployments(workspace: Here, name: str, page_size: int = 0, page_token: str = "") -> Fields:
    """All of them, the newest first, on one page."""
    found = [_shown(each) for each in _entry(workspace, name)["deployments"]]
    return {"app_deployments": found} if found else {}


@router.get("/{name}/deployments/{deployment_id}")
def get_deployment(workspace: Here, name: str, deployment_id: str) -> Fields:
    for each in _entry(workspace, name)["deployments"]:
        if each["deployment_id"] == deployment_id:
            return _shown(each)
    raise missing(f"Deployment {deployment_id} of app {name} does not exist.")


def _entry(workspace: Workspace, name: str) -> Entry:
    return workspace.kept.get(KIND, name, f"App with name {name}")


def _changed(workspace: Workspace, name: str, asked: Fields) -> Entry:
    with workspace.kept.lock:
        entry = {**_entry(workspace, name), **_set(asked), "update_time": _now()}
        return _view(workspace.kept.put(KIND, name, entry))


def _set(asked: Fields) -> Fields:
    return {field: value for field, value in asked.items() if field not in OWN}


def _view(entry: Entry) -> Entry:
    return {field: value for field, value in entry.items() if field != "deployments"}


def _shown(deployment: Fields) -> Fields:
    """Values of environment variables may be secrets: their names alone are told, as on the platform."""
    variables = deployment.get("env_vars")
    if not isinstance(variables, list):
        return deployment
    return {**deployment, "env_vars": [{"name": each.get("name")} for each in variables if isinstance(each, dict)]}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
