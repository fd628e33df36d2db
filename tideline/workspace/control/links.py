"""External links: chunks of a result as files that a signed address gives to whoever has it, for some minutes."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from tideline.workspace.control.sql import Statement
from tideline.workspace.control.state import Workspace, workspace_of

PLACE = "/results"
LINK_SECONDS = 900
NO_FIT = "the signature does not fit"
router = APIRouter(prefix=PLACE)


def link_to(statement: Statement, index: int, host: str) -> dict[str, Any]:
    """Address and end of a link to a chunk, in the platform's words."""
    expires = int(time.time()) + LINK_SECONDS
    address = f"{host}{PLACE}/{statement.id}/{index}?expires={expires}&signature={_signature(statement, index, expires)}"
    return {"external_link": address, "expiration": datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z")}


@router.get("/{statement_id}/{index}")
def get_result(
    workspace: Annotated[Workspace, Depends(workspace_of)], request: Request,
    statement_id: str, index: int, expires: int, signature: str,
) -> Response:  # fmt: skip
    """The chunk's rows. As cloud storage does, it refuses a request that brings another credential beside the signature."""
    if "authorization" in request.headers:
        return PlainTextResponse("only one way to sign in is taken: leave the header Authorization out", 400)
    statement = workspace.statements.get(statement_id)
    if statement is None or (wrong := refusal(statement, index, expires, signature, time.time())):
        return PlainTextResponse(wrong if statement else NO_FIT, 403)
    return JSONResponse(statement.chunk(index)) if statement.rows else PlainTextResponse("the result is gone", 404)


def refusal(statement: Statement, index: int, expires: int, signature: str, now: float) -> str:
    """Why a link is not good; empty if it is."""
    if not hmac.compare_digest(signature.encode(), _signature(statement, index, expires).encode()):
        return NO_FIT
    return "the link has expired: ask for the chunk again" if expires < now else ""


def _signature(statement: Statement, index: int, expires: int) -> str:
    return hmac.new(statement.key, f"{index} {expires}".encode(), hashlib.sha256).hexdigest()
