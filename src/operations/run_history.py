"""What the logs say of the last days: `ops.*` of all systems or of one, and what its quarantine holds. Read, never written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import functions as F

from engine.quarantine import summary
from utils.settings import system_names

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from utils.settings import Settings

ALL = "all"
SUCCESSES = ("written", "nothing to do")
RUNS = (
    "run_id", "system", "layer", "table_name", "status", "inserted", "updated", "deleted",
    "started_at", "finished_at", "seconds", "error",
)  # fmt: skip
CHECKS = ("run_id", "system", "table_name", "check_name", "severity", "broken", "checked_at")
CHANGES = ("changed_at", "system", "table_name", "column_name", "change", "found", "was")
LAST = ("system", "table_name", "succeeded_at", "changed_at")
HELD = ("system", "table_name", "check_name", "status", "count")


@dataclass(frozen=True)
class RunHistory:
    """Rows of the logs from `since` to `now`; times are UTC.

    `runs`: one row per table and run. `broken`: one per check that was broken, and run. `changes`: one per drift of a
    table's shape. `last`: one per table that is declared or was ever run, with its last success and its last change of any
    day; NaT where there was none. `held`: rows in quarantine of any day, by table, rule and status.
    """

    runs: pd.DataFrame
    broken: pd.DataFrame
    changes: pd.DataFrame
    last: pd.DataFrame
    held: pd.DataFrame
    since: datetime
    now: datetime

    @property
    def window(self) -> str:
        """For people."""
        return f"{self.since:%Y-%m-%d %H:%M} to {self.now:%Y-%m-%d %H:%M} UTC"


def choices() -> list[str]:
    """What the widget `system` can be: all, or one of them."""
    return [ALL, *system_names()]


def read_history(
    spark: SparkSession, settings: Settings, system: str, days: int, now: datetime | None = None
) -> RunHistory:
    """The logs of a system, or of `all`, up to `now` (by default the clock's); empty where nothing ever ran."""
    now = now or datetime.now(UTC)
    since = now - timedelta(days=days)
    systems = system_names() if system == ALL else [system]
    logs = _Logs(spark, settings, systems)
    return RunHistory(
        runs=logs.rows("table_runs", RUNS, "started_at", since, now),
        broken=logs.rows("checks", CHECKS, "checked_at", since, now, F.col("broken") > 0),
        changes=logs.rows("schema_changes", CHANGES, "changed_at", since, now),
        last=_with_declared(logs.last(now), settings, systems),
        held=_held(spark, settings, systems),
        since=since,
        now=now,
    )


@dataclass(frozen=True)
class _Logs:
    spark: SparkSession
    settings: Settings
    systems: Sequence[str]

    def table(self, name: str) -> DataFrame | None:
        """Rows of the chosen systems; None where the log was never made."""
        full = self.settings.name_of(f"ops.{name}")
        if not self.spark.catalog.tableExists(full):
            return None
        return self.spark.table(full).where(F.col("system").isin(list(self.systems)))

    def rows(
        self, name: str, columns: Sequence[str], time: str, since: datetime, now: datetime, where: Column | None = None
    ) -> pd.DataFrame:
        """Rows whose `time` lies in the window, the oldest first."""
        rows = self.table(name)
        if rows is None:
            return pd.DataFrame(columns=list(columns))
        rows = rows.where(F.col(time).between(F.lit(since), F.lit(now)))
        return _pandas(rows.where(where) if where is not None else rows, columns, by=[time, "system", "table_name"])

    def last(self, now: datetime) -> pd.DataFrame:
        """Per table its last success of an ordinary run, and the last of those that changed it."""
        rows = self.table("table_runs")
        if rows is None:
            return pd.DataFrame(columns=list(LAST))
        is_success = F.col("status").isin(*SUCCESSES) & (F.col("kind") == "run")
        last = rows.where(F.col("finished_at") <= F.lit(now)).groupBy("system", "table_name").agg(
            F.max(F.when(is_success, F.col("finished_at"))).alias("succeeded_at"),
            F.max(F.when(F.col("status") == "written", F.col("finished_at"))).alias("changed_at"),
        )
        return _pandas(last, LAST, by=["system", "table_name"])


def _pandas(rows: DataFrame, columns: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Times leave Spark as microseconds, so that no session's time zone has a say; they are UTC."""
    kinds = dict(rows.dtypes)
    times = [name for name in columns if kinds[name] == "timestamp"]
    shown = [F.unix_micros(name).alias(name) if name in times else F.col(name) for name in columns]
    found = rows.select(*shown).orderBy(*by).toPandas()
    for name in times:
        found[name] = pd.to_datetime(found[name], unit="us", utc=True)
    return found


def _with_declared(last: pd.DataFrame, settings: Settings, systems: Sequence[str]) -> pd.DataFrame:
    declared = pd.DataFrame([*_declared(settings, systems)], columns=["system", "table_name"])
    joined = declared.merge(last, on=["system", "table_name"], how="outer")
    times = {name: pd.to_datetime(joined[name], utc=True) for name in LAST[2:]}
    return joined.assign(**times).sort_values(["system", "table_name"]).reset_index(drop=True)


def _declared(settings: Settings, systems: Sequence[str]) -> list[tuple[str, str]]:
    manifests = [replace(settings, system_name=name).system for name in systems]
    return [(each.name, part.path) for each in manifests for part in (*each.sources, *each.tables)]


def _held(spark: SparkSession, settings: Settings, systems: Sequence[str]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name in systems:
        own = replace(settings, system_name=name)
        if not spark.catalog.tableExists(own.name_of("raw.quarantine")):
            continue  # asked first: a failing read leaves a line in the notebook
        rows += [{"system": name, **row} for row in summary(spark, own)]
    return pd.DataFrame(rows, columns=list(HELD))
