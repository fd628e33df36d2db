"""Secret scopes, their secrets and who may read them: the local secrets file, which `dbutils.secrets` reads too."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import ApiError, exists, invalid, missing, unserved
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.notebook.secrets import SecretStore
from tideline.workspace.secrets_file import Scopes, changing, scopes_of

NAME = re.compile(r"[A-Za-z0-9_@.-]{1,128}")
MOST_BYTES, MOST_SECRETS, MOST_SCOPES = 128 * 1024, 1000, 1000
ACLS = "secret_acls"
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/api/2.0/secrets")


class Scope(Body):
    """`initial_manage_principal` is the first entry of the scope's list of permissions."""

    scope: str
    scope_backend_type: Literal["DATABRICKS"] = "DATABRICKS"
    initial_manage_principal: str = ""


class Secret(Body):
    scope: str
    key: str
    string_value: str | None = Field(default=None, repr=False)
    bytes_value: str | None = Field(default=None, repr=False)


class SecretName(Body):
    scope: str
    key: str


class Acl(Body):
    scope: str
    principal: str = Field(min_length=1)
    permission: Literal["READ", "WRITE", "MANAGE"]


class AclName(Body):
    scope: str
    principal: str


@router.post("/scopes/create")
def create_scope(workspace: Here, asked: Scope) -> dict[str, Any]:
    _named("scope", asked.scope)
    with changing(workspace.layout.secrets) as scopes:
        if asked.scope in scopes:
            raise exists(f"Scope {asked.scope} already exists!")
        if len(scopes) >= MOST_SCOPES:
            raise ApiError(400, "RESOURCE_LIMIT_EXCEEDED", f"there are {MOST_SCOPES} scopes already")
        scopes[asked.scope] = {}
        first = {asked.initial_manage_principal or local_user().name: "MANAGE"}
        workspace.kept.put(ACLS, asked.scope, first)
    return {}


@router.get("/scopes/list")
def list_scopes(workspace: Here) -> dict[str, Any]:
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in sorted(scopes_of(workspace.layout.secrets))]}


@router.post("/scopes/delete")
def delete_scope(workspace: Here, asked: Scope) -> dict[str, Any]:
    """The scope with every secret in it: the local file holds them no longer."""
    with changing(workspace.layout.secrets) as scopes:
        _scope(scopes, asked.scope)
        del scopes[asked.scope]
        workspace.kept.remove(ACLS, asked.scope)
    return {}


@router.post("/put")
def put_secret(workspace: Here, asked: Secret) -> dict[str, Any]:
    _named("key", asked.key)
    value = _value(asked)
    with changing(workspace.layout.secrets) as scopes:
        secrets = _scope(scopes, asked.scope)
        secrets[asked.key] = value
        if len(secrets) > MOST_SECRETS:
            raise ApiError(400, "RESOURCE_LIMIT_EXCEEDED", f"scope {asked.scope} holds {MOST_SECRETS} secrets already")
    return {}


@router.get("/list")
def list_secrets(workspace: Here, scope: str) -> dict[str, Any]:
    """Names alone. The time is that of the file, the latest change of any secret."""
    keys = sorted(_scope(scopes_of(workspace.layout.secrets), scope))
    changed = int(workspace.layout.secrets.stat().st_mtime * 1000)
    return {"secrets": [{"key": key, "last_updated_timestamp": changed} for key in keys]}


@router.get("/get")
def get_secret(workspace: Here, scope: str, key: str) -> dict[str, str]:
    """The value in Base64, as on the platform; a value of the environment wins, as in a notebook."""
    value = SecretStore.read(workspace.layout.secrets).get(scope, key)
    if value is None:
        raise missing(f"Secret does not exist with scope: {scope} and key: {key}")
    return {"key": key, "value": base64.b64encode(value.encode()).decode()}


@router.post("/delete")
def delete_secret(workspace: Here, asked: SecretName) -> dict[str, Any]:
    with changing(workspace.layout.secrets) as scopes:
        secrets = _scope(scopes, asked.scope)
        if asked.key not in secrets:
            raise missing(f"Secret does not exist with scope: {asked.scope} and key: {asked.key}")
        del secrets[asked.key]
    return {}


@router.get("/acls/list")
def list_acls(workspace: Here, scope: str) -> dict[str, Any]:
    return {"items": [_item(name, level) for name, level in _acls(workspace, scope).items()]}


@router.get("/acls/get")
def get_acl(workspace: Here, scope: str, principal: str) -> dict[str, str]:
    return _item(principal, _permission(workspace, scope, principal))


@router.post("/acls/put")
def put_acl(workspace: Here, asked: Acl) -> dict[str, Any]:
    with workspace.kept.lock:
        workspace.kept.put(ACLS, asked.scope, {**_acls(workspace, asked.scope), asked.principal: asked.permission})
    return {}


@router.post("/acls/delete")
def delete_acl(workspace: Here, asked: AclName) -> dict[str, Any]:
    with workspace.kept.lock:
        _permission(workspace, asked.scope, asked.principal)
        left = {name: level for name, level in _acls(workspace, asked.scope).items() if name != asked.principal}
        workspace.kept.put(ACLS, asked.scope, left)
    return {}


def _named(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise invalid(f"a {what} is 1 to 128 letters, digits and `_-@.`")


def _value(asked: Secret) -> str:
    """The secret as text. No message ever holds it."""
    if (asked.string_value is None) == (asked.bytes_value is None):
        raise invalid("give either `string_value` or `bytes_value`")
    value = asked.string_value
    if value is None:
        try:
            value = base64.b64decode(asked.bytes_value or "", validate=True).decode()
        except UnicodeDecodeError:
            raise unserved("a secret that is no UTF-8 text: encode it yourself") from None
        except binascii.Error:
            raise invalid("`bytes_value` is no Base64") from None
    if len(value.encode()) > MOST_BYTES:
        raise invalid(f"a secret has at most {MOST_BYTES // 1024} KiB")
    return value


def _scope(scopes: Scopes, name: str) -> dict[str, str]:
    if name not in scopes:
        raise missing(f"Scope {name} does not exist!")
    return scopes[name]


def _acls(workspace: Workspace, scope: str) -> dict[str, str]:
    """Who may do what; a scope that was not made here is its owner's."""
    _scope(scopes_of(workspace.layout.secrets), scope)
    found = workspace.kept.find(ACLS, scope)
    return {local_user().name: "MANAGE"} if found is None else found


def _permission(workspace: Workspace, scope: str, principal: str) -> str:
    found = _acls(workspace, scope)
    if principal not in found:
        raise missing(f"{principal} has no permission on scope {scope}")
    return found[principal]


def _item(principal: str, permission: str) -> dict[str, str]:
    return {"principal": principal, "permission": permission}
