"""Pieces of a page that are sent as they change: server-sent events, which `static/live.js` puts into place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Literal

from starlette.responses import StreamingResponse


@dataclass(frozen=True)
class Change:
    """HTML for the element with the id `target`: in its place (`replace`), or as its last child (`append`)."""

    target: str
    html: str
    how: Literal["replace", "append"] = "replace"


def stream(changes: AsyncIterator[Change]) -> StreamingResponse:
    """Send every change; at the end the browser is told not to ask again. A browser that left ends the iterator."""

    async def lines() -> AsyncIterator[str]:
        async for change in changes:
            yield f"data: {json.dumps(asdict(change))}\n\n"
        yield "event: end\ndata: {}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})
