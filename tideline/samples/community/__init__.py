"""The sampled community: four collections of a creator platform, as exports in MongoDB's extended JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from tideline.samples.community.big import big_votes
from tideline.samples.community.days import FULL_AT, write_changes, write_full_exports
from tideline.samples.community.dirt import kinds
from tideline.samples.community.layouts import indented
from tideline.samples.community.users import user
from tideline.samples.community.world import World
from tideline.samples.delivery import Delivery, Drop, day_of

__all__ = ["big_votes", "write_day", "write_month"]


def write_day(landing: Path, day_index: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Write the delivery of day `day_index` (from 1: the full exports)."""
    world = World(seed, scale, start)
    drop = Drop(landing, day_of(start, day_index))
    if day_index == 1:
        write_full_exports(drop, world)
    else:
        write_changes(drop, world, day_index)
    return drop.delivery()


def write_month(landing: Path, months_before: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Write a full export of users as of the first of a month, `months_before` (from 1) months before `start`'s first."""
    world = World(seed, scale, start)
    months = start.year * 12 + start.month - 1 - months_before + (start.day > 1)
    day = date(months // 12, months % 12 + 1, 1)
    at = datetime.combine(day, FULL_AT, tzinfo=UTC)
    drop = Drop(landing, day)
    numbers = [number for number, born in enumerate(world.user_births) if born <= at]
    users = [user(world, number, at) for number in numbers]
    for document in users:
        for kind in kinds("users", document):
            drop.count(kind)
    drop.put("users", FULL_AT, indented(users))
    return drop.delivery()
