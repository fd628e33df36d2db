"""What clients tell about their use: taken, so that they do not try again, and thrown away."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

router = APIRouter()


@router.post("/telemetry-ext")
def take(told: dict[str, Any]) -> dict[str, Any]:
    """Every entry counts as received; nothing is kept and nothing leaves this machine."""
    received = [entry for name in ("items", "protoLogs") for entry in told.get(name) or []]
    return {"errors": [], "numProtoSuccess": len(received), "numSuccess": len(received), "numRealtimeSuccess": 0}
