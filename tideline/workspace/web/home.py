"""The first page: what this workspace is, and what happened last."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.web.live import digest_of
from tideline.workspace.web.looking import looking_of
from tideline.workspace.web.render import page

Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter()


@router.get("/")
def home(request: Request, workspace: Here) -> HTMLResponse:
    """The bundle, its target, what goes on and the latest runs."""
    bundle, going = workspace.bundle(), looking_of(request).going()
    parts = {name: Markup(html) for name, html in going.items()}  # noqa: S704 (rendered by our templates, which escape)
    return page(request, "home", title=bundle.name, bundle=bundle, parts=parts, seen=digest_of(going))
