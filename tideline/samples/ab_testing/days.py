"""The nights of the shop: a file of events per local day, a file of late ones, and what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tideline.samples.ab_testing.sessions import AGAIN, SITE, Visitors, events_of, rows_of
from tideline.samples.delivery import Delivery, Drop, day_of, write_atomically
from tideline.samples.draws import rng

HEADER = "event_name,item_id,timestamp,site,experiments,user_id\n"
DUPLICATES, LATE = 0.006, 0.01
TAGS = "find/sort-rules=7502, item/delivery-promise=8101"

# Each way in which a line can be malformed; TIME is the time of an event.
MALFORMED = {
    "map_without_braces": f'SEARCH,,TIME,{SITE},"{TAGS}",4711\n',
    "map_without_equals_sign": f'SEARCH,,TIME,{SITE},"{{find/sort-rules}}",4711\n',
    "map_with_empty_name": f'SEARCH,,TIME,{SITE},"{{=7502, item/delivery-promise=8101}}",4711\n',
    "map_with_empty_variant": f'SEARCH,,TIME,{SITE},"{{find/sort-rules=}}",4711\n',
    "map_with_two_equals_signs": f'SEARCH,,TIME,{SITE},"{{find/sort-rules=7502=7503}}",4711\n',
    "map_with_empty_entry": f'SEARCH,,TIME,{SITE},"{{find/sort-rules=7502, , item/delivery-promise=8101}}",4711\n',
    "map_in_map": f'SEARCH,,TIME,{SITE},"{{find/sort-rules={{7502}}}}",4711\n',
    "map_with_two_variants": f'SEARCH,,TIME,{SITE},"{{find/sort-rules=7502, find/sort-rules=7503}}",4711\n',
    "map_unclosed": f'PRODUCT,500100200,TIME,{SITE},"{{{TAGS}",4711\n',
    "bad_timestamp": f'SEARCH,,2024-13-45T99:00:00.000-0400,{SITE},"{{{TAGS}}}",NUMBER\n',
    "time_without_offset": f'SEARCH,,2024-06-03T12:30:00.000,{SITE},"{{{TAGS}}}",NUMBER\n',
    "time_without_date": f'SEARCH,,12:30:00,{SITE},"{{{TAGS}}}",NUMBER\n',
    "year_alone": f'SEARCH,,2021,{SITE},"{{{TAGS}}}",NUMBER\n',
    "unknown_event_name": f'WISHLIST,500100200,TIME,{SITE},"{{{TAGS}}}",4711\n',
    "user_id_missing": f'PRODUCT,500100200,TIME,{SITE},"{{{TAGS}}}",\n',
    "short_line": "PRODUCT,500100200,TIME\n",
}


def write_day(landing: Path, day_index: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Write the delivery of local day `day_index` (from 1): its events, and the late ones of the day before."""
    visitors = Visitors.of(seed, scale)
    drop = Drop(landing, day_of(start, day_index))
    today = _lines_of(visitors, day_index, scale, start)
    drop.count("exact_duplicate_in_file", today.n_repeated)
    drop.count("buy_repeated_within_a_minute", today.n_bought_again)
    for kind in MALFORMED:
        drop.count(kind)
    _put(drop, f"events-{drop.day}.csv", [*today.on_time, *_malformed(seed, day_index, drop.day)], minute=45)
    if day_index > 1:
        before = _lines_of(visitors, day_index - 1, scale, start)
        again = before.on_time[:: max(1, len(before.on_time) // 3)][:3]
        drop.count("late_event", len(before.late))
        drop.count("exact_duplicate_in_two_files", len(again))
        _put(drop, f"events-{drop.day - timedelta(days=1)}-late.csv", [*before.late, *again], minute=50)
    return drop.delivery()


@dataclass(frozen=True)
class Lines:
    """The CSV lines of a local day: those in time, with repeats among them, and those that come a night later."""

    on_time: list[str]
    late: list[str]
    n_repeated: int
    n_bought_again: int


def _lines_of(visitors: Visitors, day_index: int, scale: float, start: date) -> Lines:
    events = events_of(visitors, day_index, scale)
    rows = rows_of(visitors, day_index, events, datetime.combine(day_of(start, day_index), time()))
    draw = rng(visitors.seed, "late", day_index)
    on_time: list[str] = []
    late: list[str] = []
    for row in rows:
        (late if draw.random() < LATE else on_time).append(row)
    repeated = draw.sample(on_time, max(2, round(len(on_time) * DUPLICATES)))
    for row in repeated:
        on_time.insert(draw.randrange(len(on_time)), row)
    return Lines(on_time, late, len(repeated), sum(event.name == AGAIN for event in events))


def _malformed(seed: int, day_index: int, day: date) -> list[str]:
    """One line of each kind, of the day's noon; those without its time differ from day to day by their user."""
    minute = rng(seed, "malformed", day_index).randrange(60)
    at = f"{day}T12:{minute:02d}:00.000-0400"
    return [line.replace("TIME", at).replace("NUMBER", str(4711 + day_index)) for line in MALFORMED.values()]


def _put(drop: Drop, name: str, lines: list[str], *, minute: int) -> None:
    """The local day ends at 04:00 UTC; the export follows."""
    moment = datetime.combine(drop.day + timedelta(days=1), time(4, minute), tzinfo=UTC)
    write_atomically(drop.landing / name, [HEADER, *lines], moment)
    drop.files.append(drop.landing / name)
