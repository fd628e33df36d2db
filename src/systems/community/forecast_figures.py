"""Figures of the forecast: what was, what is expected, and how sure that is; and how each method would have done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from systems.community.monthly_series import COMMENTS, SUPPORT, UNITS, VOTES, known_support
from utils.colours import BLUE, GREEN, INK, ORANGE, SKY
from utils.figures import WIDTH, bars, empty_figure, height_of, in_thousands, legend_below, new_figure

if TYPE_CHECKING:
    from systems.community.outlook import Outlook

TITLES = {name: f"{name.capitalize()} per month, and what is expected" for name in (SUPPORT, COMMENTS, VOTES)}
X = "month (UTC)"
NO_FORECAST = "There is no forecast yet."


def support_forecast(months: pd.DataFrame, forecast: pd.DataFrame) -> Figure:
    """Entitled amounts at the ends of months, from `monthly_support`, and the months ahead from `monthly_forecast`.

    Months are shown from which on the standing of nearly all users is known: before, nobody knows what they gave.
    """
    return _drawn(SUPPORT, known_support(months), "entitled_amount", forecast, BLUE)


def comments_forecast(months: pd.DataFrame, forecast: pd.DataFrame) -> Figure:
    """Comments per month, from `monthly_activity`, and the months ahead from `monthly_forecast`."""
    return _drawn(COMMENTS, months, "n_comments", forecast, GREEN)


def votes_forecast(months: pd.DataFrame, forecast: pd.DataFrame) -> Figure:
    """Chosen options per month, from `monthly_activity`, and the months ahead from `monthly_forecast`."""
    return _drawn(VOTES, months, "n_chosen_options", forecast, BLUE)


def of_outlooks(found: Mapping[str, Outlook]) -> Figure:
    """Every series with its months ahead, one below the other, as the forecast's own notebook shows them."""
    if not found:
        return empty_figure("What is expected", "There is no month that is over yet.", x=X, y="per month")
    figure = Figure(figsize=(WIDTH, 3.6 * len(found)), layout="constrained", facecolor="white")
    for part, (name, outlook) in zip(figure.subplots(len(found), 1, squeeze=False)[:, 0], found.items(), strict=True):
        months = pd.DataFrame({"month": outlook.series.months, "value": outlook.series.values})
        part.set_title(f"{TITLES[name]}\n{outlook.method}: {outlook.basis}", loc="left", fontsize=10, color=INK)
        part.set_ylabel(UNITS[name])
        _lines(part, months, "value", outlook.rows().assign(level=outlook.level, coverage=outlook.coverage), SKY)
        part.legend(loc="upper left", frameon=False, fontsize=8)
    part.set_xlabel(X)
    return figure


def past_errors(found: Mapping[str, Outlook]) -> Figure:
    """Every method's mean error in the past, in units of what seasonal naive errs in the months that it knows."""
    title, x = "How wrong each method would have been", "mean absolute scaled error (MASE); lower is better"
    rows = [
        (f"{name}: {each.method}", each.mase) for name, outlook in found.items() for each in outlook.judgements
    ]
    if not rows:
        return empty_figure(title, "Too little history to compare methods.", x=x, y="series and method")
    figure, axes = new_figure(title, x=x, y="series and method", height=height_of(len(rows)))
    bars(axes, [name for name, _ in rows], [mase for _, mase in rows], colour=ORANGE, said="{:.2f}")
    return figure


def _drawn(series: str, months: pd.DataFrame, column: str, forecast: pd.DataFrame, colour: str) -> Figure:
    ahead = forecast[forecast["series"] == series].sort_values("month")
    if ahead.empty:
        return empty_figure(TITLES[series], NO_FORECAST, x=X, y=UNITS[series])
    origin = pd.Timestamp(ahead["origin"].iloc[0])
    known = months.assign(month=pd.to_datetime(months["month"])).sort_values("month")
    known = known[known["month"] <= origin]
    first = ahead.iloc[0]
    figure, axes = new_figure(TITLES[series], x=X, y=UNITS[series], subtitle=f"{first['method']}: {first['basis']}")
    _lines(axes, known, column, ahead, colour)
    legend_below(figure, axes)
    return figure


def _lines(axes: Axes, known: pd.DataFrame, column: str, ahead: pd.DataFrame, colour: str) -> None:
    """What was, what is expected and the band around it."""
    was = pd.to_datetime(known["month"])
    axes.plot(was, known[column].astype(float), "o-", color=colour, label="known", markersize=3.5, linewidth=1.3)
    at = pd.to_datetime(ahead["month"])
    axes.plot(at, ahead["value"].astype(float), "D--", color=INK, label="expected", markersize=3.5, linewidth=1.3)
    low, high = (pd.to_numeric(ahead[name]) for name in ("low", "high"))
    if low.notna().any():
        level, held = (float(pd.to_numeric(ahead[name]).iloc[0]) for name in ("level", "coverage"))
        label = f"{level:.0%} interval from past errors" + ("" if math.isnan(held) else f"; it held {held:.0%} of past months")
        axes.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0, label=label)
    axes.set_ylim(bottom=0)
    in_thousands(axes, "y")
