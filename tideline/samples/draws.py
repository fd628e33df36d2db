"""Seeded draws. Every thing has a generator of its own, so that it comes out alike in whatever order days are made."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


def rng(seed: int, *labels: object) -> random.Random:
    """A generator that depends on the seed and on what it is for, and on nothing else."""
    return random.Random(f"{seed}/" + "/".join(str(label) for label in labels))


def object_id(seed: int, kind: str, number: int, created_at: datetime) -> str:
    """24 hex digits as MongoDB makes them: seconds of creation, then what tells documents apart."""
    digest = hashlib.blake2b(f"{seed}/{kind}/{number}".encode(), digest_size=8).hexdigest()
    return f"{int(created_at.timestamp()):08x}{digest}"


def heavy_tailed(draw: random.Random, n: int, power: float = 3.0) -> int:
    """An index below `n` where low ones come up far more often: a few do most."""
    return min(n - 1, int(n * draw.random() ** power))


def weighted(draw: random.Random, values: Sequence[T], weights: Sequence[float]) -> T:
    """One of `values`, by weight."""
    return draw.choices(values, weights)[0]


def moment_between(draw: random.Random, first: datetime, last: datetime, milliseconds: tuple[int, int] = (0, 499)) -> datetime:
    """A time from `first` to `last`; its milliseconds lie in a range, which keeps kinds of versions apart."""
    seconds = draw.random() * max(0.0, (last - first).total_seconds() - 1)
    whole = (first + timedelta(seconds=int(seconds))).replace(microsecond=0)
    return whole + timedelta(milliseconds=draw.randint(*milliseconds))


def scaled(size: int, scale: float, least: int) -> int:
    """`size` at `scale`, never below `least`: small samples still hold every kind of dirt."""
    return max(least, round(size * scale))
