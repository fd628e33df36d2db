"""The app: what it holds in memory, who may ask, and the routes of every system."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import limits
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from apps.api import ab_testing, payments, state, vouchers
from apps.api.around import Around
from apps.api.builds import Builds
from apps.api.config import Config
from systems.ab_testing import questions as experiments
from systems.vouchers import questions as segments
from utils.environment import workspace
from utils.gold import Gold
from utils.places import LocalReleases, Releases, VolumeReleases
from utils.snapshots import Snapshots

BEARER = HTTPBearer(auto_error=False)
AROUND: dict[int | str, dict[str, Any]] = {
    413: {"description": "The body is too large."},
    429: {"description": "Too many requests; `Retry-After` says when to come back."},
}
REFUSED: dict[int | str, dict[str, Any]] = {401: {"description": "The token is missing or wrong."}}


def create_app(config: Config) -> FastAPI:
    """The API. It starts without a published recommender and without a workspace, and says so where they are needed."""
    held = _snapshots(config)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Side by side: each waits for a process, or a workspace, of its own.
        await asyncio.gather(*(asyncio.to_thread(snapshots.start) for snapshots in held))
        yield
        for snapshots in held:
            snapshots.stop()

    app = FastAPI(title="Tideline", version="1", description="Answers of the analytics systems.", lifespan=lifespan)
    app.add_middleware(Around, rate=limits.parse(config.rate) if config.rate else None)
    if config.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=config.origins, allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )  # fmt: skip
    app.state.config, app.state.held = config, held
    app.state.recommender, app.state.experiments, app.state.vouchers = held
    app.state.builds = cache(lambda: _builds(config))
    # Where no token is asked for, the documentation must not ask for one either.
    guards = [Depends(_guard)] if config.token else []
    for each in (payments, ab_testing, vouchers):
        app.include_router(each.router, dependencies=guards, responses=AROUND | (REFUSED if config.token else {}))
    app.include_router(state.router)
    return app


def _snapshots(config: Config) -> tuple[Snapshots[Any], ...]:
    """What is held in memory: the recommender, the experiments, the vouchers."""
    place: Releases = (
        VolumeReleases(workspace(), config.serving) if _is_remote(config.serving) else LocalReleases(Path(config.serving))
    )
    gold, every = config.gold.open(), config.refresh_seconds

    def of_gold(name: str, tables: tuple[str, ...], load: Callable[[Gold, str], Any]) -> Snapshots[Any]:
        return Snapshots(name, lambda: gold.version(tables), lambda version: load(gold, version), every_seconds=every)

    return (
        Snapshots("recommender", place.version, lambda version: _load_recommender(place.folder(version)), every_seconds=every),
        of_gold("experiments", experiments.TABLES, experiments.load),
        of_gold("vouchers", segments.TABLES, segments.load),
    )


def _load_recommender(folder: Path) -> payments.Release:
    # pandas and SciPy come with it: only for those who have a release.
    from systems.payments.recommender import Recommender

    recommender, facts = Recommender.load(folder)
    return payments.Release(recommender, facts.get("as_of"))


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
