"""How good would each method have been? Forecasts from every past month, judged by the months that followed it.

An origin is a number of months that were known. A forecast of an origin sees these and nothing later: neither the method, nor
the scale of its errors, nor the width of its interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from systems.community.forecasters import BASELINES, SEASONAL_NAIVE, YEAR, Floats, forecast

HORIZON = 6
LEAST_KNOWN = 18  # months before the first origin: a year and a half, so that a season was seen once and begun again
LEAST_ORIGINS = 6  # whose whole horizon is known: fewer cannot tell a better method from luck
LEAST_RESIDUALS = 4  # the fewest of which an 80 % interval can be made: ceil(0.8 * 5) = 4
LEVEL = 0.8
SURE = 0.05


@dataclass(frozen=True)
class Judged:
    """A method against seasonal naive.

    `mase` is its mean absolute error in units of what seasonal naive errs in the months that were known; `gain` is how much
    lower it is than seasonal naive's, with its 95 % interval over origins. `p_value` is that of a gain by chance (Diebold and
    Mariano's test, one-sided, corrected for small samples as Harvey, Leybourne and Newbold do, and for the number of
    candidates as Bonferroni does); 1 for what is naive itself. `errs_least` is whether no naive way errs less.
    """

    method: str
    mae: float
    mase: float
    gain: float
    gain_low: float
    gain_high: float
    p_value: float
    errs_least: bool

    @property
    def is_better(self) -> bool:
        """Whether it errs less than both naive ways, and less than seasonal naive hardly by luck."""
        return self.errs_least and self.gain > 0 and self.p_value < SURE


def has_enough(values: Floats) -> bool:
    """Whether there are months enough to judge a method by."""
    return len(values) >= LEAST_KNOWN + HORIZON + LEAST_ORIGINS - 1


def backtest(values: Floats, methods: Sequence[str], horizon: int = HORIZON, least: int = LEAST_KNOWN) -> pd.DataFrame:
    """Rows (method, origin, ahead, actual, predicted, scale), for every origin from `least` months on and every month that
    followed it, up to `horizon` months ahead.
    """
    rows = []
    for origin in range(least, len(values)):
        known, later = values[:origin], values[origin : origin + horizon]
        for method in methods:
            said = forecast(method, known, horizon)[: len(later)]
            rows += [
                (method, origin, ahead, actual, predicted, scale_of(known))
                for ahead, (actual, predicted) in enumerate(zip(later, said, strict=True), start=1)
            ]
    return pd.DataFrame(rows, columns=["method", "origin", "ahead", "actual", "predicted", "scale"])


def scale_of(known: Floats) -> float:
    """What seasonal naive errs on average within the known months; the last month's naive where there is no year; never 0."""
    lag = YEAR if len(known) > YEAR else 1
    error = float(np.mean(np.abs(known[lag:] - known[:-lag]))) if len(known) > lag else 0.0
    return error or max(1.0, float(np.mean(np.abs(known))) if len(known) else 1.0)


def judged(tests: pd.DataFrame, horizon: int = HORIZON) -> list[Judged]:
    """Every method against seasonal naive, the best first, over the origins whose whole horizon is known."""
    whole = tests[tests["origin"] <= tests["origin"].max() + 1 - horizon]
    errors = (whole["actual"] - whole["predicted"]).abs()
    by_origin = whole.assign(mae=errors, mase=errors / whole["scale"]).groupby(["method", "origin"])[["mae", "mase"]].mean()
    methods = [str(name) for name in by_origin.index.unique("method")]
    of = {name: by_origin.loc[name].to_numpy(dtype=np.float64) for name in methods}  # (origins, mae and mase)
    least = min(of[name][:, 1].mean() for name in BASELINES if name in of)
    n_candidates = max(1, len(set(methods) - set(BASELINES)))
    found = []
    for name in methods:
        gains = of[SEASONAL_NAIVE][:, 1] - of[name][:, 1]
        low, high, p_value = gain_of(gains, horizon)
        p_value = 1.0 if name in BASELINES else min(1.0, p_value * n_candidates)
        mae, mase = of[name].mean(axis=0)
        measures = (float(mae), float(mase), float(gains.mean()))
        found.append(Judged(name, *measures, low, high, p_value, errs_least=bool(mase <= least)))
    return sorted(found, key=lambda each: (each.mase, each.method))


def gain_of(gains: Floats, horizon: int) -> tuple[float, float, float]:
    """The 95 % interval of a mean gain over origins, and the one-sided p-value of no gain.

    Neighbouring origins share months ahead: their covariances up to `horizon` - 1 count, weighted as Bartlett does.
    """
    n, mean = len(gains), float(np.mean(gains))
    away = gains - mean
    lags = range(1, min(horizon, n))
    covariances = [float(away[lag:] @ away[:-lag]) / n for lag in lags]
    weighted = sum((1 - lag / horizon) * each for lag, each in zip(lags, covariances, strict=True))
    variance = (float(away @ away) / n + 2 * weighted) / n
    shrunk = max(1.0 / n, (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)  # of Harvey, Leybourne and Newbold
    error = math.sqrt(max(variance, 0.0) / shrunk)
    if error == 0.0:
        return mean, mean, 0.0 if mean > 0 else 1.0
    reach = float(stats.t.ppf(0.975, n - 1)) * error
    return mean - reach, mean + reach, float(stats.t.sf(mean / error, n - 1))


def widths(tests: pd.DataFrame, horizon: int = HORIZON, level: float = LEVEL) -> list[float | None]:
    """Per month ahead, half the width of the interval in units of the scale; None where too few errors are known.

    A conformal quantile: of n errors the ceil((n + 1) * level)-th smallest, so that a new error is below it with at least
    that chance if it comes as the others did.
    """
    errors = ((tests["actual"] - tests["predicted"]).abs() / tests["scale"]).groupby(tests["ahead"])
    known = {int(ahead): group.to_numpy(dtype=np.float64) for ahead, group in errors}
    return [quantile_of(known.get(ahead, np.empty(0)), level) for ahead in range(1, horizon + 1)]


def quantile_of(errors: Floats, level: float) -> float | None:
    """The conformal quantile; None for less than it can be made of."""
    rank = math.ceil((len(errors) + 1) * level)
    return float(np.sort(errors)[rank - 1]) if LEAST_RESIDUALS <= len(errors) >= rank else None


def coverage(tests: pd.DataFrame, level: float = LEVEL) -> tuple[float, int]:
    """The share of later months within the interval that was known at their origin, and of how many months.

    `tests` are of one method. At an origin the errors of those months only are known that had come by then.
    """
    origins, ahead = tests["origin"].to_numpy(), tests["ahead"].to_numpy()
    errors = ((tests["actual"] - tests["predicted"]).abs() / tests["scale"]).to_numpy(dtype=np.float64)
    inside = []
    for origin, step, error in zip(origins, ahead, errors, strict=True):
        width = quantile_of(errors[(ahead == step) & (origins + ahead <= origin)], level)
        if width is not None:
            inside.append(bool(error <= width))
    return (sum(inside) / len(inside), len(inside)) if inside else (math.nan, 0)
