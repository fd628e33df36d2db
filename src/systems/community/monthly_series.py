"""What is forecast: support, comments and votes per month, as far back as they are known and as far as months are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SUPPORT, COMMENTS, VOTES = "support", "comments", "votes"
UNITS = {SUPPORT: "USD a month", COMMENTS: "comments per month", VOTES: "chosen options per month"}
MOST_UNKNOWN = 0.01  # share of users without a known standing, beyond which a month's money says little


@dataclass(frozen=True)
class Series:
    """Values of months that follow each other without a gap and are over."""

    name: str
    months: tuple[date, ...]
    values: NDArray[np.float64]

    def ahead(self, n: int) -> list[date]:
        """The `n` months after the last one."""
        return [month.date() for month in pd.date_range(self.months[-1], periods=n + 1, freq="MS")[1:]]


def series_of(support: pd.DataFrame, activity: pd.DataFrame) -> list[Series]:
    """Those of the three that have a month, from `monthly_support` and `monthly_activity`.

    Support is the amount that patrons are entitled to at a month's end. It begins after the last month in which more than
    one user in a hundred had a standing that nobody knows. Months are over that `monthly_support` says are.
    """
    over = _over(support)
    last = over["month"].max() if len(over) else None
    found = [_series(SUPPORT, _known(over), "entitled_amount")]
    activity = activity.assign(month=_days(activity["month"])).sort_values("month")
    done = activity[activity["month"] <= last] if last is not None else activity[:-1]
    found += [_series(COMMENTS, done, "n_comments"), _series(VOTES, done, "n_chosen_options")]
    return [each for each in found if each.months]


def known_support(support: pd.DataFrame) -> pd.DataFrame:
    """Months of `monthly_support` that are over and whose money is known: the series of support, with all columns."""
    return _known(_over(support))


def _over(support: pd.DataFrame) -> pd.DataFrame:
    by_day = support.assign(month=_days(support["month"])).sort_values("month")
    return by_day[by_day["is_finished"].astype(bool)]


def _known(over: pd.DataFrame) -> pd.DataFrame:
    unknown, known = (over[name].to_numpy(dtype=np.float64) for name in ("n_users_unknown", "n_users"))
    is_vague = unknown > MOST_UNKNOWN * np.maximum(1.0, unknown + known)
    return over[int(np.flatnonzero(is_vague).max()) + 1 :] if is_vague.any() else over


def _series(name: str, rows: pd.DataFrame, column: str) -> Series:
    return Series(name, tuple(rows["month"]), rows[column].to_numpy(dtype=np.float64))


def _days(months: pd.Series) -> list[date]:
    return [month.date() for month in pd.to_datetime(months)]


def as_table(series: Sequence[Series]) -> pd.DataFrame:
    """For people: what there is to learn from."""
    rows = [_said(each) for each in series]
    return pd.DataFrame(rows or [{"series": "there is no month that is over yet"}])


def _said(each: Series) -> Mapping[str, object]:
    first, last, n = each.months[0], each.months[-1], len(each.months)
    return {"series": each.name, "from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}", "months": n, "last value": each.values[-1]}
