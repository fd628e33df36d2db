"""The detector of breaks: silent where nothing changed, sure where something did, and right about what explains it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import stats

from systems.funnel.breaks import (
    ALARMS,
    EVERYBODY,
    Series,
    difference_interval,
    find_breaks,
    holm,
    tail,
)
from systems.funnel.explain import explain

DAYS = [date(2023, 1, 1) + timedelta(days=n) for n in range(120)]
NULL_RUNS, MOST_ALARMS, POWER_RUNS = 200, 17, 100


def series(reached: object, went_on: object, dimension: str = EVERYBODY, value: str = EVERYBODY) -> Series:
    return Series("search", dimension, value, DAYS, np.asarray(reached), np.asarray(went_on))


def family(draw: np.random.Generator, *, n: int = 200, rate: float = 0.3) -> list[Series]:
    """Everybody, and two dimensions of two and three values, in a stationary world whose traffic moves by weekday."""
    traffic = draw.poisson(n * (1 + 0.5 * np.sin(np.arange(len(DAYS)) * 2 * np.pi / 7)))
    found, total_n, total_x = [], np.zeros(len(DAYS), dtype=int), np.zeros(len(DAYS), dtype=int)
    parts = [draw.binomial(traffic, share) for share in (0.5, 0.3)]
    parts.append(np.maximum(traffic - sum(parts), 0))
    went = [draw.binomial(part, rate) for part in parts]
    for value, part, x in zip("abc", parts, went, strict=True):
        found.append(series(part, x, "device", value))
        total_n, total_x = total_n + part, total_x + x
    one = draw.hypergeometric(total_x, total_n - total_x, total_n // 2)
    found += [series(total_n // 2, one, "sex", "f"), series(total_n - total_n // 2, total_x - one, "sex", "m")]
    return [series(total_n, total_x), *found]


def test_stationary_worlds_raise_at_most_17_alarms_in_200() -> None:
    alarms = sum(bool(find_breaks(family(np.random.default_rng(seed)))) for seed in range(NULL_RUNS))
    assert alarms <= MOST_ALARMS, alarms


def test_small_counts_raise_no_more_alarms() -> None:
    alarms = sum(bool(find_breaks(family(np.random.default_rng(seed), n=12, rate=0.05))) for seed in range(NULL_RUNS))
    assert alarms <= MOST_ALARMS, alarms


def test_the_tail_is_that_of_simulated_unchanged_series() -> None:
    draw, reached = np.random.default_rng(1), np.full(200, 500)
    best = []
    for _ in range(2_000):
        x = draw.binomial(reached, 0.4)
        n_before, x_before = np.cumsum(reached)[:-1], np.cumsum(x)[:-1]
        n, total = reached.sum(), x.sum()
        before, after = x_before / n_before, (total - x_before) / (n - n_before)
        spread = total / n * (1 - total / n) * (1 / n_before + 1 / (n - n_before))
        inner = slice(9, 190)
        best.append(np.max(((before - after) ** 2 / spread)[inner]))
    for level in (8.0, 10.0, 12.0):
        simulated = float(np.mean(np.array(best) >= level))
        assert simulated <= tail(level) * 1.15 + 0.003
        assert tail(level) < 2.5 * simulated + 0.01, "far too cautious"


@pytest.mark.parametrize("at", [30, 60, 95])
def test_a_change_with_a_power_of_95_percent_is_found_in_90_percent_of_runs_in_its_week(at: int) -> None:
    n, rate, n_tests = 200, 0.3, 6
    threshold = next(level for level in np.arange(4, 60, 0.01) if tail(level) * n_tests < ALARMS)
    wanted = (np.sqrt(threshold) + stats.norm.ppf(0.95)) ** 2
    spread = rate * (1 - rate) * (1 / (n * at) + 1 / (n * (len(DAYS) - at)))
    size = float(np.sqrt(wanted * spread))
    hits = 0
    for seed in range(POWER_RUNS):
        draw = np.random.default_rng(10_000 + seed)
        quiet = [series(np.full(len(DAYS), n), draw.binomial(n, rate, len(DAYS)), "x", str(i)) for i in range(n_tests - 1)]
        rates = np.where(np.arange(len(DAYS)) < at, rate, rate - size)
        found = find_breaks([series(np.full(len(DAYS), n), draw.binomial(n, rates)), *quiet])
        hits += any(each.value == EVERYBODY and each.earliest <= DAYS[at] <= each.latest for each in found)
    assert hits >= 0.9 * POWER_RUNS, hits


def test_people_shuffled_over_the_days_hold_no_break() -> None:
    """Days would not do: those before the break and after it would scatter by more than chance."""
    draw = np.random.default_rng(5)
    rates = np.where(np.arange(len(DAYS)) < 60, 0.5, 0.2)
    went_on = draw.binomial(300, rates)
    assert find_breaks([series(np.full(len(DAYS), 300), went_on)])
    people = np.repeat([1, 0], [went_on.sum(), 300 * len(DAYS) - went_on.sum()])
    alarms = 0
    for seed in range(NULL_RUNS):
        shuffled = np.random.default_rng(seed).permutation(people).reshape(len(DAYS), 300)
        alarms += bool(find_breaks([series(np.full(len(DAYS), 300), shuffled.sum(axis=1))]))
    assert alarms <= MOST_ALARMS, alarms


def test_two_breaks_of_a_series_are_both_found() -> None:
    rates = np.select([np.arange(120) < 40, np.arange(120) < 80], [0.4, 0.2], 0.5)
    found = find_breaks([series(np.full(120, 1_000), np.random.default_rng(2).binomial(1_000, rates))])
    assert sorted(each.day for each in found) == [DAYS[40], DAYS[80]]


def test_a_break_that_was_found_a_day_off_leaves_no_second_one_beside_it() -> None:
    """The whole series is split first, at a day that the other break moves; rates are those between neighbours."""
    beside, exact = 0, 0
    for seed in range(40):
        rates = np.select([np.arange(120) < 40, np.arange(120) < 80], [0.55, 0.40], 0.55)
        found = find_breaks([series(np.full(120, 1_500), np.random.default_rng(seed).binomial(1_500, rates))])
        days = sorted((each.day - DAYS[0]).days for each in found)
        beside += any(later - earlier < 5 for earlier, later in pairwise(days))
        if len(found) == 2:
            first, second = sorted(found, key=lambda each: each.day)
            shown = [first.rate_before, first.rate_after, second.rate_before, second.rate_after]
            exact += shown == pytest.approx([0.55, 0.40, 0.40, 0.55], abs=0.01)
    assert beside == 0
    assert exact >= 32, exact


def test_nobody_and_everybody_are_no_error() -> None:
    nobody, everybody = np.zeros(120, dtype=int), np.full(120, 50)
    assert find_breaks([series(nobody, nobody), series(everybody, everybody), series(everybody, nobody)]) == []
    assert find_breaks([]) == []


def test_another_mix_of_people_is_told_from_another_rate() -> None:
    share = np.where(np.arange(120) < 60, 0.8, 0.3)
    a, b = np.round(1_000 * share).astype(int), np.round(1_000 * (1 - share)).astype(int)
    draw = np.random.default_rng(3)
    by_value = [series(a, draw.binomial(a, 0.6), "device", "a"), series(b, draw.binomial(b, 0.2), "device", "b")]
    whole = series(a + b, by_value[0].went_on + by_value[1].went_on)
    found = find_breaks([whole])[0]
    explanation = explain(found, whole, {"device": by_value})[0]
    assert found.day == DAYS[60]
    assert explanation.mix_share > 0.95
    assert explanation.moved == {}


def test_intervals_hold_the_true_difference_in_95_percent() -> None:
    draw, inside = np.random.default_rng(4), 0
    for _ in range(2_000):
        x1, x2 = draw.binomial(80, 0.1), draw.binomial(120, 0.25)
        low, high = difference_interval(int(x1), 80, int(x2), 120)
        inside += low <= 0.15 <= high
    assert 0.935 <= inside / 2_000 <= 0.975


def test_holm_is_the_corrected_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@dataclass(frozen=True)
class RealPages:
    """The users of the real set: place of each one's day in `days`, who was at which page, and who has which value."""

    days: list[date]
    day: np.ndarray
    was_at: dict[str, np.ndarray]
    has: dict[tuple[str, str], np.ndarray]

    def series(self, day: np.ndarray) -> tuple[dict[str, Series], dict[str, dict[str, list[Series]]]]:
        """Per step: everybody's series, and the series by dimension; users came on the days of `day`."""
        whole: dict[str, Series] = {}
        parts: dict[str, dict[str, list[Series]]] = {}
        for step, following in pairwise(self.was_at):
            for (dimension, value), has in self.has.items():
                there = has & self.was_at[step]
                who = (there, there & self.was_at[following])
                reached, went_on = (np.bincount(day[each], minlength=len(self.days)) for each in who)
                counted = Series(step, dimension, value, self.days, reached, went_on)
                if dimension == EVERYBODY:
                    whole[step] = counted
                else:
                    parts.setdefault(step, {}).setdefault(dimension, []).append(counted)
        return whole, parts


