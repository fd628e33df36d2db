"""The life of payments: made, settled, corrected, reversed; every step is a version with its own `updated_at`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tideline.samples.payments.world import Floats, Ints, World

# A payment changes for at most this many days after it was made.
LONGEST_LIFE_DAYS = 9
PENDING, CONFIRMED, FAILED, REVERSED = "pending", "confirmed", "failed", "reversed"
ANONYMOUS, STARTS_PENDING, FAILS, PAID_LATE, CORRECTED, IS_REVERSED = 0.08, 0.4, 0.06, 0.05, 0.01, 0.015
SMALLEST, LARGEST = 50.0, 1_400_000.0
DAY_MICROS = 86_400_000_000
Micros = NDArray[np.int64]


@dataclass(frozen=True)
class Version:
    """A payment after one of its changes. Times are local to the source and have no zone."""

    id: int
    payment_at: datetime | None
    company_code: str
    status: str
    amount: str
    external_client_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Calendar:
    """`start` is delivery day 1; the source had been running for `backlog_days` before it; `per_day` payments are made."""

    start: date
    backlog_days: int
    per_day: int

    def midnight(self, day_index: int) -> datetime:
        return datetime.combine(self.start, time()) + timedelta(days=day_index - 1)

    @property
    def first_index(self) -> int:
        return 1 - self.backlog_days


class Payments:
    """All versions of all payments of a world, day by day; the same arguments give the same ones in any order."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self.world, self.calendar = world, calendar
        self._made = lru_cache(LONGEST_LIFE_DAYS + 2)(self._make)

    def changes_of(self, day_index: int) -> Iterator[Version]:
        """The versions written on a local day, in the order of their `updated_at`; ids break ties."""
        first = max(self.calendar.first_index, day_index - LONGEST_LIFE_DAYS)
        found = [
            version
            for made in range(first, day_index + 1)
            for version in self._made(made).on(day_index)
        ]
        yield from sorted(found, key=lambda version: (version.updated_at, version.id))

    def _make(self, day_index: int) -> Day:
        draw = np.random.default_rng([self.world.seed, 12, day_index + 10_000])
        return Day.of(self.world, self.calendar, day_index, draw)


@dataclass(frozen=True)
class Day:
    """The payments made on one day, as arrays; times are microseconds after its midnight, -1 where it did not happen."""

    world: World
    midnight: datetime
    day_index: int
    first_id: int
    company: Ints
    client: Ints
    amount: Floats
    made: Micros
    settled: Micros
    fails: NDArray[np.bool_]
    starts_pending: NDArray[np.bool_]
    paid: Micros
    corrected: Micros
    reversed_at: Micros

    @classmethod
    def of(cls, world: World, calendar: Calendar, day_index: int, draw: np.random.Generator) -> Day:
        n = calendar.per_day
        clients = draw.choice(world.n_clients, n, p=world.activity)
        company = world.choose(draw, clients)
        amount = np.clip(world.ticket[company] * np.exp(draw.normal(0, 0.9, n)), SMALLEST, LARGEST)
        made = np.sort(_time_of_day(draw, n))
        starts_pending = draw.random(n) < STARTS_PENDING
        # Most settle within the hour, some days later; a batch of the partner settles many in one second.
        wait = (draw.exponential(1.0, n) * np.where(draw.random(n) < 0.2, 0.5 * DAY_MICROS, 1e9)).astype(np.int64)
        wait = np.minimum(wait, 2 * DAY_MICROS)
        settled = np.where(starts_pending, made + 1 + wait, made)
        fails = draw.random(n) < FAILS
        late = ~fails & (draw.random(n) < PAID_LATE)
        paid = np.where(late, settled + 1 + draw.integers(0, DAY_MICROS, n), settled)
        corrected = np.where(~fails & (draw.random(n) < CORRECTED), paid + 1 + draw.integers(0, 2_000_000, n), -1)
        undone = ~fails & (draw.random(n) < IS_REVERSED)
        reversed_at = np.where(undone, np.maximum(paid, corrected) + 1 + draw.integers(0, 5 * DAY_MICROS, n), -1)
        first_id = 1 + (day_index - calendar.first_index) * n
        return cls(
            world, calendar.midnight(day_index), day_index, first_id, company, np.where(draw.random(n) < ANONYMOUS, -1, clients),
            amount, made, settled, fails, starts_pending, np.where(fails, -1, paid), corrected, reversed_at,
        )  # fmt: skip

    def on(self, day_index: int) -> Iterator[Version]:
        """Versions that were written on a day."""
        low = (day_index - self.day_index) * DAY_MICROS
        steps = (self.made, self.settled, self.paid, self.corrected, self.reversed_at)
        touched = np.zeros(len(self.made), dtype=bool)
        for step in steps:
            touched |= (step >= low) & (step < low + DAY_MICROS)
        for i in np.flatnonzero(touched):
            for version, at in self._versions(int(i)):
                if low <= at < low + DAY_MICROS:
                    yield version

    def _versions(self, i: int) -> Iterator[tuple[Version, int]]:
        moments = {int(step[i]) for step in (self.made, self.settled, self.paid, self.corrected, self.reversed_at)}
        for at in sorted(moment for moment in moments if moment >= 0):
            yield self._version(i, at), at

    def _version(self, i: int, at: int) -> Version:
        amount = self.amount[i] * (0.9 if 0 <= self.corrected[i] <= at else 1.0)
        is_paid = 0 <= self.paid[i] <= at
        return Version(
            id=self.first_id + i,
            payment_at=self._moment(int(self.settled[i])) if is_paid else None,
            company_code=self.world.company_code(int(self.company[i])),
            status=self._status(i, at),
            amount=f"{amount:.2f}",
            external_client_id=self.world.client_id(int(self.client[i])) if self.client[i] >= 0 else None,
            created_at=self._moment(int(self.made[i])),
            updated_at=self._moment(at),
        )

    def _status(self, i: int, at: int) -> str:
        if 0 <= self.reversed_at[i] <= at:
            return REVERSED
        if at < self.settled[i]:
            return PENDING
        return FAILED if self.fails[i] else CONFIRMED

    def _moment(self, micros: int) -> datetime:
        return self.midnight + timedelta(microseconds=micros)


def _time_of_day(draw: np.random.Generator, n: int) -> Micros:
    """Mostly by day: the sum of two uniform draws peaks in the afternoon."""
    share = (draw.random(n) + draw.random(n) + 0.3) / 2.3
    return (share * (DAY_MICROS - 1)).astype(np.int64)
