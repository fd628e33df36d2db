"""Independent work of a run, side by side in threads of one session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_parallel(threads: int, work: Sequence[Callable[[], T]]) -> list[T]:
    """The results in the order of `work`; the first error is raised once all have ended."""
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        return list(pool.map(lambda job: job(), work))
