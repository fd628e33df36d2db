"""Figures of the posts' dashboard: monthly activity with its trend, and comments of a window of days.

The window is that of the other dashboards, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from systems.community.config import UNKNOWN
from systems.community.figures import STATUSES
from utils.colours import BLUE, GREEN, ORANGE, SKY
from utils.errors import SettingsError
from utils.figures import bars, empty_figure, height_of, in_thousands, legend_below, new_figure

DAYS_SHOWN = 30
OTHERS = "others"
DAYS_PER_MONTH = 365.2425 / 12
POSTS = {"n_posts": ("posts", BLUE), "n_polls": ("polls", ORANGE)}
COMMENTS = {"n_comments": ("comments", GREEN)}


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"

    def of(self, days: pd.DataFrame) -> pd.DataFrame:
        """Rows of `days` that lie within."""
        day = pd.to_datetime(days["day"])
        return days[(day >= pd.Timestamp(self.start)) & (day <= pd.Timestamp(self.end))]


def shown_period(
    days: pd.DataFrame,
    start: date | None,
    end: date | None,
    *,
    counted: Sequence[str] = ("n_comments",),
    n_days: int | None = DAYS_SHOWN,
) -> Period | None:
    """The chosen window; where a side is not chosen, that of the last `n_days` days on which anything was counted.

    All such days count where `n_days` is None. None where there are none. Raises SettingsError if it ends before it starts.
    """
    is_counted = (days[list(counted)] > 0).any(axis="columns")
    with_data = sorted({value.date() for value in pd.to_datetime(days.loc[is_counted, "day"])})
    within = [day for day in with_data if (start is None or day >= start) and (end is None or day <= end)]
    last = within[-n_days:] if n_days else within
    first_day, last_day = start or (last[0] if last else end), end or (last[-1] if last else start)
    if first_day is None or last_day is None:
        return None
    if last_day < first_day:
        raise SettingsError(
            "widgets `start_date`, `end_date`",
            f"{first_day} to {last_day}",
            expected="a start before the end",
        )
    return Period(first_day, last_day)


def monthly_posts(months: pd.DataFrame) -> Figure:
    """Posts and polls per calendar month, from `monthly_activity`, each with its trend."""
    return _monthly(months, POSTS, "Posts per month", "posts per month")


def monthly_comments(months: pd.DataFrame) -> Figure:
    """Comments per calendar month, from `monthly_activity`, with their trend."""
    return _monthly(months, COMMENTS, "Comments per month", "comments per month")


def trend(months: pd.Series, counts: pd.Series) -> tuple[np.ndarray, float]:
    """A straight line through counts over calendar time, and its slope per month; a flat one for less than two months."""
    days = (pd.to_datetime(months) - pd.Timestamp("2000-01-01")).dt.days.to_numpy(dtype=float)
    values = counts.to_numpy(dtype=float)
    if len(days) < 2:
        return values, 0.0
    slope, level = np.polyfit(days - days[0], values, 1)
    return level + slope * (days - days[0]), float(slope * DAYS_PER_MONTH)


def comments_by_patron_status(days: pd.DataFrame, period: Period | None) -> Figure:
    """Comments in the window per standing of their author, from `daily_activity`."""
    title, x, y = "Comments by patron status", "comments", "status of the author"
    counts = _counts(days, period, "patron_status")
    if counts.empty:
        return empty_figure(title, _nothing(period), x=x, y=y)
    order = [status for status in (*STATUSES, UNKNOWN) if status in counts.index]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(order)), subtitle=str(period))
    bars(axes, order, [float(counts[status]) for status in order], colour=GREEN)
    return figure


def comments_by_country(days: pd.DataFrame, period: Period | None, n: int = 20) -> Figure:
    """Comments in the window per country of their author; what is beyond the first `n` countries is one bar, `others`."""
    title, x, y = "Comments by country", "comments", "country of the author"
    counts = _counts(days, period, "country").sort_index().sort_values(ascending=False, kind="stable")
    if counts.empty:
        return empty_figure(title, _nothing(period), x=x, y=y)
    names, values = list(counts.index[:n]), [float(value) for value in counts[:n]]
    if len(counts) > n:
        names, values = [*names, OTHERS], [*values, float(counts[n:].sum())]
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(names)), subtitle=str(period))
    bars(axes, names, values, colour=SKY)
    return figure


def _monthly(months: pd.DataFrame, series: dict[str, tuple[str, str]], title: str, unit: str) -> Figure:
    rows = months.sort_values("month")
    if rows.empty or not rows[list(series)].to_numpy().sum():
        return empty_figure(title, "Nothing was posted yet.", x="month (UTC)", y=unit)
    figure, axes = new_figure(title, x="month (UTC)", y=unit)
    at = pd.to_datetime(rows["month"])
    for marker, (column, (name, colour)) in zip("os^", series.items(), strict=False):
        line, per_month = trend(rows["month"], rows[column])
        axes.plot(at, rows[column], color=colour, marker=marker, markersize=4, linewidth=1.2, label=name)
        axes.plot(
            at,
            line,
            color=colour,
            linestyle="--",
            linewidth=1.4,
            label=f"trend of {name}: {per_month:+.2f} a month",
        )
    axes.set_ylim(bottom=0)
    in_thousands(axes, "y")
    legend_below(figure, axes)
    return figure


def _counts(days: pd.DataFrame, period: Period | None, by: str) -> pd.Series:
    rows = period.of(days) if period else days.head(0)
    counts = rows.groupby(by)["n_comments"].sum()
    return counts[counts > 0]


def _nothing(period: Period | None) -> str:
    return f"No comments from {period}." if period else "There are no comments yet."
