"""Figures of a profile: what is missing, how values are spread, what is odd, what goes together, and when."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from operations.profile import Profile
from operations.profile_tables import RULE, moment
from utils.colours import BLUE, INK, ORANGE, PINK, SKY
from utils.figures import (
    WIDTH,
    bars,
    empty_figure,
    height_of,
    in_percent,
    in_thousands,
    new_figure,
    put_labels,
)

SIDE = 3  # panels of the distributions in a row
NO_ROWS = "There are no rows."


def missing(profile: Profile) -> Figure:
    """Share of rows without a value, per column."""
    title, x, y = "What is missing", "share of rows without a value", "column"
    if not profile.n_rows:
        return empty_figure(title, NO_ROWS, x=x, y=y)
    said = f"{profile.said}, {profile.n_rows:,} rows"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(profile.columns)), subtitle=said)
    shares = profile.columns["null_share"].astype(float).tolist()
    bars(axes, profile.columns["column"].tolist(), shares, said="{:.1%}")
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    in_percent(axes, "x")
    return figure


def distributions(profile: Profile) -> Figure:
    """Rows per class of every column: of its values where they are few, else of ranges; texts by length."""
    title, x, y = "How values are spread", "value, or length of a text", "rows"
    names = [name for name in profile.columns["column"] if name in set(profile.classes["column"])]
    if not names:
        return empty_figure(title, NO_ROWS if not profile.n_rows else "No column may be shown.", x=x, y=y)
    n_lines = math.ceil(len(names) / SIDE)
    figure = Figure(figsize=(WIDTH, 0.8 + 2.1 * n_lines), layout="constrained", facecolor="white")
    panels = figure.subplots(n_lines, SIDE, squeeze=False).ravel()
    facts = profile.columns.set_index("column")
    for axes, name in zip(panels, names, strict=False):
        _distribution(axes, profile.classes[profile.classes["column"] == name], name, str(facts.at[name, "measured_by"]))
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.suptitle(f"{title}: {profile.said}", x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def outliers(profile: Profile) -> Figure:
    """Rows outside of Tukey's fences, per column where they can be judged."""
    title, x, y = "Outliers", "rows", "column"
    judged = profile.columns.dropna(subset=["n_outliers"])
    if judged.empty:
        why = NO_ROWS if not profile.n_rows else "No column has quartiles that differ: nothing can be judged."
        return empty_figure(title, why, x=x, y=y)
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(judged)), subtitle=RULE)
    names = [f"{row.column} ({row.measured_by})" for row in judged.itertuples()]
    bars(axes, names, judged["n_outliers"].astype(float).tolist(), colour=ORANGE)
    return figure


def correlations(profile: Profile) -> Figure:
    """Pearson's correlation of numeric columns, over rows that have both values; blank where one does not vary."""
    title, x, y = "What goes together", "numeric column", "numeric column"
    names = list(dict.fromkeys([*profile.correlations["column"], *profile.correlations["other"]]))
    if profile.correlations["r"].dropna().empty:
        return empty_figure(title, "There are no two numeric columns that vary and may be shown.", x=x, y=y)
    height = 2.2 + 0.42 * len(names)
    figure, axes = new_figure(title, x=x, y=y, height=height, subtitle="Pearson's r: +1 together, 0 no line, -1 against")
    square = np.full((len(names), len(names)), np.nan)
    for row in profile.correlations.itertuples():
        one, other = names.index(str(row.column)), names.index(str(row.other))
        square[one, other] = square[other, one] = float(str(row.r))
    drawn = axes.imshow(square, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    for (one, other), r in np.ndenumerate(square):
        if not np.isnan(r):
            axes.text(other, one, f"{r:+.2f}", ha="center", va="center", fontsize=8, color="white" if abs(r) > 0.55 else INK)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.grid(visible=False)
    figure.colorbar(drawn, ax=axes, label="r")
    return figure


def over_time(profile: Profile) -> Figure:
    """Rows per day, month or year of the time column; periods without rows are zero."""
    title, x, y = "Rows over time", f"{profile.unit} of {profile.time_column or 'time'} (UTC)", f"rows per {profile.unit}"
    if not profile.time_column:
        return empty_figure(title, "The table has no time that may be shown.", x=x, y=y)
    if profile.periods.empty:
        return empty_figure(title, NO_ROWS, x=x, y=y)
    step = {"day": "D", "month": "MS", "year": "YS"}[profile.unit]
    starts = pd.to_datetime(profile.periods["period"])
    counts = pd.Series(profile.periods["n_rows"].to_numpy(), index=starts)
    counts = counts.reindex(pd.date_range(starts.min(), starts.max(), freq=step), fill_value=0)
    said = f"{profile.said}: {counts.sum():,} rows with a time, {profile.window}"
    figure, axes = new_figure(title, x=x, y=y, subtitle=said)
    width = {"day": 0.8, "month": 25, "year": 300}[profile.unit]
    axes.bar(counts.index, counts.to_numpy(), width=width, color=BLUE)
    in_thousands(axes, "y")
    axes.grid(axis="x", visible=False)
    return figure


def _distribution(axes: Axes, classes: pd.DataFrame, name: str, measured_by: str) -> None:
    unit = {"length": "length (characters)", "seconds": "time (UTC)"}.get(measured_by, "value")
    has_values = classes["value"].notna().all()
    put_labels(axes, x="value" if has_values else unit, y="rows")
    axes.set_title(name, loc="left", fontsize=10, color=INK)
    if has_values:
        axes.bar([str(value)[:14] for value in classes["value"]], classes["n_rows"], color=SKY)
        axes.tick_params(axis="x", rotation=30, labelsize=8)
    elif len(classes) == 1:  # one value, or one length
        only = float(classes["low"].iloc[0])
        axes.bar([f"{moment(only):%Y-%m-%d}" if measured_by == "seconds" else f"{only:g}"], classes["n_rows"], color=SKY)
    else:
        low, high = classes["low"].to_numpy(float), classes["high"].to_numpy(float)
        if measured_by == "seconds":  # there is room for the first and the last day
            ends = [float(low.min()), float(high.max())]
            axes.set_xticks(ends, [f"{moment(end):%Y-%m-%d}" for end in ends])
        axes.bar(low, classes["n_rows"], width=high - low, align="edge", color=PINK if measured_by == "length" else BLUE)
        axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", visible=False)
    in_thousands(axes, "y")
