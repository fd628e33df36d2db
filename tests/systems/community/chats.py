"""Threads and clients for tests of summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from systems.community.summaries.client import Client
from systems.community.summaries.costs import Budget
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.pace import Pace
from systems.community.summaries.threads import Thread
from tests.systems.community.chat_server import KEY, ChatServer

WANTED = ("maps", "music", "ships", "winter")


def thread_of(n: int, post_id: str = "p1") -> Thread:
    """`n` comments, two of three of which ask for something; each is another text."""
    bodies = [
        f"please add {WANTED[number % 7 % 4]}, this is wish {number}" if number % 3 else f"I read chapter {number} twice"
        for number in range(n)
    ]
    return Thread(post_id, f"Title of {post_id}", tuple(bodies))


def wishes(thread: Thread) -> Counter[str]:
    """What is asked for in a thread of `thread_of`, counted here."""
    return Counter(body.split()[2].rstrip(",") for body in thread.bodies if body.startswith("please add"))


@contextmanager
def client_of(
    server: ChatServer, usd: float = 1.0, *, key: str = KEY, pace: Pace | None = None, **limits: Any
) -> Iterator[Client]:
    """A client of the server with short waits."""
    given = {"backoff_seconds": 0.02, "timeout_seconds": 5, "requests_per_minute": 6_000, **limits}
    client = Client(Endpoint(base_url=server.url, model="m", **given), key, Budget(usd), pace)
    try:
        yield client
    finally:
        client.close()
