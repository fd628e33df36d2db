"""The fields of a Quartz cron expression: numbers, names, ranges, increments, and the odd days."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date


class CronError(ValueError):
    """The expression is not what Quartz accepts; the message names the field and what was expected."""


RANGES = {
    "seconds": (0, 59),
    "minutes": (0, 59),
    "hours": (0, 23),
    "day-of-month": (1, 31),
    "month": (1, 12),
    "day-of-week": (1, 7),
    "year": (1970, 2099),
}
NAMES = {
    "month": {name.upper(): number for number, name in enumerate(calendar.month_abbr) if number},
    "day-of-week": {
        name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], start=1)
    },
}
ELEMENT = re.compile(r"(?P<first>\*|\w+)?(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?\Z")


def numbers(field: str, text: str) -> tuple[int, ...]:
    """The values of a field, ascending: `*`, `5`, `1,3`, `10-20`, `0/15`, `FRI-MON`."""
    found: set[int] = set()
    for element in text.split(","):
        found |= _element(field, element)
    return tuple(sorted(found))


def _element(field: str, text: str) -> set[int]:
    low, high = RANGES[field]
    match = ELEMENT.match(text)
    if not match or not text or (match["first"] in (None, "*") and match["last"]):
        raise CronError(f"{field} `{text}` is no number, range or increment")
    step = int(match["step"] or 1)
    if step < 1 or step > high:
        raise CronError(f"{field} `{text}` steps by {step}, expected 1 to {high}")
    if match["first"] in (None, "*"):
        return set(range(low, high + 1, step))
    first = _number(field, match["first"])
    last = _number(field, match["last"]) if match["last"] else high if match["step"] else first
    if first <= last:
        return set(range(first, last + 1, step))
    if field == "year":
        raise CronError(f"year `{text}` runs backwards")
    size = high - low + 1
    return {(value - low) % size + low for value in range(first, last + size + 1, step)}


def _number(field: str, text: str) -> int:
    low, high = RANGES[field]
    names = NAMES.get(field, {})
    if text in names:
        return names[text]
    if not text.isdigit() or not low <= int(text) <= high:
        more = f" or {', '.join(names)}" if names else ""
        raise CronError(f"{field} `{text}` is out of range, expected {low} to {high}{more}")
    return int(text)


@dataclass(frozen=True)
class DayOfMonth:
    """Days by number, one counted from the end (`L`, `L-3`), or the weekday nearest to one (`15W`)."""

    days: frozenset[int] = frozenset()
    from_end: int | None = None
    nearest_weekday_to: int | None = None

    @classmethod
    def parse(cls, text: str) -> DayOfMonth:
        match = re.fullmatch(r"L(?:-(\d{1,2}))?(W)?|(\d{1,2})W", text)
        if not match:
            if re.search(r"[LW]", text):
                raise CronError(f"day-of-month `{text}`: `L` and `W` stand alone, as in L, L-3, LW or 15W")
            return cls(days=frozenset(numbers("day-of-month", text)))
        back, is_weekday, number = match.groups()
        if number:
            return cls(nearest_weekday_to=_number("day-of-month", number))
        if int(back or 0) > 30:
            raise CronError(f"day-of-month `{text}` goes back more than 30 days")
        return cls(from_end=int(back or 0), nearest_weekday_to=0 if is_weekday else None)

    def allows(self, day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        if self.from_end is not None:
            wanted = max(1, length - self.from_end)
            return day.day == (
                _nearest_weekday(day, wanted, length) if self.nearest_weekday_to == 0 else wanted
            )
        if self.nearest_weekday_to is not None:
            return day.day == _nearest_weekday(day, min(self.nearest_weekday_to, length), length)
        return day.day in self.days


def _nearest_weekday(day: date, wanted: int, length: int) -> int:
    """The Monday to Friday nearest to `wanted`, never in another month."""
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < length else wanted - 2
    return wanted


@dataclass(frozen=True)
class DayOfWeek:
    """Days by number (Sunday is 1), or the last (`6L`) or the n-th (`6#3`) one of a month."""

    days: frozenset[int]
    is_last: bool = False
    nth: int | None = None

    @classmethod
    def parse(cls, text: str) -> DayOfWeek:
        if text == "L":
            return cls(days=frozenset({7}))
        match = re.fullmatch(r"(\w+?)(?:(L)|#(\d))", text)
        if match:
            nth = int(match[3]) if match[3] else None
            if nth is not None and not 1 <= nth <= 5:
                raise CronError(f"day-of-week `{text}` asks for day number {nth} of a month, expected 1 to 5")
            return cls(frozenset({_number("day-of-week", match[1])}), is_last=bool(match[2]), nth=nth)
        if "#" in text:
            raise CronError(f"day-of-week `{text}`: `#` stands alone, as in 6#3")
        return cls(days=frozenset(numbers("day-of-week", text)))

    def allows(self, day: date) -> bool:
        if day.isoweekday() % 7 + 1 not in self.days:
            return False
        if self.is_last:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return self.nth is None or (day.day - 1) // 7 + 1 == self.nth
