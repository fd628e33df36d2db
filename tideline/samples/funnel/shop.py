"""A shop with six steps to a purchase: who comes, how far each gets, and the day on which one step broke on one device.

The planted change: from day PLANTED.day on, visitors with PLANTED.device go on from step PLANTED.step less often.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

N_STEPS = 6
DEVICES, SEXES, CHANNELS = ("desktop", "mobile", "tablet"), ("female", "male"), ("search", "ads", "email", "direct")
DEVICE_SHARES, CHANNEL_SHARES = (0.45, 0.45, 0.10), (0.4, 0.3, 0.1, 0.2)
PAGES = ("landing", "search", "product", "basket", "payment", "confirmation")
# How often visitors go on from each step; tablets and ads do worse.
GOES_ON = (0.62, 0.55, 0.42, 0.60, 0.75)
BY_DEVICE, BY_CHANNEL = (1.0, 0.95, 0.85), (1.0, 0.85, 1.1, 1.0)
SKIPS, COMES_AGAIN, CHANGES_CHANNEL = 0.01, 0.15, 0.02
SLOWEST_STEP_MINUTES, LONGEST_LIFE_DAYS = 400, 3
ROWS_OF_A_DAY = 10_000_000


@dataclass(frozen=True)
class Planted:
    """A change of the rate at which visitors with a device leave a step, from a day on; `ratio` of new rate to old."""

    day: int
    step: int
    device: str
    ratio: float


PLANTED = Planted(day=15, step=3, device="mobile", ratio=0.6)


@dataclass(frozen=True)
class User:
    """A visitor as the shop's `users` table has him."""

    user_id: int
    date: date
    device: str
    sex: str | None
    channel: str
    updated_at: datetime


@dataclass(frozen=True)
class Visit:
    """A row of a step's table."""

    event_id: int
    user_id: int
    page: str
    updated_at: datetime


class Shop:
    """All visitors and visits, by the day on which visitors came first; the same arguments give the same ones."""

    def __init__(self, seed: int, *, per_day: int, start: date, planted: Planted | None = PLANTED) -> None:
        self.seed, self.per_day, self.start, self.planted = seed, per_day, start, planted

    def users_changed_on(self, day_index: int) -> Iterator[User]:
        """Visitors who came on a day, and those of the day before whose channel was corrected on it."""
        for cohort in (day_index - 1, day_index):
            if cohort >= 1:
                yield from (user for user in self._users(cohort) if user.updated_at.date() == self._date(day_index))

    def visits_on(self, step: int, day_index: int) -> Iterator[Visit]:
        """Visits of a step (from 1) on a day, whenever their visitors came first."""
        for cohort in range(max(1, day_index - LONGEST_LIFE_DAYS), day_index + 1):
            for visit in self._visits(step, cohort):
                if visit.updated_at.date() == self._date(day_index):
                    yield visit

    def _date(self, day_index: int) -> date:
        return self.start + timedelta(days=day_index - 1)

    def _users(self, cohort: int) -> Iterator[User]:
        people = self._people(cohort)
        first = datetime.combine(self._date(cohort), time(), UTC)
        for i in range(self.per_day):
            user_id = cohort * ROWS_OF_A_DAY + i
            came = first + timedelta(milliseconds=int(people.came[i]))
            device = DEVICES[people.device[i]]
            sex = None if i % 50 == 7 else SEXES[people.sex[i]]
            yield User(user_id, first.date(), device, sex, CHANNELS[people.channel[i]], came)
            if people.corrected[i]:
                later = CHANNELS[(people.channel[i] + 1) % len(CHANNELS)]
                yield User(user_id, first.date(), device, sex, later, came + timedelta(days=1))

    def _visits(self, step: int, cohort: int) -> Iterator[Visit]:
        people = self._people(cohort)
        first = datetime.combine(self._date(cohort), time(), UTC)
        base, n = cohort * ROWS_OF_A_DAY, 0
        for i in np.flatnonzero(people.reached[:, step - 1]):
            at = int(people.came[i] + people.waited[i, step - 1])
            times = [at] if not people.again[i, step - 1] else [at, at + 90_000]
            for moment in times:
                yield Visit(base + n, base + int(i), PAGES[step - 1], first + timedelta(milliseconds=moment))
                n += 1

    def _people(self, cohort: int) -> People:
        draw = np.random.default_rng([self.seed, 21, cohort])
        n = self.per_day
        device = draw.choice(len(DEVICES), n, p=DEVICE_SHARES)
        channel = draw.choice(len(CHANNELS), n, p=CHANNEL_SHARES)
        rate = np.array(GOES_ON) * np.array(BY_DEVICE)[device, None] * np.array(BY_CHANNEL)[channel, None]
        if self.planted and cohort >= self.planted.day:
            rate[device == DEVICES.index(self.planted.device), self.planted.step - 1] *= self.planted.ratio
        goes_on = draw.random((n, N_STEPS - 1)) < rate
        reached = np.column_stack([np.ones(n, dtype=bool), np.cumprod(goes_on, axis=1).astype(bool)])
        # A few miss a step and come to the one after it all the same.
        skipped = np.flatnonzero(reached[:, 2] & (draw.random(n) < SKIPS))
        reached[skipped, 1] = False
        waits = draw.exponential(90_000, (n, N_STEPS)) * np.where(draw.random((n, 1)) < 0.05, 60, 1)
        waited = np.minimum(np.cumsum(waits, axis=1), SLOWEST_STEP_MINUTES * 60_000 * N_STEPS).astype(np.int64)
        return People(
            device, draw.integers(0, 2, n), channel, draw.integers(0, 86_399_000, n), draw.random(n) < CHANGES_CHANNEL,
            reached, waited, draw.random((n, N_STEPS)) < COMES_AGAIN,
        )  # fmt: skip


@dataclass(frozen=True)
class People:
    """A day's new visitors as arrays; times in milliseconds, `came` after midnight, `waited` after that."""

    device: NDArray[np.int64]
    sex: NDArray[np.int64]
    channel: NDArray[np.int64]
    came: NDArray[np.int64]
    corrected: NDArray[np.bool_]
    reached: NDArray[np.bool_]
    waited: NDArray[np.int64]
    again: NDArray[np.bool_]
