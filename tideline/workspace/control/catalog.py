"""Unity Catalog's schemas, volumes, registered models and grants: recorded, so that a deployment finds what it made.

A schema or volume is made for real before the first run of a deployed job that needs Spark, as a bundle's own are. The one
catalogue here is `spark_catalog`; the name that was sent is kept and given back.
"""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.errors import invalid, missing, unserved
from tideline.workspace.control.kept import Entry
from tideline.workspace.control.me import WORKSPACE_ID
from tideline.workspace.control.state import Workspace, workspace_of

NAME = re.compile(r"[^./\s\x00-\x1f\x7f]{1,255}")
METASTORE = str(uuid.UUID(int=0))
GRANTS = "grants"
CHANGED = frozenset({"add", "remove", "principal"})
Here = Annotated[Workspace, Depends(workspace_of)]
Fields = dict[str, Any]
router = APIRouter(prefix="/api/2.1/unity-catalog")


@dataclass(frozen=True)
class Kind:
    """`levels` are the fields that make the full name; their values are in lower case, as on the platform."""

    name: str
    said: str
    levels: tuple[str, ...]
    securable: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("schemas", "Schema", ("catalog_name", "name"), "schema"),
        Kind("volumes", "Volume", ("catalog_name", "schema_name", "name"), "volume"),
        Kind("models", "Registered model", ("catalog_name", "schema_name", "name"), "function"),
    )
}
SECURABLES = {"SCHEMA": "schemas", "VOLUME": "volumes", "FUNCTION": "models", "REGISTERED_MODEL": "models"}


@router.get("/current-metastore-assignment")
def metastore() -> dict[str, Any]:
    return {"metastore_id": METASTORE, "workspace_id": int(WORKSPACE_ID), "default_catalog_name": "spark_catalog"}


@router.get("/permissions/{securable}/{full_name}")
def get_grants(workspace: Here, securable: str, full_name: str) -> Fields:
    kind = _kind_of(securable)
    _get(workspace, kind, full_name)
    return _assignments(workspace.kept.find(GRANTS, _grant_id(kind, full_name)) or {})


@router.patch("/permissions/{securable}/{full_name}")
def update_grants(workspace: Here, securable: str, full_name: str, asked: Fields) -> Fields:
    """Add and remove privileges of principals. They are recorded; one person is there, and may do everything."""
    kind = _kind_of(securable)
    with workspace.kept.lock:
        _get(workspace, kind, full_name)
        granted = {name: set(held) for name, held in (workspace.kept.find(GRANTS, _grant_id(kind, full_name)) or {}).items()}
        for change in _changes(asked):
            held = granted.setdefault(change["principal"], set())
            removed = set(change.get("remove") or [])
            held -= held if "ALL_PRIVILEGES" in removed else removed
            held |= set(change.get("add") or [])
        left = {name: sorted(held) for name, held in sorted(granted.items()) if held}
        return _assignments(workspace.kept.put(GRANTS, _grant_id(kind, full_name), left))


@router.post("/{kind_name}")
def create(workspace: Here, kind_name: str, asked: Fields) -> Entry:
    """Keep the fields as they are sent, with those that the platform adds."""
    kind = _kind(kind_name, "POST")
    names = {field: _name(kind, field, asked.get(field)) for field in kind.levels}
    full_name = ".".join(names.values())
    if kind.name != "schemas":
        schema = ".".join(list(names.values())[:2])
        if workspace.kept.find("schemas", schema) is None and not _is_local(workspace, schema):
            raise missing(f"Schema '{schema}' does not exist.")
    now, owner = int(time.time() * 1000), local_user().name
    entry = {
        **asked, **names, "full_name": full_name, "owner": owner, "metastore_id": METASTORE,
        "created_at": now, "created_by": owner, "updated_at": now, "updated_by": owner, **_of_kind(workspace, kind, asked, names),
    }  # fmt: skip
    return workspace.kept.add(kind.name, full_name, entry, f"{kind.said} '{full_name}'")


@router.get("/{kind_name}/{full_name}")
def get(workspace: Here, kind_name: str, full_name: str) -> Entry:
    return _get(workspace, _kind(kind_name, "GET"), full_name)


