"""Tables of a profile: the whole in words, column by column, and what its key says of duplicates."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from operations.profile import LARGE, Profile

RULE = "outlier: more than 1.5 interquartile ranges below the first or above the third quartile (approximate)"


def in_words(profile: Profile) -> pd.DataFrame:
    """The table in a few lines, with what was estimated."""
    exact = "exact"
    if profile.is_estimated:
        exact = f"estimated to about 5 %, because there are more than {LARGE:,} rows"
    rows = [
        ("table", profile.said),
        ("rows", f"{profile.n_rows:,} ({profile.window})"),
        ("columns", f"{len(profile.columns):,}"),
        ("numbers of distinct values", exact),
        ("personal or undeclared columns", "their values are masked; texts are measured by length alone"),
        ("outliers", RULE.removeprefix("outlier: ")),
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def column_table(profile: Profile) -> pd.DataFrame:
    """One row per column, in the table's order; times of quartiles as days and seconds, in words."""
    rows = profile.columns
    share = [f"{100 * share:.1f}\u00a0%" for share in rows["null_share"]]
    table = rows[["column", "type", "n_null"]].assign(nulls=share, n_distinct=rows["n_distinct"].astype("Int64"))
    for name in ("least", "greatest"):
        table[name] = rows[name]
    for name in ("first_quartile", "median", "third_quartile"):
        table[name] = [_said(value, by) for value, by in zip(rows[name], rows["measured_by"], strict=True)]
    return table.assign(measured_by=rows["measured_by"], n_outliers=rows["n_outliers"])


def repeats_table(profile: Profile) -> pd.DataFrame:
    """Duplicates by the key that the table declares, in words."""
    if profile.repeats is None:
        rows = [("key", "none is declared: as delivered, a record may come again")]
    else:
        found = profile.repeats
        rows = [
            ("key", ", ".join(found.key)),
            ("distinct keys", f"{found.n_keys:,}"),
            ("keys of more than one row", f"{found.n_repeated:,}"),
            ("rows that are too many", f"{found.n_surplus:,}"),
        ]
    return pd.DataFrame(rows, columns=["what", "value"])


def moment(seconds: float) -> datetime:
    """A time that is measured by seconds since 1970, UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _said(value: Any, measured_by: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{moment(value):%Y-%m-%d %H:%M}" if measured_by == "seconds" else f"{value:,.6g}"

