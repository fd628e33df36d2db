"""Figures of what went wrong: failed tables, broken checks, rows set aside, changes of shape."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from operations.run_history import RunHistory
from utils.figures import empty_figure
from utils.panels import stacked_figure

MOST = 25  # bars in a figure
SEVERITIES = ("fail", "quarantine", "warn", "info")
HELD = ("open", "replayed", "replaced")
CHANGES = ("added", "widened", "ignored")


def failures(history: RunHistory) -> pd.DataFrame:
    """Tables whose run failed, the latest first, with what went wrong."""
    failed = history.runs[history.runs["status"] == "failed"]
    return failed[["started_at", "system", "table_name", "error"]].iloc[::-1].reset_index(drop=True)


def failed_checks(history: RunHistory, most: int = MOST) -> Figure:
    """Rows that broke a check, by severity, over all runs of the window; a row that stays broken counts in each full run."""
    title, x, y = "Checks that rows broke", "rows that broke the check", "table: check"
    return _counted(
        history.broken.assign(name=_names(history.broken, "check_name")), "severity", SEVERITIES, "broken",
        title=title, x=x, y=y, most=most, subtitle=history.window, empty=f"No check was broken from {history.window}.",
    )  # fmt: skip


def quarantine(history: RunHistory, most: int = MOST) -> Figure:
    """Rows that are in quarantine or were, of any day, by what became of them."""
    title, x, y = "Rows set aside", "rows", "table: rule"
    return _counted(
        history.held.assign(name=_names(history.held, "check_name")), "status", HELD, "count",
        title=title, x=x, y=y, most=most, subtitle="of any day, by what became of them", empty="No row is in quarantine.",
    )  # fmt: skip


def schema_changes(history: RunHistory, most: int = MOST) -> Figure:
    """Columns that were new, wider or left out, per table."""
    title, x, y = "Changes of shape", "columns", "table"
    names = [f"{row.system} {row.table_name}" for row in history.changes.itertuples()]
    return _counted(
        history.changes.assign(name=names, n=1), "change", CHANGES, "n", title=title, x=x, y=y, most=most,
        subtitle=history.window, empty=f"No table changed its shape from {history.window}.",
    )  # fmt: skip


def _names(rows: pd.DataFrame, what: str) -> list[str]:
    parts = zip(rows["system"], rows["table_name"], rows[what], strict=True)
    return [f"{system} {table}: {rule}" for system, table, rule in parts]


def _counted(
    rows: pd.DataFrame, by: str, order: Sequence[str], value: str, *, title: str, x: str, y: str, most: int,
    subtitle: str, empty: str,
) -> Figure:  # fmt: skip
    """Sums of `value` per name, the greatest first, in parts by the column `by`; parts that never occur are left out."""
    if rows.empty:
        return empty_figure(title, empty, x=x, y=y)
    sums = rows.assign(**{value: rows[value].astype(float)}).pivot_table(
        index="name", columns=by, values=value, aggfunc="sum", fill_value=0.0
    )
    sums = sums.loc[sums.sum(axis="columns").sort_values(ascending=False, kind="stable").index].head(most)
    parts = {part: sums[part].tolist() for part in order if part in sums}
    return stacked_figure(title, list(sums.index), parts, x=x, y=y, subtitle=subtitle)
