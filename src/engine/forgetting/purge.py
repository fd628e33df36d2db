"""Files of tables that still hold a person though no row does: those with deletion vectors, and those that were replaced.

REORG writes the first anew; VACUUM removes the second, and with them the change feed's files, once they are older than they
are kept. Until then time travel reads them, and so does whoever can read the table's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.catalog import NO_STATISTICS, RETENTION, STATISTICS, statistics_of, text
from engine.effects import about_to
from utils.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from engine.parts import Column

SAFETY = "spark.databricks.delta.retentionDurationCheck.enabled"
MOST_HOURS = 24 * 366


def kept_until(retention_hours: int | None) -> datetime | None:
    """Until when replaced files are kept; None where they are removed at once."""
    return datetime.now(UTC) + timedelta(days=RETENTION.files_days) if retention_hours is None else (
        datetime.now(UTC) + timedelta(hours=retention_hours) if retention_hours else None
    )  # fmt: skip


def purge(spark: SparkSession, name: str, columns: Sequence[Column], retention_hours: int | None) -> None:
    """Write files with deleted rows anew, and with `retention_hours` remove replaced files that are older than that.

    From then on the table's log has no statistics of columns that tell who somebody is.
    """
    about_to("purge a table")
    _stop_statistics(spark, name, columns)
    spark.sql(f"REORG TABLE {name} APPLY (PURGE)").collect()
    if retention_hours is not None:
        spark.sql(f"VACUUM {name} RETAIN {retention_hours:d} HOURS").collect()


def _stop_statistics(spark: SparkSession, name: str, columns: Sequence[Column]) -> None:
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    stored = dict(detail["properties"] or {})
    clustered = list(detail["clusteringColumns"] or []) if "clusteringColumns" in detail.asDict() else []
    wanted = statistics_of(columns, clustered)
    if wanted and STATISTICS not in stored and NO_STATISTICS not in stored:
        listed = ", ".join(f"{text(key)} = {text(value)}" for key, value in wanted.items())
        spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({listed})").collect()


@contextmanager
def allowed(spark: SparkSession, retention_hours: int | None) -> Iterator[None]:
    """Lets VACUUM remove files before their time, in this session. Raises SettingsError where that is not to be had."""
    if retention_hours is None or retention_hours >= RETENTION.files_days * 24:
        yield
        return
    try:
        spark.conf.set(SAFETY, "false")
    except PySparkException as error:
        raise SettingsError(
            "parameter `retention_hours`", f"`{retention_hours}`, and this compute keeps Delta's check of it",
            expected=f"nothing, or {RETENTION.files_days * 24} and more", hint="Run the job on a job cluster, or wait.",
        ) from error  # fmt: skip
    try:
        yield
    finally:
        spark.conf.unset(SAFETY)


def refuse_wrong_hours(retention_hours: int | None) -> None:
    """Raises SettingsError for hours that cannot be meant."""
    if retention_hours is not None and not 0 <= retention_hours <= MOST_HOURS:
        raise SettingsError("parameter `retention_hours`", f"`{retention_hours}`", expected=f"0 to {MOST_HOURS}, or nothing")
