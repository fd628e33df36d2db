"""One day of visits: who searches, looks at items, and sometimes buys."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tideline.samples.ab_testing.experiments import BUY, EXPERIMENTS, PRODUCT, SEARCH, STEPS, TRUE_EFFECT

SITE = "SHP"
# A purchase that is logged once more: another BUY row.
AGAIN = "AGAIN"
# Visits per local hour of the day, as shares; nights are quiet, evenings are not.
HOURS = (2, 1, 1, 1, 1, 1, 2, 3, 5, 6, 6, 6, 6, 7, 8, 7, 8, 8, 7, 11, 10, 9, 8, 5)
# How often the step follows the one before it, from CHECKOUT_1 on.
CONTINUES = (0.85, 0.72, 0.80)
EVENTS_PER_DAY = 70_000


@dataclass(frozen=True)
class Event:
    """One event, its moment in milliseconds after local midnight."""

    user: int
    at_ms: int
    name: str
    item: int | None


@dataclass(frozen=True)
class Visitors:
    """The shop's visitors: their variant in every experiment, the same on every day."""

    seed: int
    size: int
    variants: NDArray[np.int16]
    seconds: NDArray[np.int16]

    @classmethod
    def of(cls, seed: int, scale: float) -> Visitors:
        """`variants` holds an index per user and experiment; `seconds` another one for contaminated users, else -1."""
        size = max(80, round(9_000 * scale))
        rng = np.random.default_rng([seed, 1])
        first = np.empty((size, len(EXPERIMENTS)), dtype=np.int16)
        second = np.full_like(first, -1)
        for column, experiment in enumerate(EXPERIMENTS):
            first[:, column] = rng.choice(
                len(experiment.variants), size, p=np.array(experiment.shares) / sum(experiment.shares)
            )
            met_two = rng.random(size) < experiment.contaminated
            if len(experiment.variants) > 1:
                second[met_two, column] = (first[met_two, column] + 1) % len(experiment.variants)
        return cls(seed, size, first, second)

    def is_favoured(self, user: int) -> bool:
        """Whether the user sees the variant with the true effect."""
        experiment = EXPERIMENTS[EFFECT_COLUMN]
        return experiment.variants[int(self.variants[user, EFFECT_COLUMN])] == TRUE_EFFECT.better


EFFECT_COLUMN = next(
    i for i, experiment in enumerate(EXPERIMENTS) if experiment.name == TRUE_EFFECT.experiment
)


def events_of(visitors: Visitors, day: int, scale: float) -> list[Event]:
    """About `scale` times 70,000 events, in the order of their time; a purchase, if any, is logged twice at least once."""
    luck = random.Random(f"{visitors.seed}/visits/{day}")
    wanted = max(400, round(EVENTS_PER_DAY * scale))
    events: list[Event] = []
    while len(events) < wanted:
        user = luck.randrange(visitors.size)
        n_rounds = min(60, 1 + int(luck.paretovariate(1.15)))
        events += _visit(luck, user, n_rounds, visitors.is_favoured(user))
    if not any(event.name == AGAIN for event in events):
        events += [
            replace(event, at_ms=event.at_ms + 20_000, name=AGAIN) for event in events if event.name == BUY
        ][:1]
    return sorted(events, key=lambda event: (event.at_ms, event.user))


def _visit(luck: random.Random, user: int, n_rounds: int, is_favoured: bool) -> Iterator[Event]:
    at_ms = luck.choices(range(24), HOURS)[0] * 3_600_000 + luck.randrange(3_600_000)
    for _ in range(n_rounds):
        at_ms += 2_000 + int(luck.expovariate(1 / 45_000))
        if at_ms > 86_390_000:
            return
        if luck.random() < 0.62:
            yield Event(user, at_ms, SEARCH, None)
            continue
        item = 100_000_000 + int(luck.paretovariate(0.35) * 1_000) % 899_999_999
        yield Event(user, at_ms, PRODUCT, item)
        for step in _steps_to_purchase(luck, TRUE_EFFECT.ratio if is_favoured else 1.0):
            at_ms += 3_000 + int(luck.expovariate(1 / 25_000))
            if at_ms > 86_390_000:
                return
            yield Event(user, at_ms, step, item)


def _steps_to_purchase(luck: random.Random, eagerness: float) -> Iterator[str]:
    """Steps after an item was looked at; a purchase is at times logged twice within a minute."""
    if luck.random() >= 0.025 * eagerness:
        return
    yield STEPS[2]
    for step, continues in zip(STEPS[3:], CONTINUES, strict=True):
        if luck.random() >= continues:
            return
        yield step
    if luck.random() < 0.06:
        yield AGAIN


def rows_of(visitors: Visitors, day: int, events: list[Event], midnight: datetime) -> list[str]:
    """CSV lines of the events, each tagged with the experiments of its kind."""
    rng = np.random.default_rng([visitors.seed, 2, day])
    kinds = [BUY if event.name == AGAIN else event.name for event in events]
    rates = np.array([[experiment.tagged.get(step, 0.0) for experiment in EXPERIMENTS] for step in STEPS])
    is_tagged = rng.random((len(events), len(EXPERIMENTS))) < rates[[STEPS.index(kind) for kind in kinds]]
    users = np.array([event.user for event in events])
    chosen = visitors.variants[users]
    other = visitors.seconds[users]
    chosen = np.where((other >= 0) & (rng.random(chosen.shape) < 0.4), other, chosen)
    names = [
        [f"{experiment.name}={variant}" for variant in experiment.variants] for experiment in EXPERIMENTS
    ]
    rows = []
    for place, event in enumerate(events):
        tags = ", ".join(
            [names[column][chosen[place, column]] for column in np.flatnonzero(is_tagged[place])]
        )
        item = "" if event.item is None else str(event.item)
        rows.append(
            f'{kinds[place]},{item},{_time(midnight, event.at_ms)},{SITE},"{{{tags}}}",{event.user + 1}\n'
        )
    return rows


def _time(midnight: datetime, at_ms: int) -> str:
    moment = midnight + timedelta(milliseconds=at_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}-0400"