@pytest.fixture(scope="module")
def real_pages() -> RealPages:
    """With a random column, `coin`."""
    data = os.environ.get("TIDELINE_REAL_DATA")
    if not data:
        pytest.skip("TIDELINE_REAL_DATA is not set: no real files to read")
    folder = Path(data) / "funnel"
    users = duckdb.sql(f"""
    SELECT date::date AS day, lower(device) AS device, lower(sex) AS sex, (hash(user_id + 17) % 2)::text AS coin, true AS home,
           user_id IN (SELECT user_id FROM '{folder}/search_page_table.csv.gz') AS search,
           user_id IN (SELECT user_id FROM '{folder}/payment_page_table.csv.gz') AS payment,
           user_id IN (SELECT user_id FROM '{folder}/payment_confirmation_table.csv.gz') AS confirmation
    FROM '{folder}/user_table.csv.gz'
    """).df()
    days, day = np.unique(users["day"].dt.date, return_inverse=True)
    kinds = [(name, value) for name in ("device", "sex", "coin") for value in users[name].unique()]
    has = {(name, value): (users[name] == value).to_numpy() for name, value in kinds}
    pages = ("home", "search", "payment", "confirmation")
    everybody = {(EVERYBODY, EVERYBODY): np.full(len(users), True)}
    return RealPages(list(days), day, {page: users[page].to_numpy() for page in pages}, everybody | has)


