"""Permissions of objects: recorded and given back. One person is there, so nothing is enforced."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import invalid, unserved
from tideline.workspace.control.state import Workspace, workspace_of

# What requests call the kinds of objects, and what answers do.
KINDS = {
    "jobs": "job", "directories": "directory", "notebooks": "notebook", "files": "file", "experiments": "mlflowExperiment",
    "apps": "apps", "registered-models": "registered-model", "sql/warehouses": "warehouses",
}  # fmt: skip
PRINCIPALS = ("user_name", "group_name", "service_principal_name")
KEPT = "permissions"
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/api/2.0/permissions")


class Access(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""
    permission_level: str = Field(min_length=1)


class Permissions(Body):
    access_control_list: list[dict[str, Any]] = Field(default_factory=list)


@router.get("/{kind:path}/{object_id}")
def get_permissions(workspace: Here, kind: str, object_id: str) -> dict[str, Any]:
    """What was set; before that, that the local user owns it."""
    return _view(workspace, kind, object_id)


@router.put("/{kind:path}/{object_id}")
def set_permissions(workspace: Here, kind: str, object_id: str, asked: Permissions) -> dict[str, Any]:
    keep_permissions(workspace, kind, object_id, asked.access_control_list)
    return _view(workspace, kind, object_id)


@router.patch("/{kind:path}/{object_id}")
def update_permissions(workspace: Here, kind: str, object_id: str, asked: Permissions) -> dict[str, Any]:
    """The entries of the named principals change, the others stay."""
    with workspace.kept.lock:
        new = {_principal(each): each for each in asked.access_control_list}
        before = {_principal(each): each for each in _entries(workspace, kind, object_id)}
        keep_permissions(workspace, kind, object_id, list((before | new).values()))
    return _view(workspace, kind, object_id)


def keep_permissions(workspace: Workspace, kind: str, object_id: str, entries: list[dict[str, Any]]) -> None:
    if kind not in KINDS:
        raise unserved(f"/api/2.0/permissions/{kind}")
    checked = [_checked(each) for each in entries]
    workspace.kept.put(KEPT, f"{kind}/{object_id}", {"access_control_list": checked})


def forget_permissions(workspace: Workspace, kind: str, object_id: str) -> None:
    """The object is gone."""
    workspace.kept.remove(KEPT, f"{kind}/{object_id}")


def _checked(entry: dict[str, Any]) -> dict[str, str]:
    try:
        access = Access.model_validate(entry)
    except ValueError:
        raise invalid("an entry of `access_control_list` has a principal and a `permission_level`") from None
    named = {name: value for name in PRINCIPALS if (value := getattr(access, name))}
    if len(named) != 1:
        raise invalid(f"an entry of `access_control_list` names one of {', '.join(PRINCIPALS)}")
    return {**named, "permission_level": access.permission_level}


def _principal(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry.get(name) or "") for name in PRINCIPALS)


def _entries(workspace: Workspace, kind: str, object_id: str) -> list[dict[str, str]]:
    found = workspace.kept.find(KEPT, f"{kind}/{object_id}")
    if found is not None:
        entries: list[dict[str, str]] = found["access_control_list"]
        return entries
    return [{"user_name": local_user().name, "permission_level": "IS_OWNER" if kind == "jobs" else "CAN_MANAGE"}]


def _view(workspace: Workspace, kind: str, object_id: str) -> dict[str, Any]:
    if kind not in KINDS:
        raise unserved(f"/api/2.0/permissions/{kind}")
    entries = [
        {
            **{name: value for name, value in each.items() if name in PRINCIPALS},
            "all_permissions": [{"permission_level": each["permission_level"], "inherited": False}],
        }
        for each in _entries(workspace, kind, object_id)
    ]
    return {"object_id": f"/{kind}/{object_id}", "object_type": KINDS[kind], "access_control_list": entries}
