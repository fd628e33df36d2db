"""Ways to go on from the months that are known: each is a function of values and a horizon, and looks at nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Forecaster = Callable[[Floats, int], Floats]

YEAR = 12
NAIVE, SEASONAL_NAIVE = "last month again", "seasonal naive"
PENALTIES = np.logspace(-3, 3, 13)
N_WAVES = 2  # of a year, and of half a year
DAMPING = 0.9  # of the slope, by month ahead: a trend does not go on for ever
RECENT = 3


def naive(values: Floats, horizon: int) -> Floats:
    """The last month, again and again."""
    return np.repeat(values[-1:], horizon)


def seasonal_naive(values: Floats, horizon: int) -> Floats:
    """What the same month of the year before was; the last month again where there is no year yet."""
    if len(values) < YEAR:
        return naive(values, horizon)
    return np.resize(values[-YEAR:], horizon)


def drifting(values: Floats, horizon: int) -> Floats:
    """The same month of the year before, and what a year adds on average of the last year against the one before it."""
    if len(values) < YEAR + RECENT:
        return seasonal_naive(values, horizon)
    added = values[YEAR:] - values[:-YEAR]
    return seasonal_naive(values, horizon) + _years_ahead(horizon) * float(np.mean(added[-YEAR:]))


def level_and_season(values: Floats, horizon: int) -> Floats:
    """The level of the last months, season taken out, goes on with a slope that fades; the season comes back on it."""
    n = len(values)
    fitted = _fitted(values, horizon)
    trend, season = fitted[:, 0], fitted[:, 1]
    level = trend[n - 1] + float(np.mean((values - trend[:n] - season[:n])[-RECENT:]))
    faded: Floats = np.cumsum((trend[n - 1] - trend[n - 2]) * DAMPING ** np.arange(1, horizon + 1))
    ahead: Floats = level + faded + season[n:]
    return ahead


def trend_and_season(values: Floats, horizon: int) -> Floats:
    """A straight line and waves of a year through all months, drawn in by a penalty that the data choose."""
    ahead: Floats = _fitted(values, horizon)[len(values) :].sum(axis=1)
    return ahead


def _fitted(values: Floats, horizon: int) -> Floats:
    """A regression's trend and season, (months known and ahead, 2); the penalty is chosen by leaving months out."""
    n = len(values)
    line, waves = _terms(n + horizon)
    terms = np.hstack([line, waves])
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES)).fit(terms[:n], values)
    alone = terms.copy()
    alone[:, 1:] = terms[:n, 1:].mean(axis=0)
    trend: Floats = model.predict(alone)
    whole: Floats = model.predict(terms)
    return np.column_stack([trend, whole - trend])


def _terms(n: int) -> tuple[Floats, Floats]:
    """A line over the months, and sines and cosines of the year. Months are counted, since a season needs no name."""
    month = np.arange(n, dtype=np.float64)
    angles = [2 * np.pi * wave * month / YEAR for wave in range(1, N_WAVES + 1)]
    return month[:, None], np.column_stack([part(angle) for angle in angles for part in (np.sin, np.cos)])


def _years_ahead(horizon: int) -> Floats:
    return np.asarray(1 + np.arange(horizon) // YEAR, dtype=np.float64)


# What may take the place of the naive ways, if it is better than both.
CANDIDATES: dict[str, Forecaster] = {
    "seasonal naive with drift": drifting,
    "trend and season": trend_and_season,
    "level and season": level_and_season,
}
BASELINES: dict[str, Forecaster] = {SEASONAL_NAIVE: seasonal_naive, NAIVE: naive}
FORECASTERS: dict[str, Forecaster] = {**BASELINES, **CANDIDATES}


def forecast(method: str, values: Floats, horizon: int) -> Floats:
    """What a method says of the months ahead, by its name; never below nought, since all that is counted here is not."""
    return np.maximum(0.0, FORECASTERS[method](np.asarray(values, dtype=np.float64), horizon))
