"""The sampled community: four collections of a creator platform, as exports in MongoDB's extended JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from tideline.samples.community.big import big_votes
from tideline.samples.community.days import write_changes, write_full_exports
from tideline.samples.community.labels import write_labels
from tideline.samples.community.months import write_month
from tideline.samples.community.world import World
from tideline.samples.delivery import Delivery, Drop, day_of

__all__ = ["big_votes", "write_day", "write_month"]


def write_day(
    landing: Path, day_index: int, *, scale: float, seed: int, start: date, has_seasons: bool = False
) -> Delivery:
    """Write the delivery of day `day_index` (from 1: the full exports); with seasons where monthly exports came before.

    The staff's labels go into a folder beside `landing`.
    """
    world = World(seed, scale, start, has_seasons)
    drop = Drop(landing, day_of(start, day_index))
    if day_index == 1:
        write_full_exports(drop, world)
    else:
        write_changes(drop, world, day_index)
    labels = write_labels(landing, day_index, seed=seed, start=start)
    return replace(drop.delivery(), beside=(labels,))
