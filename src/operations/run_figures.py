"""Figures of runs: how fresh tables are, what runs wrote, how long they took and what they cost."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from operations.run_history import RunHistory
from utils.colours import RED
from utils.figures import bars, empty_figure, height_of, new_figure
from utils.panels import stacked_figure

MOST = 25  # bars in a figure
LAYERS = ("raw", "bronze", "silver", "gold")
NOT_PRICED = "There is no system.billing.usage here that can be read: what runs cost is not known.\nSee the compute seconds."


def freshness(history: RunHistory, most: int = MOST) -> Figure:
    """Hours since the last success of every table, the stalest first."""
    title, x, y = "How long ago tables were brought up to date", "hours since the last success", "table"
    ages = freshness_table(history).dropna(subset=["hours_since_success"])
    if ages.empty:
        return empty_figure(title, "No table was ever brought up to date.", x=x, y=y)
    stalest = ages.head(most)
    never = int(history.last["succeeded_at"].isna().sum())
    said = f"{len(stalest)} stalest of {len(history.last)} tables; {never} never ran (at {history.now:%Y-%m-%d %H:%M} UTC)"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(stalest)), subtitle=said)
    names = [f"{row.system} {row.table_name}" for row in stalest.itertuples()]
    bars(axes, names, stalest["hours_since_success"].tolist(), said="{:,.1f}")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))  # parts of an hour count
    axes.xaxis.set_major_formatter(lambda hours, _: f"{hours:,g}")
    return figure


def freshness_table(history: RunHistory) -> pd.DataFrame:
    """Every table with its last success and last change; those that never ran come last."""
    ages = (pd.Timestamp(history.now) - history.last["succeeded_at"]).dt.total_seconds() / 3600
    rows = history.last.assign(hours_since_success=ages.astype(float).round(1))
    return rows.sort_values(
        ["hours_since_success", "system", "table_name"], ascending=[False, True, True], na_position="last"
    ).reset_index(drop=True)


def rows_per_run(history: RunHistory, most: int = MOST) -> Figure:
    """Rows inserted, updated and deleted by the latest runs of a layer that wrote anything, the latest first."""
    title, x, y = "Rows that runs wrote", "rows", "run of a layer (UTC)"
    runs = _per_run(history.runs)
    counts = runs[["inserted", "updated", "deleted"]]
    runs = runs[counts.sum(axis="columns") > 0].tail(most).iloc[::-1]
    if runs.empty:
        return empty_figure(title, f"No run wrote a row from {history.window}.", x=x, y=y)
    said = f"the latest {len(runs)} of {int((counts.sum(axis='columns') > 0).sum())} runs that wrote, {history.window}"
    names = [f"{row.started_at:%m-%d %H:%M} {row.system} {row.layer}" for row in runs.itertuples()]
    parts = {part: runs[part].astype(float).tolist() for part in counts}
    return stacked_figure(title, names, parts, x=x, y=y, subtitle=said)


def durations(history: RunHistory, most: int = MOST) -> Figure:
    """Seconds from the first table's start to the last one's end of every layer's run, added up per day and job.

    A job is a system's; where one system is chosen its layers are told apart.
    """
    title, x, y = "How long jobs took", "seconds in runs of layers", "day (UTC)"
    runs = _per_run(history.runs)
    if runs.empty:
        return empty_figure(title, f"Nothing ran from {history.window}.", x=x, y=y)
    systems = sorted(set(runs["system"]))
    by, order = ("layer", LAYERS) if len(systems) == 1 else ("system", systems)
    whose = systems[0] if len(systems) == 1 else "all systems"
    sums = runs.assign(day=runs["started_at"].dt.strftime("%Y-%m-%d")).pivot_table(
        index="day", columns=by, values="wall_seconds", aggfunc="sum", fill_value=0.0
    ).tail(most)
    parts = {part: sums[part].tolist() for part in order if part in sums}
    said = f"{whose}, {history.window}"
    return stacked_figure(title, list(sums.index), parts, x=x, y=y, subtitle=said, said="{:,.1f}")


def compute_seconds(history: RunHistory, most: int = MOST) -> Figure:
    """Seconds that tables took, over all runs of the window: side by side they add up to more than the job's time."""
    title, x, y = "Compute seconds by table", "seconds, all runs together", "table"
    rows = history.runs
    sums = rows.groupby(["system", "table_name"])["seconds"].agg(["sum", "count"]).reset_index()
    sums = sums.sort_values(["sum", "system", "table_name"], ascending=[False, True, True])
    if sums.empty:
        return empty_figure(title, f"Nothing ran from {history.window}.", x=x, y=y)
    top = sums.head(most)
    said = f"{len(top)} of {len(sums)} tables; {sums['sum'].sum():,.0f} s in all, {history.window}"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(top)), subtitle=said)
    names = [f"{row.system} {row.table_name}" for row in top.itertuples()]
    bars(axes, names, top["sum"].astype(float).tolist(), said="{:,.1f}")
    return figure


def cost(usage: pd.DataFrame | None, history: RunHistory, most: int = MOST) -> Figure:
    """Cost of our jobs at list prices, from `read_cost`; where that is None or without prices, the figure says so."""
    title, x, y = "What jobs cost", "USD at list prices", "job"
    if usage is None:
        return empty_figure(title, NOT_PRICED, x=x, y=y)
    sums = usage.groupby("job")[["usd", "quantity"]].sum().sort_values(["usd", "quantity"], ascending=False).head(most)
    if sums.empty:
        return empty_figure(title, f"No usage of our jobs was billed from {history.window}.", x=x, y=y)
    unpriced = usage.loc[usage["usd"].isna(), "quantity"].sum()
    said = f"{usage['quantity'].sum():,.1f} units, {unpriced:,.1f} of them without a list price; {history.window}"
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(sums)), subtitle=said)
    bars(axes, [str(job) for job in sums.index], sums["usd"].astype(float).tolist(), colour=RED, said="{:,.2f}")
    return figure


def _per_run(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per run of a layer, the oldest first: rows written, and seconds by the clock."""
    found = runs.groupby(["run_id", "system", "layer"], as_index=False).agg(
        inserted=("inserted", "sum"), updated=("updated", "sum"), deleted=("deleted", "sum"),
        started_at=("started_at", "min"), finished_at=("finished_at", "max"),
    )  # fmt: skip
    seconds = (pd.to_datetime(found["finished_at"], utc=True) - pd.to_datetime(found["started_at"], utc=True)).dt.total_seconds()
    return found.assign(wall_seconds=seconds).sort_values(["started_at", "run_id"]).reset_index(drop=True)
