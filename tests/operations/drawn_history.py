"""A run history of three days, drawn with a seed: two systems, failures, broken checks, drifts, and a table that never ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from operations.run_history import CHANGES, CHECKS, HELD, LAST, RUNS, RunHistory

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
TABLES = {
    "community": ("raw.users", "bronze.users", "bronze.votes", "silver.votes", "gold.poll_results"),
    "funnel": ("raw.visits", "bronze.visits", "gold.funnel_steps"),
}
STATUSES = ("written", "written", "nothing to do", "failed")


def history(seed: int = 1) -> RunHistory:
    """Every table once a day, tables of a layer in one run."""
    draws, runs = np.random.default_rng(seed), []
    for day in range(3):
        for system, tables in TABLES.items():
            at = NOW - timedelta(days=3 - day, hours=float(draws.integers(0, 3)))
            for table in tables:
                layer, status = table.split(".")[0], str(draws.choice(STATUSES))
                counts = draws.poisson(900, 3) * (status == "written")
                start = at + timedelta(minutes=5 * ("raw", "bronze", "silver", "gold").index(layer))
                seconds = round(float(draws.exponential(40)), 2)
                error = "a check is broken" if status == "failed" else None
                runs.append(
                    (f"{day}{system}{layer}", system, layer, table, status, *counts,
                     start, start + timedelta(seconds=seconds), seconds, error)
                )  # fmt: skip
    rows = pd.DataFrame(runs, columns=list(RUNS))
    return RunHistory(
        runs=rows, broken=_broken(draws), changes=_changes(), last=_last(rows), held=_held(),
        since=NOW - timedelta(days=14), now=NOW,
    )  # fmt: skip


def nothing() -> RunHistory:
    """A deployment in which nothing ever ran."""
    times = pd.Series([], dtype="datetime64[ns, UTC]")
    last = pd.DataFrame({"system": [], "table_name": [], "succeeded_at": times, "changed_at": times})
    empty = {name: pd.DataFrame(columns=list(columns)) for name, columns in
             (("runs", RUNS), ("broken", CHECKS), ("changes", CHANGES), ("held", HELD))}  # fmt: skip
    return RunHistory(**empty, last=last, since=NOW - timedelta(days=14), now=NOW)


def _last(runs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (system, table), own in runs.groupby(["system", "table_name"]):
        success, change = (own.loc[own["status"].isin(kinds), "finished_at"].max() for kinds in (STATUSES[:3], STATUSES[:2]))
        rows.append((system, table, success, change))
    rows.append(("funnel", "gold.funnel_breaks", pd.NaT, pd.NaT))
    found = pd.DataFrame(rows, columns=list(LAST))
    return found.assign(**{name: pd.to_datetime(found[name], utc=True) for name in LAST[2:]})


def _broken(draws: np.random.Generator) -> pd.DataFrame:
    checks = (
        ("community", "bronze.users", "the id is there", "quarantine"),
        ("community", "silver.votes", "the poll exists", "info"),
        ("funnel", "gold.funnel_steps", "shares are shares", "fail"),
    )
    days = [(day, check) for day in range(3) for check in checks]
    rows = [(f"{day}", *check, int(draws.integers(1, 50)), NOW - timedelta(days=day)) for day, check in days]
    return pd.DataFrame(rows, columns=list(CHECKS))


def _changes() -> pd.DataFrame:
    rows = [
        (NOW - timedelta(days=2), "community", "bronze.users", "id_look_a_new_field", "added", "string", ""),
        (NOW - timedelta(days=1), "community", "bronze.users", "age", "widened", "bigint", "int"),
        (NOW - timedelta(days=1), "funnel", "bronze.visits", "new", "added", "string", ""),
    ]
    return pd.DataFrame(rows, columns=list(CHANGES))


def _held() -> pd.DataFrame:
    rows = [
        ("community", "bronze.users", "the id is there", "open", 7),
        ("community", "bronze.users", "the id is there", "replayed", 3),
        ("funnel", "bronze.visits", "a page is known", "open", 2),
    ]
    return pd.DataFrame(rows, columns=list(HELD))
