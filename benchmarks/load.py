"""Requests in an open loop: each is due at its own moment, whether those before it were answered or not.

A latency is counted from the moment at which the request was due, so that a server which stalls is not asked less.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
from yarl import URL

Seen = Callable[[Any, dict[str, Any]], str]
RATES = (300, 400, 500, 600, 800, 1_000)
# At most so many wait at once: beyond it a request is counted as failed instead of piling up.
MOST_OPEN = 2_000


@dataclass
class Load:
    """What came back: latencies in milliseconds, failures by their kind, what `seen` made of the answers."""

    rate: int
    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.latencies, share)) if self.latencies else float("inf")

    @property
    def n_failed(self) -> int:
        return sum(self.failures.values())


def ask(
    url: str, bodies: Sequence[dict[str, Any]], *, rate: int, seconds: float, seen: Seen
) -> Load:
    """POST `bodies` in turn, `rate` a second. `seen(body, answer)` gives a word that is counted; `wrong...` is a failure."""
    return asyncio.run(_ask(lambda session, body: session.post(url, json=body), bodies, rate, seconds, seen))


def get(url: str, paths: Sequence[str], *, rate: int, seconds: float, seen: Seen) -> Load:
    """GET `paths` below `url` in turn, as `ask` posts bodies."""
    whole = {path: URL(f"{url}{path}", encoded=True) for path in paths}
    return asyncio.run(_ask(lambda session, path: session.get(whole[path]), paths, rate, seconds, seen))


def highest_rate(load_at: Callable[[int], Load], *, most_ms: float) -> Load | None:
    """The load at the highest of RATES that is answered without failure and with p99 below `most_ms`."""
    best = None
    for rate in RATES:
        found = load_at(rate)
        if found.percentile(99) >= most_ms or found.n_failed:
            break
        best = found
    return best


def row_of(what: str, load: Load, target: str) -> str:
    """A line of a table: rate, median, p99, the longest, failures, target."""
    numbers = f"{load.percentile(50):.1f} | {load.percentile(99):.1f} | {max(load.latencies):.0f}"
    failed = f"{load.n_failed}" + (f" ({', '.join(load.failures)})" if load.failures else "")
    return f"| {what} | {load.rate} | {numbers} | {failed} of {load.n_failed + sum(load.seen.values()):,} | {target} |"


async def _ask(
    send: Callable[[aiohttp.ClientSession, Any], Any], bodies: Sequence[Any], rate: int, seconds: float, seen: Seen
) -> Load:
    found = Load(rate)
    open_now = 0

    async def one(session: aiohttp.ClientSession, body: Any, due: float) -> None:
        nonlocal open_now
        open_now += 1
        try:
            async with send(session, body) as response:
                answer = await response.json()
            word = seen(body, answer) if response.status == 200 else f"wrong status {response.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            word = f"wrong {type(error).__name__}"
        finally:
            open_now -= 1
        found.latencies.append(1000 * (time.perf_counter() - due))
        (found.failures if word.startswith("wrong") else found.seen)[word] += 1

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
        started, tasks = time.perf_counter(), set()
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if open_now >= MOST_OPEN:
                found.failures["wrong: too many open"] += 1
                continue
            task = asyncio.create_task(one(session, bodies[number % len(bodies)], due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
    return found
