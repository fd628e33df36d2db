"""What the detector found, in figures and plain sentences: rates over time with their breaks, and how large they are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from systems.funnel.breaks import EVERYBODY, Series, wilson
from systems.funnel.series import Family
from utils.colours import BLUE, COLOURS, FAINT, INK, RED
from utils.figures import WIDTH, empty_figure, height_of, in_percent, legend_below, new_figure

NO_CHANGE = "No change found."
GO_ON = "go on to the next step"
MOST_PANELS, MOST_BARS, MOST_VALUES = 8, 24, 6
# Longer series are shown by the week.
MOST_DAYS = 45
EPOCH = date(1970, 1, 1)
MARKERS = "o^sDvP<>"
Row = Mapping[Hashable, Any]


def looked_at(families: Sequence[Family]) -> pd.DataFrame:
    """Per funnel: how many series are tested together, and over which days."""
    rows = []
    for family in families:
        days = next((list(series.days) for series in family.everybody.values()), [])
        span = {"first day": str(days[0]), "last day": str(days[-1])} if days else {"first day": "", "last day": ""}
        n_users = sum(int(series.reached.sum()) for series in list(family.everybody.values())[:1])
        rows.append({"funnel": family.funnel.name, "series": len(family.series), "users at the first step": n_users, **span})
    return pd.DataFrame(rows)


def said(breaks: pd.DataFrame) -> pd.DataFrame:
    """A sentence per break of `funnel_breaks`, the surest first; one that says so where there is none."""
    if breaks.empty:
        return pd.DataFrame({"rank": [None], "what changed": [NO_CHANGE]})
    ordered = breaks.sort_values(["funnel", "rank"])
    sentences = [_sentence(row, breaks) for row in ordered.to_dict("records")]
    return pd.DataFrame({"funnel": ordered["funnel"].tolist(), "rank": ordered["rank"].tolist(), "what changed": sentences})


def _sentence(row: Row, breaks: pd.DataFrame) -> str:
    who = "Of everybody" if row["dimension"] == EVERYBODY else f"Of {row['dimension']} {row['value']}"
    likely = "" if row["earliest"] == row["latest"] else f" (likely {row['earliest']} to {row['latest']})"
    text = (
        f"{who} at {row['step']}, {_pct(row['rate_after'])} go on to {row['next_step']} since {row['day']}{likely}, "
        f"{_pct(row['rate_before'])} before: {_points(row['change'])} points "
        f"[{_points(row['change_low'])}, {_points(row['change_high'])}]."
    )
    if row["dimension"] != EVERYBODY:
        return text + _as_part_of(row, breaks)
    if not isinstance(row["explained_by"], str):
        return text + " No dimension explains it: as far as chance lets one tell, every value changed alike."
    what = "It comes from" if row["explained_as"] == "rates" else "Other people came: it is the mix of"
    return f"{text} {what} {row['explained_by']}: {row['moved']}."


def _as_part_of(row: Row, breaks: pd.DataFrame) -> str:
    """What a value's break is to everybody's break of those days: its cause, or what follows from another cause."""
    whole = breaks[(breaks["dimension"] == EVERYBODY) & (breaks["funnel"] == row["funnel"]) & (breaks["step"] == row["step"])]
    near = whole[(whole["earliest"] <= row["latest"]) & (whole["latest"] >= row["earliest"])].dropna(subset=["explained_by"])
    if near.empty:
        return ""
    cause = near.iloc[0]["explained_by"]
    return " Everybody's rate changed by it." if cause == row["dimension"] else f" It follows from {cause}."


def _pct(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def _points(change: float) -> str:
    return f"{100 * change:+.1f}"


def sizes(breaks: pd.DataFrame) -> Figure:
    """How much each rate changed, with its 95 % interval; per funnel the surest on top."""
    title, x, y = "How much rates changed", "change of the rate (percentage points)", "break"
    if breaks.empty:
        return empty_figure(title, NO_CHANGE, x=x, y=y)
    # Of many, the surest of every funnel.
    ordered = breaks.sort_values(["rank", "funnel"]).head(MOST_BARS).sort_values(["funnel", "rank"])
    left = len(breaks) - len(ordered)
    subtitle = "Step, who, and first day of the new rate; 95 % intervals" + (f"; {left} more in the table" if left else "")
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(ordered)), subtitle=subtitle)
    rows = [{"place": place, **row} for place, row in enumerate(ordered.to_dict("records"))]
    for who, colour, marker in ((EVERYBODY, BLUE, "o"), ("one kind of user", RED, "D")):
        mine = [row for row in rows if (row["dimension"] == EVERYBODY) == (who == EVERYBODY)]
        change, low, high = ([100 * row[name] for row in mine] for name in ("change", "change_low", "change_high"))
        reach = [[c - e for c, e in zip(change, low, strict=True)], [e - c for c, e in zip(change, high, strict=True)]]
        axes.errorbar(change, [row["place"] for row in mine], xerr=reach, fmt=marker, color=colour, capsize=4, label=who)
    names = [f"{row['funnel']}: {row['step']}, {_who(row)}, {row['day']}" for row in rows]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=0.8)
    legend_below(figure, axes)
    return figure


def _who(row: Row) -> str:
    return EVERYBODY if row["dimension"] == EVERYBODY else str(row["value"])


def rates(families: Sequence[Family], breaks: pd.DataFrame) -> Figure:
    """Per step with a break: everybody's rate on the left, and on the right the values that explain or make the break."""
    title, x = "Rates and their breaks", "day that users count for"
    if breaks.empty:
        return empty_figure(title, NO_CHANGE, x=x, y=GO_ON)
    by_name = {family.funnel.name: family for family in families}
    surest = breaks.sort_values(["rank", "funnel"]).drop_duplicates(["funnel", "step"])
    shown = surest.head(MOST_PANELS).sort_values(["funnel", "rank"])
    places = list(shown[["funnel", "step"]].itertuples(index=False, name=None))
    subtitle = "Share that goes on, with its 95 % interval; dashed: a break, grey: the days that are likely"
    left = len(surest) - len(shown)
    figure, grid = panels(title, len(places), 2, subtitle + (f"; {left} more steps" if left else ""))
    for (funnel, step), (one, other) in zip(places, grid, strict=True):
        family, here = by_name[funnel], breaks[(breaks["funnel"] == funnel) & (breaks["step"] == step)]
        of_all = here[here["dimension"] == EVERYBODY]
        draw_series(one, [family.everybody[step]], of_all)
        one.set_title(f"{funnel}: {step} to {here.iloc[0]['next_step']}, everybody", loc="left", fontsize=10, color=INK)
        dimension = _dimension_shown(here)
        draw_series(other, family.parts[step][dimension], here[here["dimension"] == dimension])
        other.set_title(f"by {dimension}", loc="left", fontsize=10, color=INK)
        legend_above(other)
    for axes in grid[-1]:
        axes.set_xlabel(x)
    return figure


