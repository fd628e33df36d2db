"""Figures of the segments, and of what became of every row on the way to them."""

from __future__ import annotations

from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure

from systems.vouchers.config import FREQUENCY, NONE, RECENCY, REFERENCE, REFERENCES, SEGMENTATIONS
from systems.vouchers.segments import Segmentation
from utils.colours import COLOURS
from utils.figures import bars, empty_figure, height_of, in_percent, legend_below, new_figure

# The widget's choices: what is configured comes first.
REFERENCE_CHOICES = (REFERENCE, *[name for name in REFERENCES if name != REFERENCE])
NOBODY = "No use was counted for this country and day."


def segments_of(rows: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Rows of `segment_vouchers` by orders, and by recency as one reference has it."""
    return rows[rows["reference"].isin([reference, NONE])].reset_index(drop=True)


def answer_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The most used voucher of every segment, segments in their order."""
    order = [(kind.name, name) for kind in SEGMENTATIONS for name in kind.names]
    best = rows[rows["rank"] == 1]
    places = [order.index(pair) for pair in zip(best["segment_type"], best["segment"], strict=True)]
    ordered = best.assign(place=places).sort_values(["country", "place"])
    return ordered.drop(columns=["place", "rank", "total_amount"]).reset_index(drop=True)


def frequency(rows: pd.DataFrame) -> Figure:
    """Shares of the vouchers per band of orders."""
    return _shares(rows, FREQUENCY, "Vouchers by orders", "orders of the customer")


def recency(rows: pd.DataFrame, reference: str) -> Figure:
    """Shares of the vouchers per band of days since the last order."""
    until = "the use" if reference == "voucher_time" else "the day of the tables"
    return _shares(rows, RECENCY, "Vouchers by recency", f"days from the last order to {until}")


def _shares(rows: pd.DataFrame, kind: Segmentation, title: str, y: str) -> Figure:
    x = "share of the segment's uses"
    mine = rows[rows["segment_type"] == kind.name]
    if mine.empty:
        return empty_figure(title, NOBODY, x=x, y=y)
    country = str(sorted(mine["country"])[0])
    rows, mine = rows[rows["country"] == country], mine[mine["country"] == country]
    totals = mine.groupby("segment")["uses"].sum()
    said = f"{country}, as of {mine['as_of'].iloc[0]}; n is how many uses are counted"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(2 * len(kind.names)), subtitle=said)
    left = dict.fromkeys(kind.names, 0.0)
    colours = dict(zip(sorted(set(rows["voucher_amount"])), cycle(COLOURS), strict=False))
    for amount, used in mine.groupby("voucher_amount"):
        shares = used.set_index("segment")["share"].reindex(kind.names).fillna(0.0)
        axes.barh(kind.names, shares, left=[left[name] for name in kind.names], color=colours[amount], label=f"{amount:,.0f}")
        left = {name: left[name] + shares[name] for name in kind.names}
    labels = [f"{name} (n={totals.get(name, 0):,})" for name in kind.names]
    axes.set_yticks(range(len(kind.names)), labels)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, 1)
    in_percent(axes, "x")
    legend_below(figure, axes)
    return figure


def cleaning(report: pd.DataFrame) -> Figure:
    """Rows that are left after every rule, from what was delivered to what is counted."""
    title, x, y = "From delivered rows to counted uses", "rows", "after taking out"
    if report.empty:
        return empty_figure(title, "Nothing was delivered.", x=x, y=y)
    steps = report.groupby(["step", "rule"], as_index=False)[["rows_in", "rows_removed", "rows_out", "rows_flagged"]].sum()
    removed = [f"{_short(rule)} (−{n:,})" for rule, n in zip(steps["rule"], steps["rows_removed"], strict=True)]
    left = [int(steps["rows_in"].iloc[0]), *steps["rows_out"]]
    said = f"{left[0]:,} rows delivered, {left[-1]:,} counted, {steps['rows_flagged'].sum():,} of them flagged"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(left)), subtitle=said)
    bars(axes, ["as delivered", *removed], [float(n) for n in left])
    return figure


def _short(rule: str) -> str:
    return rule.split(":")[0].split(";")[0]
