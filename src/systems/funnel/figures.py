"""Figures and tables of the funnel's dashboard, from rows of `funnel_steps` and `funnel_breaks`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from systems.funnel.break_figures import (
    GO_ON,
    MARKERS,
    MOST_VALUES,
    day_number,
    legend_above,
    mark_breaks,
    panels,
    rates_from_zero,
    said,
    sizes,
    with_intervals,
)
from systems.funnel.breaks import EVERYBODY
from systems.funnel.config import CLOSED, DIMENSIONS, FUNNELS, NONE, OPEN, Funnel
from utils.colours import COLOURS, INK
from utils.errors import SettingsError
from utils.figures import BAR_HEIGHT, empty_figure, in_thousands, legend_below, new_figure

FUNNEL_NAMES = tuple(funnel.name for funnel in FUNNELS)
COUNTINGS = (CLOSED, OPEN)
BREAKDOWNS = (NONE, *DIMENSIONS)
NO_USERS = "No user of this funnel in the chosen months."
TALLEST = 6.8  # inches
ONLY_CLOSED = "Breaks are looked for in the closed funnel only."


@dataclass(frozen=True)
class View:
    """What a reader chose of one funnel: `steps` and `breaks` are its rows of gold, in the way of counting.

    `value` of `steps` is that of the breakdown, EVERYBODY where there is none; `values` has those that are shown, most users
    first, at most six.
    """

    funnel: Funnel
    counting: str
    breakdown: str
    steps: pd.DataFrame
    breaks: pd.DataFrame
    values: tuple[str, ...]

    @property
    def what(self) -> str:
        """What is seen, for a figure's second line."""
        months = sorted(set(self.steps["period_start"]))
        period = "" if not months else f", {months[0]:%Y-%m}" + (f" to {months[-1]:%Y-%m}" if len(months) > 1 else "")
        n_left = self.steps["value"].nunique() - len(self.values)
        others = f", {n_left} smaller left out" if n_left else ""
        by = "" if self.breakdown == NONE else f", by {self.breakdown}"
        return f"{self.funnel.name}, {self.counting}{period}{by}{others}"

    @property
    def breaks_shown(self) -> pd.DataFrame:
        """The breaks of the series that are shown: everybody's, or those of the breakdown's values."""
        dimension = EVERYBODY if self.breakdown == NONE else self.breakdown
        return self.breaks[self.breaks["dimension"] == dimension]


def breakdowns_of(funnel: str) -> list[str]:
    """What a funnel can be broken down by: `none`, and the dimensions that it has."""
    return [NONE, *_named(funnel).dimensions]


def view(
    steps: pd.DataFrame, breaks: pd.DataFrame, *, funnel: str, counting: str, breakdown: str,
    start: date | None, end: date | None,
) -> View:  # fmt: skip
    """The months that overlap `start` to `end`, both included; None is no limit.

    Raises SettingsError for a range that ends before it starts.
    """
    if start and end and end < start:
        raise SettingsError("widgets `start_date` and `end_date`", f"{start} to {end}", expected="an end not before the start")
    mine = steps[(steps["funnel"] == funnel) & (steps["counting"] == counting)]
    low = mine["period_start"].map(lambda month: start is None or _next_month(month) > start).astype(bool)
    high = mine["period_start"].map(lambda month: end is None or month <= end).astype(bool)
    rows = mine[low & high]
    rows = rows.assign(value=EVERYBODY if breakdown == NONE else rows[breakdown])
    first = rows[rows["step_number"] == 1].groupby("value")["n_entered"].sum().reset_index()
    values = first.sort_values(["n_entered", "value"], ascending=[False, True])["value"].head(MOST_VALUES)
    found = breaks[(breaks["funnel"] == funnel) & (breaks["counting"] == counting)]
    inside = [_is_inside(row["earliest"], row["latest"], start, end) for row in found.to_dict("records")]
    return View(_named(funnel), counting, breakdown, rows, found[pd.Series(inside, index=found.index, dtype=bool)], tuple(values))


def per_step(seen: View) -> pd.DataFrame:
    """Per shown value and step: people and drop-off, from the sums over months and other kinds of user."""
    return _summed(seen, ["value", "step_number", "step", "next_step"])


def drop_off_table(seen: View) -> pd.DataFrame:
    """The same for readers, steps in order; a missing drop-off has its reason."""
    table = per_step(seen).round({"conversion_pct": 2, "drop_off_pct": 2}).drop(columns="step_number").fillna({"next_step": ""})
    if seen.breakdown == NONE:
        return table.drop(columns="value")
    return table.rename(columns={"value": seen.breakdown})


def step_chart(seen: View) -> Figure:
    """Users at every step, in order; with their share of the first step and of the one before."""
    title, x, y = "How many reach each step", "users", "step"
    table = per_step(seen)
    if not table["n_entered"].sum():
        return empty_figure(title, NO_USERS, x=x, y=y)
    names, n = seen.funnel.names, len(seen.values)
    height = min(TALLEST, 1.7 + (0.5 + 0.5 / n) * BAR_HEIGHT * len(names) * (n + 0.3))
    figure, axes = new_figure(title, x=x, y=y, height=height, subtitle=seen.what)
    for number, value in enumerate(seen.values):
        rows = table[table["value"] == value].set_index("step_number")["n_entered"]
        thick = 0.85 / n
        places = [step - 1 + (number - (n - 1) / 2) * thick for step in rows.index]
        bars = axes.barh(places, rows.tolist(), height=0.92 * thick, color=COLOURS[number], label=value)
        labels = _labels([int(count) for count in rows], names[0], is_long=n == 1)
        axes.bar_label(bars, labels=labels, padding=3, fontsize=9 if n < 4 else 8, color=INK)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.margins(x=0.32 if n == 1 else 0.2)
    axes.grid(axis="y", visible=False)
    in_thousands(axes, "x")
    if seen.breakdown != NONE:
        legend_below(figure, axes)
    return figure


