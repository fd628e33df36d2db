"""The months ahead of a series: by the method that was better than the naive ways, else by the better one of these."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from systems.community.backtest import (
    HORIZON,
    LEVEL,
    Judged,
    backtest,
    coverage,
    has_enough,
    judged,
    scale_of,
    widths,
)
from systems.community.forecasters import (
    BASELINES,
    FORECASTERS,
    NAIVE,
    SEASONAL_NAIVE,
    YEAR,
    Floats,
    forecast,
)
from systems.community.monthly_series import Series

TOO_LITTLE = "too little history"


@dataclass(frozen=True)
class Outlook:
    """A series with its method, how that was chosen, and the interval of each month ahead.

    `judgements` are empty where the history is too short to judge. `widths` are half the interval's width in units of
    `scale_of` the known months, per month ahead; None where it is not known. `coverage` is the share of past months that lay
    within the interval of their time, of `n_covered`; not a number where none could be asked.
    """

    series: Series
    method: str
    judgements: tuple[Judged, ...]
    widths: tuple[float | None, ...]
    coverage: float
    n_covered: int
    level: float
    tests: pd.DataFrame = field(repr=False, compare=False)

    @property
    def is_better(self) -> bool:
        """Whether the method was hardly by luck better than the naive ways: what is registered."""
        return any(each.is_better for each in self.judgements if each.method == self.method)

    @property
    def basis(self) -> str:
        """Why this method, in words."""
        if not self.judgements:
            n = len(self.series.months)
            return f"{TOO_LITTLE}: {n} month{'s' if n > 1 else ''}"
        chosen, best = (next(each for each in self.judgements if test(each)) for test in (self._is_chosen, lambda each: True))
        if self.is_better:
            return f"errs less than the naive ways (p = {chosen.p_value:.2g} against last year's month)"
        return f"no method is surely better; {best.method} was best" if best != chosen else "errs least, and is naive"

    def _is_chosen(self, each: Judged) -> bool:
        return each.method == self.method

    def rows(self) -> pd.DataFrame:
        """Rows (month, value, low, high) of the months ahead."""
        return ahead(self.method, self.series.values, self.widths, self.series.ahead(len(self.widths)))


def ahead(method: str, values: Floats, widths: Sequence[float | None], months: Sequence[date]) -> pd.DataFrame:
    """What a method says after `values`, with its interval; amounts and counts are never below nought."""
    said = forecast(method, values, len(months))
    reach = np.array([math.nan if width is None else width for width in widths]) * scale_of(values)
    low = np.where(np.isnan(reach), np.nan, np.maximum(0.0, said - reach))
    return pd.DataFrame({"month": list(months), "value": said, "low": low, "high": said + reach})


def outlook(series: Series, horizon: int = HORIZON) -> Outlook:
    """Judge every method on the past and choose. The same series gives the same outlook."""
    if not has_enough(series.values):
        return _short(series, horizon)
    tests = backtest(series.values, list(FORECASTERS), horizon)
    judgements = judged(tests, horizon)
    better = [each.method for each in judgements if each.is_better]
    naive = [each.method for each in judgements if each.method in BASELINES]
    return _with_interval(series, (better or naive)[0], tuple(judgements), tests, horizon)


def _short(series: Series, horizon: int) -> Outlook:
    """Naive, with the interval of its own errors where there are some."""
    method = SEASONAL_NAIVE if len(series.values) > YEAR else NAIVE
    tests = backtest(series.values, [method], horizon, least=min(len(series.values), YEAR + 1 if method == SEASONAL_NAIVE else 2))
    return _with_interval(series, method, (), tests, horizon)


def _with_interval(
    series: Series, method: str, judgements: tuple[Judged, ...], tests: pd.DataFrame, horizon: int
) -> Outlook:
    mine = tests[tests["method"] == method]
    share, n = coverage(mine, LEVEL)
    return Outlook(series, method, judgements, tuple(widths(mine, horizon)), share, n, LEVEL, tests)


def outlooks(series: Sequence[Series], horizon: int = HORIZON) -> dict[str, Outlook]:
    """One per series, by name."""
    return {each.name: outlook(each, horizon) for each in series}


def judgement_table(found: Mapping[str, Outlook]) -> pd.DataFrame:
    """For people: every method of every series, the best first."""
    rows = [
        {"series": name, "method": each.method, "mean error": each.mae, "MASE": each.mase, "gain": each.gain,
         "gain low": each.gain_low, "gain high": each.gain_high, "p": each.p_value, "is used": each.method == outlook.method}
        for name, outlook in found.items() for each in outlook.judgements
    ]  # fmt: skip
    return pd.DataFrame(rows or [{"series": f"{TOO_LITTLE} to compare methods"}]).round(3)


def outlook_table(found: Mapping[str, Outlook]) -> pd.DataFrame:
    """For people: which method goes on, why, and how well its interval held."""
    rows = [
        {"series": name, "method": each.method, "because": each.basis, "past months": each.n_covered,
         f"of these within their {LEVEL:.0%} interval": each.coverage, "is registered": each.is_better}
        for name, each in found.items()
    ]  # fmt: skip
    return pd.DataFrame(rows or [{"series": "nothing to forecast yet"}]).round(3)
