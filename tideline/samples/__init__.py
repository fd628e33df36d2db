"""Seeded sources in their native form, delivered day by day with the dirt of the real ones; plain files, no Spark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from tideline.samples import ab_testing, community, vouchers
from tideline.samples.community import big_votes
from tideline.samples.delivery import Delivery
from tideline.workspace.errors import WorkspaceError

__all__ = ["SYSTEMS", "Delivery", "big_votes", "sample", "write_day"]

START = date(2023, 6, 1)
SYSTEMS: dict[str, Callable[..., Delivery]] = {
    "community": community.write_day,
    "ab_testing": ab_testing.write_day,
    "vouchers": vouchers.write_day,
}


def write_day(system: str, landing: Path, day_index: int, *, scale: float, seed: int, start: date = START) -> Delivery:
    """Write delivery `day_index` (from 1) of a system into `landing`, the folder of its source.

    The same arguments give the same bytes, whatever was written before. Raises WorkspaceError for an unknown system or
    a size that makes no sense.
    """
    if system not in SYSTEMS:
        raise WorkspaceError(f"there is no sample of `{system}`", hint=f"Choose one of {', '.join(SYSTEMS)}.")
    if day_index < 1 or scale <= 0:
        raise WorkspaceError(f"day {day_index} at scale {scale} cannot be made", hint="Days count from 1; scale is above 0.")
    return SYSTEMS[system](landing, day_index, scale=scale, seed=seed, start=start)


def sample(
    system: str, landing: Path, *, days: int, scale: float, seed: int, start: date = START, months: int = 0
) -> list[Delivery]:
    """Write the deliveries of `days` days, oldest first.

    community: before them one delivery per month, of all users and of what was posted, said and voted since the one before;
    then what patrons pay has a season.
    """
    if months and system != "community":
        raise WorkspaceError(f"`{system}` has no monthly exports", hint="Leave out the months.")
    if not months:
        return [write_day(system, landing, index, scale=scale, seed=seed, start=start) for index in range(1, days + 1)]
    return [_month_or_day(landing, index, scale=scale, seed=seed, start=start) for index in range(1 - months, days + 1)]


def _month_or_day(landing: Path, index: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Day `index` of the community with seasons; from 0 down, the months before, the newest first."""
    if index < 1:
        return community.write_month(landing, 1 - index, scale=scale, seed=seed, start=start)
    return community.write_day(landing, index, scale=scale, seed=seed, start=start, has_seasons=True)
