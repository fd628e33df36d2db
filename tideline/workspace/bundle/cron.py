"""Quartz cron: six or seven fields to the next run times.

    seconds minutes hours day-of-month month day-of-week [year]

Days of the week count from 1 = Sunday. `?`, `L`, `L-3`, `LW`, `15W`, `6L`, `6#3`, names, lists, ranges
that wrap and increments work as in Quartz; what Quartz refuses is refused.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tideline.workspace.bundle.cron_fields import CronError, DayOfMonth, DayOfWeek, numbers

LONGEST_CHANGE = timedelta(hours=3)  # of clocks, within a day: two hours are the most that is known


@dataclass(frozen=True)
class Cron:
    """A parsed expression; the sets hold the allowed values, Sunday is 1."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    day_of_month: DayOfMonth | None
    day_of_week: DayOfWeek | None

    def next_runs(self, after: datetime, zone: str, *, count: int = 5) -> list[datetime]:
        """The next `count` times strictly after `after`, which has a zone, in the time zone `zone`.

        Fewer where the years run out.
        """
        return list(islice(self.times_after(after, zone), count))

    def times_after(self, after: datetime, zone: str) -> Iterator[datetime]:
        """Every time strictly after `after`, ascending.

        A local time that a change of clocks skips runs as much later as the clocks are put forward, once; one that comes
        twice runs the first time. Times of one zone compare by the clock on the wall, hence the comparisons in UTC.
        """
        place, last = ZoneInfo(zone), after.astimezone(UTC)
        earliest = last.astimezone(place).replace(tzinfo=None) - LONGEST_CHANGE
        for day in self._days(earliest.date()):
            for moment in self._moments_of(day, place, earliest):
                if moment > last:
                    last = moment
                    yield moment.astimezone(place)

    def _moments_of(self, day: date, place: ZoneInfo, earliest: datetime) -> Iterator[datetime]:
        """A day's moments in UTC, ascending: times that a change of clocks skips fall between or upon others."""
        moments = (local.replace(tzinfo=place).astimezone(UTC) for local in self._times_of(day, earliest))
        begin, end = (datetime.combine(day + timedelta(days=n), time(), place).utcoffset() for n in (0, 1))
        return moments if begin == end else iter(sorted(moments))

    def _times_of(self, day: date, earliest: datetime) -> Iterator[datetime]:
        for hour in self.hours:
            if datetime.combine(day, time(hour, 59, 59)) < earliest:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    yield datetime.combine(day, time(hour, minute, second))

    def _days(self, first: date) -> Iterator[date]:
        day = first
        last = max(self.years)
        while day.year <= last:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                length = calendar.monthrange(day.year, day.month)[1]
                day = day.replace(day=1) + timedelta(days=length)
            else:
                if self._is_allowed(day):
                    yield day
                day += timedelta(days=1)

    def _is_allowed(self, day: date) -> bool:
        if self.day_of_month is not None:
            return self.day_of_month.allows(day)
        return self.day_of_week is not None and self.day_of_week.allows(day)


def parse_cron(text: str) -> Cron:
    """The expression; CronError names the field, what was found and what was expected."""
    fields = text.upper().split()
    if len(fields) not in (6, 7):
        hint = " (a Unix cron has five; put the seconds before it)" if len(fields) == 5 else ""
        raise CronError(f"`{text}` has {len(fields)} fields, expected 6 or 7{hint}")
    second, minute, hour, month_day, month, week_day = fields[:6]
    year = fields[6] if len(fields) == 7 else "*"
    if (month_day == "?") == (week_day == "?"):
        both = "both are" if month_day == "?" else "neither is"
        raise CronError(f"exactly one of day-of-month and day-of-week is `?`; in `{text}` {both}")
    return Cron(
        seconds=numbers("seconds", second),
        minutes=numbers("minutes", minute),
        hours=numbers("hours", hour),
        months=frozenset(numbers("month", month)),
        years=frozenset(numbers("year", year)),
        day_of_month=None if month_day == "?" else DayOfMonth.parse(month_day),
        day_of_week=None if week_day == "?" else DayOfWeek.parse(week_day),
    )
