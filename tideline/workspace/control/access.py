"""Who may ask: whoever sends the token. Asked before routing, so that a stranger learns nothing of the routes."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tideline.workspace.control import links
from tideline.workspace.control.errors import ApiError, answer

# Clients ask for it before they have chosen how to sign in.
OPEN = frozenset({"/.well-known/databricks-config"})


class TokenCheck:
    """Passes requests on that carry `Authorization: Bearer <token>`; the comparison takes the same time for all others."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]) and not self._is_known(scope):
            refusal = answer(ApiError(401, "UNAUTHENTICATED", "the token is missing or is not this server's"))
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        sent = Headers(scope=scope).get("authorization", "").encode()
        return secrets.compare_digest(sent, self._expected)


def _is_open(path: str) -> bool:
    """Links to results are asked for without the token: each is signed."""
    return path in OPEN or path.startswith(f"{links.PLACE}/")
