"""The app: what it holds in memory, who may ask, and the routes of every system."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import limits
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from apps.api import ab_testing, payments
from apps.api.around import Around
from apps.api.builds import Builds
from apps.api.config import Config
from systems.ab_testing import questions
from utils.environment import workspace
from utils.places import LocalReleases, Releases, VolumeReleases
from utils.snapshots import Snapshots

if TYPE_CHECKING:
    from systems.payments.recommender import Recommender

BEARER = HTTPBearer(auto_error=False)
AROUND: dict[int | str, dict[str, Any]] = {
    413: {"description": "The body is too large."},
    429: {"description": "Too many requests; `Retry-After` says when to come back."},
}
REFUSED: dict[int | str, dict[str, Any]] = {401: {"description": "The token is missing or wrong."}}


def create_app(config: Config) -> FastAPI:
    """The API. It starts without a published recommender and without a workspace, and says so where they are needed."""
    place: Releases = (
        VolumeReleases(workspace(), config.serving) if _is_remote(config.serving) else LocalReleases(Path(config.serving))
    )
    recommender = Snapshots(
        "recommender", place.version, lambda version: _load_recommender(place.folder(version)),
        every_seconds=config.refresh_seconds,
    )  # fmt: skip

    gold = config.gold.open()
    experiments = Snapshots(
        "experiments", lambda: gold.version(questions.TABLES),
        lambda version: questions.load(gold, version),
        every_seconds=config.refresh_seconds,
    )  # fmt: skip

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for snapshots in (recommender, experiments):
            snapshots.start()
        yield
        for snapshots in (recommender, experiments):
            snapshots.stop()

    app = FastAPI(title="Tideline", version="1", description="Answers of the analytics systems.", lifespan=lifespan)
    app.add_middleware(Around, rate=limits.parse(config.rate) if config.rate else None)
    if config.origins:
        app.add_middleware(CORSMiddleware, allow_origins=config.origins, allow_headers=["Authorization", "Content-Type"])
    app.state.config, app.state.recommender, app.state.experiments = config, recommender, experiments
    app.state.builds = cache(lambda: _builds(config))
    # Where no token is asked for, the documentation must not ask for one either.
    guards = [Depends(_guard)] if config.token else []
    for each in (payments, ab_testing):
        app.include_router(each.router, dependencies=guards, responses=AROUND | (REFUSED if config.token else {}))

    @app.get("/health", tags=["state"])
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/ready", tags=["state"], responses={503: {"description": "Nothing is loaded yet."}})
    async def ready() -> JSONResponse:
        """What can be answered, and from which versions (null: not yet); what went wrong when a new one was taken over."""
        held = {each.name: each for each in (recommender, experiments)}
        body = {name: each.current.version if each.current else None for name, each in held.items()}
        errors = {name: each.error for name, each in held.items() if each.error}
        return JSONResponse(body | {"errors": errors}, 200 if any(body.values()) else 503)

    return app


def _load_recommender(folder: Path) -> Recommender:
    # pandas and SciPy come with it: only for those who have a release.
    from systems.payments.recommender import Recommender

    return Recommender.load(folder)[0]


def _builds(config: Config) -> Builds:
    from apps.api.index_job import IndexJob

    return IndexJob(workspace, config.recommendations_job_id, config.build_parameters)


async def _guard(
    request: Request, found: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> None:
    token: str = request.app.state.config.token
    if token and (found is None or not secrets.compare_digest(found.credentials.encode(), token.encode())):
        raise HTTPException(401, "the token is missing or wrong", {"WWW-Authenticate": "Bearer"})


def _is_remote(serving: str) -> bool:
    """A volume's path that is no folder here: apps do not see volumes as folders."""
    return serving.startswith("/Volumes/") and not Path(serving).is_dir()
