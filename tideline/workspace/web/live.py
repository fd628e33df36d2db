"""What changes while one looks: the parts of a run's page, and the runs that go on."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.concurrency import run_in_threadpool

from tideline.workspace.web.streams import Change

POLL_SECONDS = 0.25
Parts = Mapping[str, str]


def digest_of(parts: Parts) -> str:
    """Tells whether a browser has these very parts."""
    return hashlib.sha256("\0".join(parts.values()).encode()).hexdigest()[:16]


async def changes_of(
    look: Callable[[], tuple[Parts, bool]], *, seen: str = "", poll_seconds: float = POLL_SECONDS
) -> AsyncIterator[Change]:
    """Whatever differs from what was sent before, until `look` says that nothing more will come.

    `seen` is the digest of the page that asks: where it holds all there is, nothing is sent again.
    """
    parts, is_last = await run_in_threadpool(look)
    sent = dict(parts) if seen == digest_of(parts) else {}
    while True:
        for target, html in parts.items():
            if sent.get(target) != html:
                yield Change(target, html)
        if is_last:
            return
        sent = dict(parts)
        await asyncio.sleep(poll_seconds)
        parts, is_last = await run_in_threadpool(look)


class Shared:
    """An answer that several may have within `seconds` of its making."""

    def __init__(self, make: Callable[[], Parts], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._made: tuple[float, Parts] = (-seconds, {})

    def __call__(self) -> Parts:
        if time.monotonic() - self._made[0] >= self._seconds:
            self._made = (time.monotonic(), self._make())
        return self._made[1]