@router.patch("/{kind_name}/{full_name}")
def update(workspace: Here, kind_name: str, full_name: str, asked: Fields) -> Entry:
    """Other fields than those of the name; `new_name` moves the entry, its grants with it."""
    kind = _kind(kind_name, "PATCH")
    with workspace.kept.lock:
        entry = _get(workspace, kind, full_name)
        changed = {name: value for name, value in asked.items() if name not in (*kind.levels, "full_name", "new_name")}
        entry = {**entry, **changed, "updated_at": int(time.time() * 1000), "updated_by": local_user().name}
        if asked.get("new_name") not in (None, entry["name"]):
            return _renamed(workspace, kind, entry, asked["new_name"])
        return workspace.kept.put(kind.name, entry["full_name"], entry)


@router.delete("/{kind_name}/{full_name}")
def delete(workspace: Here, kind_name: str, full_name: str, force: bool = False) -> Fields:
    """Forget the entry and its grants. Tables and files that runs made stay: `tideline reset` deletes those."""
    kind = _kind(kind_name, "DELETE")
    entry = _get(workspace, kind, full_name)
    if kind.name == "schemas" and not force:
        names = [name for other in ("volumes", "models") for name in workspace.kept.all(other)]
        below = [name for name in names if name.startswith(f"{entry['full_name']}.")]
        if below:
            raise invalid(f"Schema '{full_name}' is not empty: it holds {below[0]}")
    workspace.kept.remove(kind.name, entry["full_name"])
    workspace.kept.remove(GRANTS, _grant_id(kind, full_name))
    return {}


def _kind(name: str, method: str) -> Kind:
    if name not in KINDS:
        raise unserved(f"{method} /api/2.1/unity-catalog/{name}")
    return KINDS[name]


def _kind_of(securable: str) -> Kind:
    name = SECURABLES.get(securable.upper().replace("-", "_"))
    if name is None:
        raise unserved(f"/api/2.1/unity-catalog/permissions/{securable}")
    return KINDS[name]


def _get(workspace: Workspace, kind: Kind, full_name: str) -> Entry:
    return workspace.kept.get(kind.name, full_name.lower(), f"{kind.said} '{full_name[:300]}'")


def _grant_id(kind: Kind, full_name: str) -> str:
    return f"{kind.securable}/{full_name.lower()}"


def _name(kind: Kind, field: str, value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise invalid(f"`{field}` of a {kind.said.lower()} is text without dots, slashes and spaces")
    return value.lower()


def _of_kind(workspace: Workspace, kind: Kind, asked: Fields, names: dict[str, str]) -> Fields:
    if kind.name == "schemas":
        return {"schema_id": str(uuid.uuid4()), "catalog_type": "MANAGED_CATALOG", "browse_only": False}
    if kind.name == "models":
        return {}
    if asked.get("volume_type") not in ("MANAGED", "EXTERNAL"):
        raise invalid("`volume_type` of a volume is MANAGED or EXTERNAL")
    folder = workspace.layout.volumes.joinpath(*names.values())
    return {"volume_id": str(uuid.uuid4()), "storage_location": asked.get("storage_location") or folder.as_uri()}


def _is_local(workspace: Workspace, schema: str) -> bool:
    """Whether the bundle itself declares the schema: runs of it make it."""
    declared = workspace.bundle().resources.get("schemas", {}).values()
    return schema in {f"{each.get('catalog_name')}.{each.get('name')}".lower() for each in declared}


def _renamed(workspace: Workspace, kind: Kind, entry: Entry, new_name: Any) -> Entry:
    before = entry["full_name"]
    names = [*(entry[field] for field in kind.levels[:-1]), _name(kind, "new_name", new_name)]
    entry = {**entry, "name": names[-1], "full_name": ".".join(names)}
    workspace.kept.add(kind.name, entry["full_name"], entry, f"{kind.said} '{entry['full_name']}'")
    granted = workspace.kept.find(GRANTS, _grant_id(kind, before))
    if granted is not None:
        workspace.kept.put(GRANTS, _grant_id(kind, entry["full_name"]), granted)
        workspace.kept.remove(GRANTS, _grant_id(kind, before))
    workspace.kept.remove(kind.name, before)
    return entry


def _changes(asked: Fields) -> list[Fields]:
    changes = asked.get("changes") or []
    is_right = isinstance(changes, list) and all(
        isinstance(each, dict) and isinstance(each.get("principal"), str) and not set(each) - CHANGED for each in changes
    )
    if not is_right or set(asked) - {"changes"}:
        raise invalid("`changes` is a list of {principal, add, remove}")
    return list(changes)


def _assignments(granted: dict[str, list[str]]) -> Fields:
    found = [{"principal": name, "privileges": held} for name, held in granted.items()]
    return {"privilege_assignments": found} if found else {}
