"""A month's delivery: all users as they stand, and what was posted, said and voted since the delivery before."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from tideline.samples.community.days import FULL_AT, Document, first
from tideline.samples.community.dirt import kinds
from tideline.samples.community.layouts import indented
from tideline.samples.community.users import user
from tideline.samples.community.world import World
from tideline.samples.delivery import Delivery, Drop

ALONGSIDE = ("posts", "posts_comments", "votes")


def write_month(landing: Path, months_before: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Write the delivery of the first of a month, `months_before` (from 1) months before the first of `start`'s month."""
    world = World(seed, scale, start, has_seasons=True)
    day = first_of_month(start, months_before)
    at, before = (datetime.combine(each, FULL_AT, tzinfo=UTC) for each in (day, first_of_month(day, 1)))
    drop = Drop(landing, day)
    numbers = [number for number, born in enumerate(world.user_births) if born <= at]
    _put(drop, "users", [user(world, number, at) for number in numbers])
    for collection in ALONGSIDE:
        _put(drop, collection, [first(world, collection, number) for number in _born(world, collection, before, at)])
    return drop.delivery()


def first_of_month(day: date, months_before: int) -> date:
    """The first of a month before; counted from the next month for a `day` that is no first."""
    months = day.year * 12 + day.month - 1 - months_before + (day.day > 1)
    return date(months // 12, months % 12 + 1, 1)


def _put(drop: Drop, collection: str, documents: list[Document]) -> None:
    for document in documents:
        for kind in kinds(collection, document):
            drop.count(kind)
    if documents or collection == "users":
        drop.put(collection, FULL_AT, indented(documents))


def _born(world: World, collection: str, after: datetime, until: datetime) -> list[int]:
    """Numbers of the documents of day 1 that were created in (after, until], by the time of their creation."""
    births = _births(world, collection)
    times = [time for time, _ in births]
    return [number for _, number in births[bisect_left(times, _said(after)) : bisect_left(times, _said(until))]]


@lru_cache(maxsize=8)
def _births(world: World, collection: str) -> list[tuple[str, int]]:
    numbers = world.new_numbers(collection, 1)
    return sorted((str(first(world, collection, number)["created_at"]["$date"]), number) for number in numbers)


def _said(moment: datetime) -> str:
    """As documents write it, so that it sorts among them."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
