"""When did a conversion rate change, by how much, and what explains it? Plain NumPy and SciPy over daily counts.

A series is the daily (people at a step, people who went on) of everybody or of one value of a dimension. Its statistic is the
likelihood ratio of two rates against one, at the best of all days; its tail is that of a standardised Brownian
bridge (James, James and Siegmund 1987, Biometrika 74, equation 1.2), with time measured in people, not in days. Series are tested
together and corrected by Holm, so that a family of unchanged series raises an alarm in at most `ALARMS` of cases.

Assumed is that people decide independently, at a rate that is the same on all days between two breaks. A rate that
differs from day to day by more than chance (weekdays, campaigns, an outage of hours) is no such rate: it raises more
alarms, the more the more people there are, and its intervals and p-values are too sure.

A found break is looked for again on both of its sides, and all are then placed between their neighbours (Bai 1997,
Econometric Theory 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

ALARMS, CONFIDENCE = 0.05, 0.95
# A side of a break has at least this share of the people, and so many expected successes and failures: below it the
# approximation of the tail does not hold.
LEAST_SHARE, LEAST_EXPECTED = 0.05, 10
MOST_ROUNDS = 50  # of placing breaks between their neighbours; a few do
EVERYBODY = "everybody"
# How far below the best day's likelihood ratio the true day's lies at most, with that confidence (Hansen 2000,
# Econometrica 68, theorem 2): a day of change is no regular parameter, the usual 3.84 would hold it too rarely.
LIKELY = -2 * np.log(1 - np.sqrt(CONFIDENCE))


@dataclass(frozen=True)
class Series:
    """Daily counts of one step: `reached` people at it and `went_on` of them, per day of `days`, in order.

    `dimension` and `value` say whose; both are EVERYBODY for all people.
    """

    step: str
    dimension: str
    value: str
    days: Sequence[date]
    reached: Counts
    went_on: Counts

    def part(self, first: int, last: int) -> Series:
        """Days `first` to `last`, the latter not included."""
        return Series(
            self.step, self.dimension, self.value, self.days[first:last], self.reached[first:last], self.went_on[first:last]
        )


@dataclass(frozen=True)
class Break:
    """A change of a rate: first day of the new one, rates before and after in [0, 1], their difference with its interval.

    The rates are those since the break before it and until the next one of the series. `earliest` and `latest` are the
    days whose likelihood is within the confidence of the best one's; `p_value` is corrected for all series of the family.
    """

    step: str
    dimension: str
    value: str
    day: date
    earliest: date
    latest: date
    rate_before: float
    rate_after: float
    change: float
    change_low: float
    change_high: float
    p_value: float


def find_breaks(family: Sequence[Series]) -> list[Break]:
    """The breaks of all series that are tested together, the surest first; empty where nothing changed."""
    scanned = [(series, _scan(series)) for series in family]
    tested = [(series, found) for series, found in scanned if found is not None]
    corrected = holm([found.p_value for _, found in tested])
    breaks: list[Break] = []
    for (series, found), p_value in zip(tested, corrected, strict=True):
        if p_value < ALARMS:
            n_days, n_tests = len(series.days), len(tested)
            more = _more(series, 0, found.at, n_tests), _more(series, found.at, n_days, n_tests)
            breaks += _settled(series, [*more[0], found.at, *more[1]], n_tests) or [_break_of(series, found, p_value)]
    return sorted(breaks, key=lambda each: (each.p_value, each.day))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: family-wise, whatever the dependence (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    corrected, running = np.empty(len(order)), 0.0
    for rank, place in enumerate(order):
        running = max(running, min(1.0, p_values[place] * (len(order) - rank)))
        corrected[place] = running
    return [float(value) for value in corrected]


def tail(statistic: float, share: float = LEAST_SHARE) -> float:
    """P that an unchanged series has a likelihood ratio this large at its best day; 1 where the approximation is none."""
    if statistic <= 4:
        return 1.0
    width = np.log((1 - share) ** 2 / share**2)
    density = np.sqrt(statistic / (2 * np.pi)) * np.exp(-statistic / 2)
    return float(min(1.0, density * (width * (1 - 1 / statistic) + 4 / statistic)))


@dataclass(frozen=True)
class _Scan:
    at: int
    ratios: Floats
    p_value: float


def _scan(series: Series) -> _Scan | None:
    """The best first day of a new rate; None where no day leaves enough people on both sides."""
    reached, went_on = np.cumsum(series.reached)[:-1], np.cumsum(series.went_on)[:-1]
    n, x = int(series.reached.sum()), int(series.went_on.sum())
    if n == 0:
        return None
    rate, smaller = x / n, np.minimum(reached, n - reached)
    is_allowed = (smaller >= LEAST_SHARE * n) & (smaller * min(rate, 1 - rate) >= LEAST_EXPECTED)
    if not is_allowed.any():
        return None
    ratios = 2 * (_likelihood(reached, went_on) + _likelihood(n - reached, x - went_on) - _likelihood(n, x))
    ratios = np.where(is_allowed, ratios, -np.inf)
    best = int(np.argmax(ratios))
    return _Scan(best + 1, ratios, tail(float(ratios[best])))


def _more(series: Series, first: int, last: int, n_tests: int) -> list[int]:
    """Places of further breaks from `first` to `last`, each as sure as if it were tested beside all series; in order."""
    found = _scan(series.part(first, last))
    if found is None or found.p_value * n_tests >= ALARMS:
        return []
    at = first + found.at
    return [*_more(series, first, at, n_tests), at, *_more(series, at, last, n_tests)]


def _settled(series: Series, places: list[int], n_tests: int) -> list[Break]:
    """Two or more breaks, each placed once more between its neighbours until none moves; empty where fewer are left.

    A break that was found before its neighbours may stand a day off, and then that day is taken for a break of its own:
    the one that says nothing between its neighbours goes, the least sure first.
    """
    breaks: list[Break] = []
    for _ in range(MOST_ROUNDS):
        if len(places) < 2:
            return []
        bounds = [0, *places, len(series.days)]
        parts = [series.part(first, last) for first, last in zip(bounds, bounds[2:], strict=False)]
        scans = [_scan(part) for part in parts]
        p_values = [min(1.0, found.p_value * n_tests) if found else 1.0 for found in scans]
        least_sure = int(np.argmax(p_values))
        if p_values[least_sure] >= ALARMS:
            del places[least_sure]
            continue
        found_here = zip(parts, scans, p_values, strict=True)
        breaks = [_break_of(part, found, p_value) for part, found, p_value in found_here if found]
        moved = sorted({first + found.at for first, found in zip(bounds, scans, strict=False) if found})
        if moved == places:
            break
        places = moved
    return breaks


def _break_of(series: Series, found: _Scan, p_value: float) -> Break:
    n1, x1 = int(series.reached[: found.at].sum()), int(series.went_on[: found.at].sum())
    n2, x2 = int(series.reached[found.at :].sum()), int(series.went_on[found.at :].sum())
    low, high = difference_interval(x1, n1, x2, n2)
    likely = np.flatnonzero(found.ratios >= found.ratios[found.at - 1] - LIKELY) + 1
    return Break(
        series.step, series.dimension, series.value, series.days[found.at], series.days[int(likely[0])],
        series.days[int(likely[-1])], x1 / n1, x2 / n2, x2 / n2 - x1 / n1, low, high, p_value,
    )  # fmt: skip


def difference_interval(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float]:
    """Interval of rate 2 minus rate 1 from Wilson's intervals of both (Newcombe 1998, method 10)."""
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    p1, p2 = x1 / n1, x2 / n2
    low = p2 - p1 - np.hypot(p2 - low2, high1 - p1)
    high = p2 - p1 + np.hypot(high2 - p2, p1 - low1)
    return float(low), float(high)


def wilson(x: int, n: int) -> tuple[float, float]:
    """Interval of a rate (Wilson 1927)."""
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    middle, half = (x + z * z / 2) / (n + z * z), z / (n + z * z) * np.sqrt(x * (n - x) / n + z * z / 4)
    return float(middle - half), float(middle + half)


def _likelihood(n: Counts | int, x: Counts | int) -> Floats:
    """The greatest log-likelihood of x of n, its constant left out."""
    n, x = np.asarray(n, dtype=float), np.asarray(x, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, x * np.log(x / n), 0) + np.where(n > x, (n - x) * np.log((n - x) / n), 0)
