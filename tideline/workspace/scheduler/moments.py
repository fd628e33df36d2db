"""Which moments of a schedule are due: those after the last that was considered, up to now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tideline.workspace.scheduler.ways import Periodic, Schedule

# Wider and wider, so that a schedule of seconds is not counted through from months ago to find its last moment.
WINDOWS = tuple(timedelta(days=days) for days in (1 / 24, 1, 32, 366, 366 * 8))


@dataclass(frozen=True)
class Due:
    """The first and the last moment that is due, in UTC; one run stands for all of them."""

    first: datetime
    last: datetime


def due_moments(way: Schedule | Periodic, considered: datetime, now: datetime) -> Due | None:
    """What is due in (considered, now]; None where nothing is. Of a period, `considered` is one of its moments."""
    if isinstance(way, Periodic):
        n_periods = (now - considered) // way.interval
        return Due(considered + way.interval, considered + n_periods * way.interval) if n_periods > 0 else None
    first = next_moment(way, considered)
    if first is None or first > now:
        return None
    return Due(first, _last(way, first, now))


def next_moment(way: Schedule | Periodic, after: datetime) -> datetime | None:
    """The first moment after `after`, in UTC; None where the years run out."""
    if isinstance(way, Periodic):
        return after + way.interval
    found = next(way.cron.times_after(after, way.zone), None)
    return found.astimezone(UTC) if found else None


def _last(way: Schedule, first: datetime, now: datetime) -> datetime:
    """The last moment up to `now`, which is not before `first`."""
    last = first
    for window in WINDOWS:
        start = max(first, now - window)
        for moment in way.cron.times_after(start, way.zone):
            if moment > now:
                break
            last = moment.astimezone(UTC)
        if last > start or start == first:
            return last
    return last