def _dimension_shown(here: pd.DataFrame) -> str:
    """What explains everybody's surest break; else the dimension of the surest break of a value."""
    ordered = here.sort_values("rank")
    known = ordered.dropna(subset=["explained_by"])["explained_by"]
    values = ordered[ordered["dimension"] != EVERYBODY]["dimension"]
    return str([*known, *values, "device"][0])


def draw_series(axes: Axes, series: Sequence[Series], breaks: pd.DataFrame) -> None:
    """Rates of up to six series by the day, or by the week where there are many days, and the breaks of each."""
    days = series[0].days
    n_days = 7 if (days[-1] - days[0]).days > MOST_DAYS else 1
    anchor = breaks.iloc[0]["day"] if len(breaks) else days[0]
    for number, each in enumerate(series[:MOST_VALUES]):
        bins = binned(each, n_days, anchor)
        draw_rates(axes, [day_number(day) for day in bins["middle"]], bins, number, each.value)
        mark_breaks(axes, breaks[breaks["value"] == each.value], number)
    rates_from_zero(axes)
    _name_days(axes)
    axes.set_ylabel(f"{GO_ON}\n({'weekly' if n_days == 7 else 'daily'}, %)", fontsize=9)


def binned(series: Series, n_days: int, anchor: date) -> pd.DataFrame:
    """Rate, low and high per `n_days` days, counted from `anchor` so that no bin holds both sides of a break there."""
    rows = pd.DataFrame({"n": series.reached, "x": series.went_on, "day": series.days})
    rows["bin"] = [(day - anchor).days // n_days for day in series.days]
    sums = rows.groupby("bin")[["n", "x"]].sum().query("n > 0")
    middles = [anchor + timedelta(days=int(place) * n_days + n_days // 2) for place in sums.index]
    return with_intervals(sums.assign(middle=middles))


def with_intervals(counts: pd.DataFrame) -> pd.DataFrame:
    """Columns `rate`, `low` and `high` (95 %) beside `n` people, above 0, and `x` of them."""
    ends = [wilson(int(x), int(n)) for x, n in zip(counts["x"], counts["n"], strict=True)]
    low, high = (np.array([end[side] for end in ends], dtype=float) for side in (0, 1))
    return counts.assign(rate=counts["x"] / counts["n"], low=low, high=high)


def draw_rates(axes: Axes, places: list[float], rows: pd.DataFrame, number: int, label: str) -> None:
    """A line with marks and, where the rows have `low` and `high`, the interval as a band."""
    colour = COLOURS[number % len(COLOURS)]
    axes.plot(places, rows["rate"], marker=MARKERS[number % 8], markersize=4, linewidth=1.4, color=colour, label=label)
    if "low" in rows:
        axes.fill_between(places, rows["low"], rows["high"], color=colour, alpha=0.18, linewidth=0)


def mark_breaks(axes: Axes, breaks: pd.DataFrame, number: int) -> None:
    """A dashed line before the first day of each new rate; the likely days in grey. Dashes of several values alternate."""
    for row in breaks.to_dict("records"):
        earliest, latest = day_number(row["earliest"]), day_number(row["latest"]) + 1
        axes.axvspan(earliest, latest, color=FAINT, alpha=0.8, linewidth=0, zorder=0)
        colour = COLOURS[number % len(COLOURS)]
        axes.axvline(day_number(row["day"]), color=colour, linewidth=1.6, linestyle=(4 * number, (4, 4)))


def day_number(day: date) -> float:
    """A day as Matplotlib places it."""
    return float((day - EPOCH).days)


def panels(title: str, n_rows: int, n_columns: int, subtitle: str) -> tuple[Figure, list[list[Axes]]]:
    """A figure of small axes that share their days, in the common look."""
    height = 1.2 + 2.5 * n_rows
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - 0.62 / height), h_pad=0.08, w_pad=0.08)
    figure = Figure(figsize=(WIDTH, height), layout=layout, facecolor="white")
    figure.text(0.01, 1 - 0.1 / height, title, va="top", fontsize=13, fontweight="bold", color=INK)
    figure.text(0.01, 1 - 0.38 / height, subtitle, va="top", fontsize=10, color=INK)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex="row" if n_columns > 1 else True)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="both", color=FAINT, linewidth=0.7)
        axes.set_axisbelow(True)
    return figure, [list(row) for row in grid]


def rates_from_zero(axes: Axes) -> None:
    """Percent on the upright axis, from 0 to a little over what is drawn."""
    axes.set_ylim(0, 1.08 * axes.get_ylim()[1])
    in_percent(axes, "y")


def _name_days(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=2, maxticks=4)  # type: ignore[no-untyped-call]  # matplotlib.dates is not annotated
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))  # type: ignore[no-untyped-call]  # matplotlib.dates is not annotated


def legend_above(axes: Axes) -> None:
    """Names of the values over the right end of the axes, where no line is."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=MOST_VALUES, frameon=False, fontsize=8, borderaxespad=0.1,
        handlelength=1.4, columnspacing=0.9, handletextpad=0.4,
    )  # fmt: skip