def _labels(counts: list[int], first: str, *, is_long: bool) -> list[str]:
    said_counts = []
    for place, count in enumerate(counts):
        parts = [f"{count:,}"]
        if place and counts[0]:
            parts.append(f"{100 * count / counts[0]:.1f} %" + (f" of {first}" if is_long else ""))
        if place > 1 and counts[place - 1] and is_long:
            parts.append(f"{100 * count / counts[place - 1]:.1f} % of the step before")
        said_counts.append(", ".join(parts))
    return said_counts


def trend(seen: View) -> Figure:
    """Per step the share that goes on, by month, with its 95 % interval in the closed funnel; breaks are marked."""
    title, x = "Who goes on, month by month", "month that users count for"
    months = _summed(seen, ["value", "step_number", "period_start"])
    months = months[months["n_entered"] > 0].rename(columns={"n_entered": "n", "n_continued": "x"})
    if months.empty:
        return empty_figure(title, NO_USERS, x=x, y=GO_ON)
    is_closed = seen.counting == CLOSED
    how = "95 % interval; dashed: a break, grey: its likely days"
    if not is_closed:
        how = "no interval, since whoever goes on need not have been there"
    names = seen.funnel.names
    figure, grid = panels(title, len(names) - 1, 1, f"{seen.what}; {how}")
    for place, (axes,) in enumerate(grid):
        here = months[months["step_number"] == place + 1]
        _draw_months(axes, seen, with_intervals(here) if is_closed else here.assign(rate=here["x"] / here["n"]))
        breaks = seen.breaks_shown[seen.breaks_shown["step"] == names[place]]
        for number, value in enumerate(seen.values):
            mark_breaks(axes, breaks[breaks["value"] == value], number)
        axes.set_title(f"{names[place]} to {names[place + 1]}", loc="left", fontsize=10, color=INK)
        axes.set_ylabel("go on (%)", fontsize=9)
    if seen.breakdown != NONE:
        legend_above(grid[0][0])
    _name_months(grid[-1][0], sorted(set(months["period_start"])))
    grid[-1][0].set_xlabel(x)
    return figure


def _draw_months(axes: Axes, seen: View, rows: pd.DataFrame) -> None:
    """A mark in the middle of each month, with its interval; several values stand side by side."""
    for number, value in enumerate(seen.values):
        mine = rows[rows["value"] == value]
        aside = 2.0 * (number - (len(seen.values) - 1) / 2)
        places = [_middle(month) + aside for month in mine["period_start"]]
        reach = [mine["rate"] - mine["low"], mine["high"] - mine["rate"]] if "low" in mine else None
        axes.errorbar(
            places, mine["rate"].tolist(), yerr=reach, marker=MARKERS[number], markersize=5, linewidth=1.2, capsize=3,
            color=COLOURS[number], label=value,
        )  # fmt: skip
    rates_from_zero(axes)


def _name_months(axes: Axes, months: list[date]) -> None:
    """All of the first month to all of the last one; at most a dozen names."""
    axes.set_xlim(day_number(months[0]), day_number(_next_month(months[-1])))
    named = months[:: 1 + (len(months) - 1) // 12]
    axes.set_xticks([_middle(month) for month in named], [f"{month:%Y-%m}" for month in named])


def break_table(seen: View) -> pd.DataFrame:
    """A sentence per break of the funnel in the chosen months, whatever the breakdown; or that there is none."""
    if seen.counting != CLOSED:
        return pd.DataFrame({"rank": [None], "what changed": [ONLY_CLOSED]})
    return said(seen.breaks)


def break_sizes(seen: View) -> Figure:
    """How much those rates changed."""
    if seen.counting != CLOSED:
        return empty_figure("How much rates changed", ONLY_CLOSED, x="change of the rate (percentage points)", y="step")
    return sizes(seen.breaks)


def _named(funnel: str) -> Funnel:
    return next(each for each in FUNNELS if each.name == funnel)


def _summed(seen: View, by: list[str]) -> pd.DataFrame:
    rows = seen.steps[seen.steps["value"].isin(seen.values)]
    table = rows.groupby(by, as_index=False, dropna=False)[["n_entered", "n_continued", "n_skipped"]].sum()
    order = {value: place for place, value in enumerate(seen.values)}
    table = table.assign(_place=table["value"].map(order)).sort_values(["_place", *by[1:2], *by[-1:]]).drop(columns="_place")
    is_last = table["step_number"] == len(seen.funnel.steps)
    has_rate = (table["n_entered"] > 0) & ~is_last
    conversion = (100 * table["n_continued"] / table["n_entered"]).where(has_rate)
    reason = pd.Series("nobody was at the step", index=table.index).mask(is_last, "last step").mask(has_rate, "")
    return table.assign(conversion_pct=conversion, drop_off_pct=100 - conversion, reason=reason).reset_index(drop=True)


def _next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _middle(month: date) -> float:
    return (day_number(month) + day_number(_next_month(month))) / 2


def _is_inside(earliest: date, latest: date, start: date | None, end: date | None) -> bool:
    return (start is None or latest >= start) and (end is None or earliest <= end)
