"""The app: the families of routes, the token before them, the platform's shape of errors and no secret behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from tideline.workspace.control import (
    apps,
    catalog,
    deployed_jobs,
    experiments,
    jobs,
    links,
    me,
    permissions,
    repairs,
    runs,
    scopes,
    statements,
    telemetry,
    volume_files,
    workspace_files,
)  # fmt: skip
from tideline.workspace.control.access import TokenCheck
from tideline.workspace.control.answers import WithoutSecrets
from tideline.workspace.control.errors import add_handlers
from tideline.workspace.control.state import Workspace

# Each has a `router`. A new family is a module and its name here.
FAMILIES = (
    jobs, deployed_jobs, runs, repairs, statements, links, me, scopes, workspace_files, volume_files, catalog, experiments, apps,
    permissions, telemetry,
)  # fmt: skip


def create_app(workspace: Workspace, token: str) -> ASGIApp:
    """The control plane of a workspace. Its end stops the runs and statements that it started."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(workspace.close)

    app = FastAPI(title="Control plane", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    # Made before the first requests, two of which might each make their own.
    _ = workspace.kept, workspace.deployed, workspace.background, workspace.statements
    app.state.workspace = workspace
    for family in FAMILIES:
        app.include_router(family.router)
    add_handlers(app)
    return TokenCheck(WithoutSecrets(app, workspace), token)
