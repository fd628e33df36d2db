"""Raw records once more: a range of them (backfill, asked of the source again too), or those set aside (replay).

Both go the normal path into bronze, where older records lose: so they may run twice, and beside live loads. Cursors stay
where they are; the layers above see what changed by the change feed, as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine.changes import Path, Window, head_of, read_at
from engine.conflicts import retried
from engine.intake import take_in
from engine.landing import land_all
from engine.outcomes import Outcome, Outcomes, Result
from engine.quarantine import ensure_quarantine, set_aside, settle
from engine.run import Run
from engine.run_log import RunLog
from engine.shape import discover
from engine.spec import FromRaw
from engine.table_run import said
from utils.errors import SettingsError, TidelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from engine.system import System
    from utils.settings import Settings

Work = Callable[[Run, FromRaw, Window], Result]


def backfill(spark: SparkSession, system: System, settings: Settings, start: date, end: date) -> Outcomes:
    """Bring raw records whose sequence lies in [start, end), days in UTC, into the bronze tables once more.

    One commit per table at most. Raises SettingsError for an empty range, LayerFailed after all tables were tried.
    """
    if start >= end:
        raise SettingsError("backfill", f"[{start}, {end})", expected="a start before the end")
    only = f"_sequence >= timestamp'{start}' AND _sequence < timestamp'{end}'"

    def work(run: Run, table: FromRaw, window: Window) -> Result:
        records = _raw(run, table, window)
        return _take_in(run, table, records, window, only)

    return _for_each_table(spark, system, settings, "backfill", f"sequences in [{start}, {end})", work)


def fetch_again(spark: SparkSession, system: System, settings: Settings, start: date, end: date) -> Outcomes:
    """Ask the sources that have a mark (APIs, databases) for what changed on these days, UTC, and append what raw lacks.

    Marks stay where they are. Files are not asked: all that is delivered lands. Raises as `backfill` does.
    """
    if start >= end:
        raise SettingsError("backfill", f"[{start}, {end})", expected="a start before the end")
    done = Outcomes(system.name, "raw", tuple(land_all(Run(spark, settings, system), (start, end))), kind="backfill")
    RunLog(spark, settings).append(done)
    done.raise_if_any_failed()
    return done


def replay_quarantine(spark: SparkSession, system: System, settings: Settings) -> Outcomes:
    """Judge the open rows of the quarantine by today's rules, bring in what passes, and mark what became of each.

    A row that fails again stays open; one whose rule was replaced is closed, and stands there again under its new rule.
    """
    ensure_quarantine(Run(spark, settings, system))

    def work(run: Run, table: FromRaw, window: Window) -> Result:
        quarantine = run.spark.table(run.settings.name_of("raw.quarantine"))
        held = quarantine.where((F.col("table_name") == table.path) & (F.col("status") == "open"))
        places = held.select(
            F.col("source").alias("_source"), F.col("position").alias("_position"), F.col("content_hash").alias("_content_hash")
        ).distinct()  # fmt: skip
        records = _raw(run, table, window).join(F.broadcast(places), ["_source", "_position", "_content_hash"], "left_semi")
        result = _take_in(run, table, records, window)
        retried(lambda _: settle(run, held, result.bad))
        return result

    return _for_each_table(spark, system, settings, "replay", "open rows of the quarantine", work)


def _raw(run: Run, table: FromRaw, window: Window) -> DataFrame:
    return read_at(run.spark, run.settings.name_of(table.source), window.heads[table.source].version)


def _take_in(run: Run, table: FromRaw, records: DataFrame, window: Window, only: str = "") -> Result:
    result = take_in(run, table, records, discover(table, records), window, only)
    if result.bad is not None:
        bad = result.bad
        retried(lambda _: set_aside(run, [bad]))
    return result


def _for_each_table(
    spark: SparkSession, system: System, settings: Settings, path: Path, why: str, work: Work
) -> Outcomes:
    run, log = Run(spark, settings, system), RunLog(spark, settings)
    tables = [table for table in system.tables if isinstance(table, FromRaw)]
    wanted = [table for table in tables if settings.wants(table.name)]
    done = Outcomes(system.name, "bronze", tuple(_one(run, table, path, why, work) for table in wanted), kind=path)
    log.append(done)
    done.raise_if_any_failed()
    return done


def _one(run: Run, table: FromRaw, path: Path, why: str, work: Work) -> Outcome:
    outcome = Outcome(table.path, "nothing to do", path, why, datetime.now(UTC))
    head = head_of(run.spark, run.settings.name_of(table.source))
    if head is None:
        return replace(outcome, notes=("nothing has landed yet",)).finished()
    window = Window(path, why, {table.source: head}, {})
    try:
        result = retried(lambda _: work(run, table, window))
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", error=said(error)).finished()
    status = "written" if result.counts.changed else "nothing to do"
    return replace(outcome, status=status, counts=result.counts, checks=result.checks, drifts=result.drifts).finished()
