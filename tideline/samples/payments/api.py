"""The service's REST API: payments by change, companies by id; FastAPI over a pool of connections.

    GET /payments?updated_at=2023-06-01T00:00:00&limit=1000&offset=0      rows changed at or after a time
    GET /payments?updated_at=...&after=2023-06-01T10:00:00.000001,4711    rows after one row: paging that skips nothing
    GET /companies?limit=1000&offset=0

Rows come in the order of (updated_at, id), as a JSON array; times are local to the service, without a zone. Every request
carries `Authorization: Bearer <token>`. Too many of them are answered with 429 and `Retry-After`.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tideline.samples.payments.misbehaviour import Misbehaviour

LARGEST_PAGE = 10_000
BEARER = HTTPBearer(auto_error=False)
# The database writes the JSON itself: rows never become Python objects.
PAGE = "SELECT coalesce(json_agg(page), '[]')::text FROM ({rows}) AS page"
SINCE = "SELECT * FROM payments WHERE updated_at >= %s ORDER BY updated_at, id LIMIT %s OFFSET %s"
AFTER = "SELECT * FROM payments WHERE updated_at >= %s AND (updated_at, id) > (%s, %s) ORDER BY updated_at, id LIMIT %s"
COMPANIES = "SELECT * FROM companies ORDER BY id LIMIT %s OFFSET %s"

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows at most.")]
Offset = Annotated[int, Query(ge=0, le=2**62, description="Rows to skip; unsafe while others write: use `after`.")]


def create_app(dsn: str, token: str, *, requests_per_second: int = 200, can_misbehave: bool = False) -> FastAPI:
    """The API over one database. With `can_misbehave`, `POST /misbehave` makes it break in chosen ways, for tests."""
    pool = AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False, timeout=5, check=AsyncConnectionPool.check_connection)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    app = FastAPI(title="Payments", version="1", description=__doc__, lifespan=lifespan, dependencies=[Depends(_guard(token))])
    limiter, allowed = MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerSecond(requests_per_second)
    misbehaviour = Misbehaviour()

    async def page(query: str, values: tuple[Any, ...]) -> Response:
        async with pool.connection() as connection:
            cursor = await connection.execute(PAGE.format(rows=query), values)
            row = await cursor.fetchone()
        return Response(row[0] if row else "[]", media_type="application/json")

    @app.middleware("http")
    async def limited(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        if not limiter.hit(allowed):
            wait = max(0.0, limiter.get_window_stats(allowed).reset_time - time.time())
            return JSONResponse({"detail": "too many requests"}, 429, {"Retry-After": str(math.ceil(wait) or 1)})
        answer = await misbehaviour.instead_of(request)
        return answer or misbehaviour.spoilt(request, await call(request))

    @app.exception_handler(PoolTimeout)
    @app.exception_handler(OperationalError)
    async def without_database(request: Request, error: Exception) -> Response:
        return JSONResponse({"detail": "the database does not answer"}, 503, {"Retry-After": "1"})

    @app.get("/payments", responses={400: {"description": "`updated_at` is missing, or a value cannot be read."}})
    async def payments(
        updated_at: Annotated[str | None, Query(description="Local time; rows changed at or after it.")] = None,
        limit: Limit = 1000,
        offset: Offset = 0,
        after: Annotated[str | None, Query(description="`updated_at,id` of the last row of the page before.")] = None,
    ) -> Response:
        """Payments by the time of their last change."""
        if updated_at is None:
            raise HTTPException(400, "`updated_at` is missing: a local time like 2023-06-01T00:00:00")
        since = _moment("updated_at", updated_at)
        if after is None:
            return await page(SINCE, (since, limit, offset))
        if offset:
            raise HTTPException(400, "`after` and `offset` exclude each other")
        moment, sign, number = after.partition(",")
        if not sign or not number.isascii() or not number.isdecimal() or int(number) >= 2**63:
            raise HTTPException(400, f"`after` is `{after}`, expected `updated_at,id`")
        return await page(AFTER, (since, _moment("after", moment), int(number), limit))

    @app.get("/companies")
    async def companies(limit: Limit = 1000, offset: Offset = 0) -> Response:
        """Companies by id."""
        return await page(COMPANIES, (limit, offset))

    if can_misbehave:
        app.post("/misbehave", status_code=204)(misbehaviour.asked)
    return app


def _guard(token: str) -> Callable[..., None]:
    def guard(found: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> None:
        if found is None or not secrets.compare_digest(found.credentials.encode(), token.encode()):
            raise HTTPException(401, "the token is missing or wrong", {"WWW-Authenticate": "Bearer"})

    return guard


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise HTTPException(400, f"`{name}` is `{text}`, expected a local time like 2023-06-01T00:00:00") from None
    if moment.tzinfo is not None:
        raise HTTPException(400, f"`{name}` is `{text}`: times of this service have no zone")
    return moment
