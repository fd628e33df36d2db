"""Ways in which an API breaks, on demand: clients that hold against these hold against the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Body, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

Kind = Literal["429", "500", "slow", "cut", "wrong_json", "repeat"]
SLOW_SECONDS = 3.0


class Misbehaviour:
    """What the next requests get instead of, or done to, their answer. Asking again replaces what was asked before."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        self.skip = self.left = 0
        self._before: bytes | None = None

    async def asked(
        self,
        kind: Annotated[Kind, Body(description="How to break.")],
        requests: Annotated[int, Body(ge=0, description="How many requests.")] = 1,
        skip: Annotated[int, Body(ge=0, description="After how many good ones.")] = 0,
    ) -> None:
        """Break the next `requests` requests, after `skip` good ones."""
        self.kind, self.left, self.skip, self._before = kind, requests, skip, None

    async def instead_of(self, request: Request) -> Response | None:
        """The answer to a request that is not let through; None where it is."""
        if request.url.path == "/misbehave" or self.kind not in ("429", "500", "slow") or not self._is_due():
            return None
        if self.kind == "slow":
            await asyncio.sleep(SLOW_SECONDS)
            return None
        code = int(self.kind)
        return JSONResponse({"detail": "as asked"}, code, {"Retry-After": "1"} if code == 429 else None)

    def spoilt(self, request: Request, answer: Response) -> Response:
        """The answer as it leaves: cut off, not JSON, or the page before once more."""
        if request.url.path == "/misbehave" or self.kind not in ("cut", "wrong_json", "repeat"):
            return answer
        return StreamingResponse(self._spoilt(answer), answer.status_code, self._headers(answer))

    def _headers(self, answer: Response) -> dict[str, str]:
        # A body that is shorter than promised is how a cut connection looks to a client.
        kept = ("content-type", "content-length") if self.kind == "cut" else ("content-type",)
        return {name: value for name, value in answer.headers.items() if name in kept}

    async def _spoilt(self, answer: Response) -> AsyncIterator[bytes]:
        body = b"".join([chunk async for chunk in answer.body_iterator])  # type: ignore[attr-defined]  # a stream, by Starlette
        is_due, before = self._is_due(), self._before
        self._before = body
        if not is_due:
            yield body
        elif self.kind == "cut":
            yield body[: len(body) // 2]
            raise ConnectionError("cut off, as asked")
        elif self.kind == "wrong_json":
            yield body[: len(body) // 2]
        else:
            yield before if before is not None else body

    def _is_due(self) -> bool:
        if self.skip:
            self.skip -= 1
            return False
        if self.left:
            self.left -= 1
            return True
        return False