def all_of(whole: Mapping[str, Series], parts: Mapping[str, Mapping[str, list[Series]]]) -> list[Series]:
    return [*whole.values(), *(each for by in parts.values() for values in by.values() for each in values)]


def test_the_real_users_shuffled_over_the_days_hold_no_break(real_pages: RealPages) -> None:
    assert find_breaks(all_of(*real_pages.series(real_pages.day)))
    shuffled = (np.random.default_rng(seed).permutation(real_pages.day) for seed in range(NULL_RUNS))
    alarms = sum(bool(find_breaks(all_of(*real_pages.series(day)))) for day in shuffled)
    assert alarms <= MOST_ALARMS, alarms


def test_the_real_set_changed_on_the_first_of_march_by_device_and_by_nothing_else(real_pages: RealPages) -> None:
    whole, parts = real_pages.series(real_pages.day)
    found = {(each.step, each.dimension, each.value): each for each in reversed(find_breaks(all_of(whole, parts)))}
    march = date(2015, 3, 1)
    for step, value, before, after in (("home", "mobile", 0.80, 0.20), ("search", "desktop", 0.16, 0.04)):
        each = found[step, "device", value]
        assert each.earliest <= march <= each.latest
        assert (each.latest - each.earliest).days <= 2
        assert each.rate_before == pytest.approx(before, abs=0.01)
        assert each.rate_after == pytest.approx(after, abs=0.01)
        assert each.change_low < after - before < each.change_high
        best, *others = explain(found[step, EVERYBODY, EVERYBODY], whole[step], parts[step])
        assert (best.dimension, best.explains, set(best.moved)) == ("device", True, {value})
        assert not any(other.explains for other in others)
    assert ("home", "device", "desktop") not in found
    assert ("search", "device", "mobile") not in found
    assert not [key for key in found if key[0] == "payment"]
