"""Routes of the API's own state: whether it answers, from what, and since when something newer cannot be taken over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from utils.snapshots import Snapshots

router = APIRouter(tags=["state"])


class Held(BaseModel):
    version: str | None = Field(description="What answers come from; null: nothing yet.")
    loaded_at: datetime | None
    error: str = Field(description="Why the newest version could not be looked for or taken over; empty if it could.")
    failing_since: datetime | None = Field(description="The first failure since the last success.")


class Health(BaseModel):
    status: Literal["ok", "degraded"] = Field(description="`degraded` while something fails; old versions still answer.")
    recommender: Held
    experiments: Held
    vouchers: Held


class Ready(BaseModel):
    recommender: str | None
    experiments: str | None
    vouchers: str | None
    errors: dict[str, str] = Field(description="What fails, by name.")


@router.get("/health")
async def health(request: Request) -> Health:
    """Whether the process answers: always 200. A `degraded` one keeps old versions, or has none, and says since when and why."""
    held = _held(request)
    status: Literal["ok", "degraded"] = "degraded" if any(each.error for each in held) else "ok"
    return Health(status=status, **{each.name: _told(each) for each in held})


@router.get("/ready", responses={503: {"model": Ready, "description": "Nothing is loaded yet, or what is there cannot be."}})
async def ready(request: Request) -> JSONResponse:
    """What can be answered, and from which versions (null: not published yet); what went wrong when a new one was taken over."""
    held = _held(request)
    told = Ready(
        **{each.name: each.current.version if each.current else None for each in held},
        errors={each.name: each.error for each in held if each.error},
    )
    is_ready = any(each.current for each in held) and all(each.current for each in held if each.error)
    return JSONResponse(told.model_dump(), 200 if is_ready else 503)


def _held(request: Request) -> tuple[Snapshots[Any], ...]:
    held: tuple[Snapshots[Any], ...] = request.app.state.held
    return held


def _told(snapshots: Snapshots[Any]) -> Held:
    now = snapshots.current
    return Held(
        version=now.version if now else None, loaded_at=now.loaded_at if now else None, error=snapshots.error,
        failing_since=snapshots.failing_since,
    )  # fmt: skip
