"""Who one is, and where: what every client asks first."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from tideline.workspace.bundle.user import local_user

router = APIRouter()
# What `{{workspace.id}}` stands for in a run.
WORKSPACE_ID = "0"


@router.get("/api/2.0/preview/scim/v2/Me")
def me(response: Response) -> dict[str, Any]:
    """The local user; one person is there, and may do everything."""
    response.headers["X-Databricks-Org-Id"] = WORKSPACE_ID
    user = local_user()
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1",
        "userName": user.name,
        "displayName": user.name,
        "active": True,
        "emails": [{"type": "work", "value": user.name, "primary": True}],
        "groups": [{"display": "admins", "type": "direct"}],
    }


@router.get("/.well-known/databricks-config")
def well_known(request: Request) -> dict[str, str]:
    """What a client reads before it signs in. Signing in by OAuth is not served: clients bring the token."""
    return {"oidc_endpoint": f"{str(request.base_url).rstrip('/')}/oidc", "workspace_id": WORKSPACE_ID}
