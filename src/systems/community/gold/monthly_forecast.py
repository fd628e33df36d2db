"""Gold: the months ahead of support, comments and votes, published by the forecast's notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from engine.checks import Check, accepted_values
from engine.spec import Column, Published

if TYPE_CHECKING:
    from systems.community.outlook import Outlook

NOT_REGISTERED = "not registered"


def monthly_forecast(found: Mapping[str, Outlook], versions: Mapping[str, str]) -> pd.DataFrame:
    """A row per series and month ahead. `versions` are those under which a series' model is registered, by series."""
    rows = [
        row | {
            "series": name, "level": each.level, "coverage": each.coverage, "method": each.method, "basis": each.basis,
            "origin": each.series.months[-1],
            "n_months_known": len(each.series.months), "model_version": versions.get(name, NOT_REGISTERED),
        }
        for name, each in found.items() for row in each.rows().to_dict("records")
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=[name for name in MONTHLY_FORECAST.column_names if name != "run_id"])
    known = {name: [None if pd.isna(each) else each for each in table[name]] for name in ("low", "high", "coverage")}
    return table.assign(**{name: pd.Series(values, dtype=object) for name, values in known.items()})


MONTHLY_FORECAST = Published(
    build=monthly_forecast,
    inputs=["gold.monthly_support", "gold.monthly_activity"],
    key=["series", "month"],
    grain="one row per series and month ahead",
    columns=[
        Column("series", "string", "support: entitled amount at the month's end, USD; comments; votes: chosen options."),
        Column("month", "date", "First day of the month that is forecast."),
        Column("value", "double", "What is expected."),
        Column("low", "double", "Lower end of the interval; null where too little is known to say."),
        Column("high", "double", "Upper end; null likewise."),
        Column("level", "double", "The chance that the interval is meant to hold the month with, if errors come as they did."),
        Column("coverage", "double", "Share of past months that lay in the interval of their time; null if nobody can tell."),
        Column("method", "string", "How it was made."),
        Column("basis", "string", "Why by this method: better than naive ways, or not, or too little history."),
        Column("origin", "date", "First day of the last month that was known."),
        Column("n_months_known", "int", "Months that were known."),
        Column("model_version", "string", "Version in the registry under the alias champion, or `not registered`."),
        Column("run_id", "string", "The forecast's run in MLflow, with its back-tests and figures."),
    ],
    checks=[
        accepted_values("series", ["support", "comments", "votes"], "fail"),
        Check("the month is ahead", "month > origin", "fail"),
        Check("the value lies in its interval", "low IS NULL OR (low <= value AND value <= high)", "fail"),
        Check("a share is one", "coverage IS NULL OR coverage BETWEEN 0 AND 1", "fail"),
        Check("nothing is below nought", "value >= 0", "fail"),
    ],
)
