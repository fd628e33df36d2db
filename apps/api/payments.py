"""Routes of payments: recommendations from memory, and the build of a new recommender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from apps.api.builds import AlreadyRunning, Builds, NoWorkspace
from apps.api.fields import Whole
from systems.payments.config import POPULAR
from systems.payments.questions import recommend_companies
from utils.snapshots import Snapshots

if TYPE_CHECKING:
    from systems.payments.recommender import Recommender

router = APIRouter(tags=["payments"])
EXAMPLE_CLIENT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(frozen=True)
class Release:
    """What is served, and the day that it was learned as of."""

    recommender: Recommender
    as_of: str | None


class Asked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"client_id": EXAMPLE_CLIENT, "num_recommendations": 5}]}
    )

    client_id: str = Field(pattern="^[0-9a-f]{64}$", description="The client's own id, 64 hexadecimal digits.")
    num_recommendations: Whole = Field(5, ge=1, le=POPULAR, description="Companies at most.")


class Company(BaseModel):
    company_id: int
    company_name: str
    company_code: str
    score: float | None = Field(description="The model's, comparable within one answer; null for popular companies.")
    reason: str


class Recommended(BaseModel):
    client_id: str
    model_version: str = Field(description="The release that the whole answer comes from.")
    as_of: str | None = Field(description="The day until whose end payments were looked at; null where the release does not say.")
    recommended_companies: list[Company] = Field(description="Best first, without those that the client pays already.")
    fallback: str | None = Field(description="`popular` where the client's taste is not known.")


class Started(BaseModel):
    run_id: int = Field(description="Ask `/create_index/{run_id}` how it goes.")


class Building(BaseModel):
    run_id: int
    state: str = Field(description="running, succeeded, failed or canceled.")
    task: str | None = Field(description="What it does now, or failed at.")
    message: str | None
    started_at: datetime | None
    finished_at: datetime | None


class Problem(BaseModel):
    detail: str


class AlreadyBuilding(Problem):
    run_id: int


@router.post(
    "/recommend_companies",
    responses={
        400: {"model": Problem, "description": "The body is no JSON."},
        503: {"model": Problem, "description": "Nothing was published yet."},
    },
)
async def recommend(asked: Asked, request: Request) -> Recommended:
    """Which companies does a client want to pay next? A client that is not known gets what most clients pay."""
    snapshots: Snapshots[Release] = request.app.state.recommender
    now = snapshots.current
    if now is None:
        raise HTTPException(503, "no recommender was published yet: POST /create_index", {"Retry-After": "60"})
    secret = request.app.state.config.pseudonym_key
    found = recommend_companies(now.value.recommender, secret, asked.client_id, asked.num_recommendations)
    companies = [Company(**vars(each)) for each in found.recommended_companies]
    return Recommended(
        client_id=asked.client_id, model_version=now.version, as_of=now.value.as_of, recommended_companies=companies,
        fallback=found.fallback,
    )  # fmt: skip


@router.post(
    "/create_index", status_code=202,
    responses={409: {"model": AlreadyBuilding, "description": "A build runs."}, 502: {"model": Problem}},
)  # fmt: skip
def create_index(request: Request) -> Any:
    """Start a build: payments that changed, models compared, the index validated, published when all of it holds."""
    job: Builds = request.app.state.builds()
    try:
        return JSONResponse({"run_id": job.start()}, 202)
    except AlreadyRunning as running:
        return JSONResponse({"detail": str(running), "run_id": running.run_id}, 409)
    except NoWorkspace as error:
        raise HTTPException(502, f"the workspace did not start the build: {error}") from None


@router.get(
    "/create_index/{run_id}",
    responses={404: {"model": Problem, "description": "No such build."}, 502: {"model": Problem}},
)
def index_build(run_id: Annotated[int, Path(ge=1, lt=2**63)], request: Request) -> Building:
    """How a build stands."""
    job: Builds = request.app.state.builds()
    try:
        found = job.find(run_id)
    except NoWorkspace as error:
        raise HTTPException(502, f"the workspace does not answer: {error}") from None
    if found is None:
        raise HTTPException(404, f"there is no build {run_id}")
    return Building(**vars(found))
