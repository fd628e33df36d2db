"""Quartz cron: known examples, odd days, refusals, and a second opinion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from tideline.workspace.bundle.cron import parse_cron
from tideline.workspace.bundle.cron_fields import CronError

MONDAY = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)


def runs(expression: str, *, count: int = 3, zone: str = "UTC", after: datetime = MONDAY) -> list[str]:
    return [f"{run:%Y-%m-%d %H:%M:%S}" for run in parse_cron(expression).next_runs(after, zone, count=count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 12 * * ?", ["2024-01-02 12:00:00", "2024-01-03 12:00:00", "2024-01-04 12:00:00"]),
        ("0 15 10 ? * *", ["2024-01-02 10:15:00", "2024-01-03 10:15:00", "2024-01-04 10:15:00"]),
        ("0 15 10 * * ? 2025", ["2025-01-01 10:15:00", "2025-01-02 10:15:00", "2025-01-03 10:15:00"]),
        ("0 0/5 14,18 * * ?", ["2024-01-01 14:00:00", "2024-01-01 14:05:00", "2024-01-01 14:10:00"]),
        ("0 10,44 14 ? 3 WED", ["2024-03-06 14:10:00", "2024-03-06 14:44:00", "2024-03-13 14:10:00"]),
        ("0 15 10 ? * MON-FRI", ["2024-01-02 10:15:00", "2024-01-03 10:15:00", "2024-01-04 10:15:00"]),
        ("0 15 10 15 * ?", ["2024-01-15 10:15:00", "2024-02-15 10:15:00", "2024-03-15 10:15:00"]),
        ("0 15 10 L * ?", ["2024-01-31 10:15:00", "2024-02-29 10:15:00", "2024-03-31 10:15:00"]),
        ("0 15 10 L-2 * ?", ["2024-01-29 10:15:00", "2024-02-27 10:15:00", "2024-03-29 10:15:00"]),
        ("0 15 10 LW * ?", ["2024-01-31 10:15:00", "2024-02-29 10:15:00", "2024-03-29 10:15:00"]),
        ("0 0 9 15W * ?", ["2024-01-15 09:00:00", "2024-02-15 09:00:00", "2024-03-15 09:00:00"]),
        ("0 0 9 1W 6,9 ?", ["2024-06-03 09:00:00", "2024-09-02 09:00:00", "2025-06-02 09:00:00"]),
        ("0 15 10 ? * 6L", ["2024-01-26 10:15:00", "2024-02-23 10:15:00", "2024-03-29 10:15:00"]),
        ("0 15 10 ? * 6#3", ["2024-01-19 10:15:00", "2024-02-16 10:15:00", "2024-03-15 10:15:00"]),
        ("0 15 10 ? * FRI#3", ["2024-01-19 10:15:00", "2024-02-16 10:15:00", "2024-03-15 10:15:00"]),
        ("0 0 0 ? * 1", ["2024-01-07 00:00:00", "2024-01-14 00:00:00", "2024-01-21 00:00:00"]),
        ("0 0 0 ? * 7", ["2024-01-06 00:00:00", "2024-01-13 00:00:00", "2024-01-20 00:00:00"]),
        ("0 0 0 ? * FRI-MON", ["2024-01-05 00:00:00", "2024-01-06 00:00:00", "2024-01-07 00:00:00"]),
        ("0 0 0 29 2 ?", ["2024-02-29 00:00:00", "2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
        ("30 0/20 * * * ?", ["2024-01-01 12:00:30", "2024-01-01 12:20:30", "2024-01-01 12:40:30"]),
        ("0 0 0 1 1 ? 2020", []),
        ("0 0 0 30 2 ?", []),
    ],
)
def test_the_next_runs_are_those_of_quartz(expression: str, expected: list[str]) -> None:
    assert runs(expression) == expected


def test_times_are_those_of_the_zone_and_survive_a_change_of_clocks() -> None:
    before = datetime(2024, 3, 30, 12, tzinfo=UTC)
    assert runs("0 30 2 * * ?", zone="Europe/Berlin", after=before) == [
        "2024-03-31 03:30:00",
        "2024-04-01 02:30:00",
        "2024-04-02 02:30:00",
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 12 * * *", "has 5 fields, expected 6 or 7 .a Unix cron has five"),
        ("0 0 12 * * *", "exactly one of day-of-month and day-of-week is `.`; .* neither is"),
        ("0 0 12 ? * ?", "both are"),
        ("0 60 12 * * ?", "minutes `60` is out of range, expected 0 to 59"),
        ("0 0 24 * * ?", "hours `24` is out of range"),
        ("0 0 12 ? * 0", "day-of-week `0` is out of range, expected 1 to 7 or SUN, MON"),
        ("0 0 12 ? * 8", "day-of-week `8`"),
        ("0 0 12 ? * MOO", "day-of-week `MOO`"),
        ("0 0 12 1,L * ?", "day-of-month `1,L`: `L` and `W` stand alone"),
        ("0 0 12 ? * 6#6", "expected 1 to 5"),
        ("0 0/0 12 * * ?", "steps by 0"),
        ("0 x 12 * * ?", "minutes `X`"),
        ("0 1- 12 * * ?", "minutes `1-` is no number, range or increment"),
        ("0 0 12 * 13 ?", "month `13` is out of range, expected 1 to 12 or JAN"),
    ],
)
def test_what_quartz_refuses_is_refused_with_the_field(expression: str, message: str) -> None:
    with pytest.raises(CronError, match=message):
        parse_cron(expression)


@pytest.mark.parametrize(
    ("quartz", "unix"),
    [
        ("0 5/7 3-9 ? * 2-6", "5-59/7 3-9 * * 1-5"),
        ("0 0 0 1,15 */2 ?", "0 0 1,15 */2 *"),
        ("0 30 4 * * ?", "30 4 * * *"),
    ],
)
def test_a_year_of_runs_agrees_with_another_implementation(quartz: str, unix: str) -> None:
    start = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    ours = parse_cron(quartz).next_runs(start, "UTC", count=20_000)
    ours = [run for run in ours if run < start + timedelta(days=60)]
    theirs: list[datetime] = []
    second = croniter(unix, start)
    while not theirs or theirs[-1] < start + timedelta(days=60):
        theirs.append(second.get_next(datetime))
    assert ours == theirs[:-1]
