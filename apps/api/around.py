"""What happens around every request: an id, a line in the log, a limit on its size and on how many a client sends."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import re
import time
import uuid

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("apps.api.requests")
ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
MOST_BYTES = 64 * 1024
OPEN = ("/health", "/ready")


class TooLarge(Exception):
    """The body of a request went over MOST_BYTES."""


class Around:
    """ASGI middleware. `rate` (None: unlimited) holds for each address that asks; health and readiness are never refused.

    A client may name its request by `X-Request-ID`; the answer and the log repeat it, also where a route fails: then the
    log has the traceback. The log has no query and no body: both may name persons.
    """

    def __init__(self, app: ASGIApp, rate: RateLimitItem | None) -> None:
        self.app, self.rate = app, rate
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, request_id = time.perf_counter(), _id_of(scope)
        status, is_begun = 500, False

        async def send_with_id(message: Message) -> None:
            nonlocal status, is_begun
            if message["type"] == "http.response.start":
                status, is_begun = message["status"], True
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id)]}
            await send(message)

        try:
            await self._answer(scope, receive, send_with_id)
        except Exception:
            LOG.exception("%(id)s failed", {"id": request_id.decode()})
            if is_begun:
                raise
            await _refuse(send_with_id, 500, "the API failed; its log has the reason, by this answer's X-Request-ID")
        finally:
            told = {
                "id": request_id.decode(), "method": scope["method"], "path": scope["path"], "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 2),
            }  # fmt: skip
            LOG.info("%(method)s %(path)s %(status)s", told)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.rate is not None and scope["path"] not in OPEN:
            client = (scope.get("client") or ("",))[0]
            if not self._limiter.hit(self.rate, client):
                wait = math.ceil(self._limiter.get_window_stats(self.rate, client).reset_time - time.time())
                await _refuse(send, 429, f"more than {self.rate}", (b"retry-after", str(max(wait, 1)).encode()))
                return
        if _announced(scope) > MOST_BYTES:
            await _refuse(send, 413, f"the body is larger than {MOST_BYTES} bytes")
            return
        body = _Body(receive)

        async def send_unless_too_large(message: Message) -> None:
            if not body.is_too_large:
                await send(message)

        with contextlib.suppress(TooLarge):
            await self.app(scope, body.receive, send_unless_too_large)
        if body.is_too_large:
            await _refuse(send, 413, f"the body is larger than {MOST_BYTES} bytes")


class _Body:
    """A body that ends with TooLarge once more came than is taken: a length need not be announced, nor true.

    Whoever reads it may make an answer of his own out of that; it is not sent.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive, self.n_bytes = receive, 0

    @property
    def is_too_large(self) -> bool:
        return self.n_bytes > MOST_BYTES

    async def receive(self) -> Message:
        message = await self._receive()
        self.n_bytes += len(message.get("body", b""))
        if self.is_too_large:
            raise TooLarge
        return message


def _announced(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length and length.isdigit() else 0


def _id_of(scope: Scope) -> bytes:
    given = _header(scope, b"x-request-id")
    return given if given and ID.fullmatch(given) else uuid.uuid4().hex.encode()


def _header(scope: Scope, name: bytes) -> bytes | None:
    found: bytes | None = next((value for key, value in scope["headers"] if key == name), None)
    return found


async def _refuse(send: Send, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps({"detail": detail}).encode()
    told = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
