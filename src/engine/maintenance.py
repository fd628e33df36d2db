"""Upkeep of tables, decided from each one's own history: compaction, removal of old files, tombstones, retention.

None of it changes a row that readers see, so nothing downstream moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException

from engine.catalog import RETENTION, text
from engine.changes import table_id
from engine.latest import purge_tombstones
from engine.outcomes import Counts, Outcome, Outcomes
from engine.parallel import in_parallel
from engine.run import Run
from engine.run_log import OPS_TABLES, RunLog
from engine.spec import Latest
from engine.table_run import said
from utils.errors import TidelineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from engine.system import System
    from utils.settings import Settings

# More files than this that are smaller than a fraction of what OPTIMIZE writes are worth compacting.
MANY_SMALL_FILES = 16
SMALL_FILE_BYTES = 32 * 1024**2
# Operations that leave files behind which nothing but time travel reads.
REPLACING = ("MERGE", "DELETE", "UPDATE", "OPTIMIZE", "REORG", "WRITE", "CREATE OR REPLACE TABLE AS SELECT")


@dataclass(frozen=True)
class Condition:
    """A table as its detail and history tell of it."""

    n_files: int
    n_bytes: int
    properties: dict[str, str]
    history: list[Any]

    @property
    def wants_compaction(self) -> bool:
        """Many files, small on average, and rows written since the last OPTIMIZE."""
        if self.n_files <= MANY_SMALL_FILES or self.n_bytes / self.n_files >= SMALL_FILE_BYTES:
            return False
        return not self.history or self.history[0]["operation"] != "OPTIMIZE"

    def wants_vacuum(self, now: datetime) -> bool:
        """Files were replaced longer ago than they are kept, and no VACUUM has run since."""
        limit = now - timedelta(days=RETENTION.files_days)
        for commit in self.history:  # newest first
            if commit["operation"].startswith("VACUUM END"):
                return any(
                    _moment(other) < limit and _moment(other) > _moment(commit) - timedelta(days=RETENTION.files_days)
                    for other in self.history
                    if other["operation"] in REPLACING
                )
            if commit["operation"] in REPLACING and _moment(commit) < limit:
                return True
        return False

    @property
    def lacks(self) -> dict[str, str]:
        """Retention properties that are not as declared."""
        return {name: value for name, value in RETENTION.properties.items() if self.properties.get(name) != value}


def maintain(spark: SparkSession, system: System, settings: Settings) -> Outcomes:
    """Look after every table of a system and the shared `ops` tables; one row per table says what was done and why.

    Raises LayerFailed after all tables were tried.
    """
    run, log = Run(spark, settings, system), RunLog(spark, settings)
    paths = [source.path for source in system.sources] + [table.path for table in system.tables]
    paths += ["raw.quarantine", *(f"ops.{name}" for name in (*OPS_TABLES, "files"))]
    wanted = [path for path in paths if not settings.tables or path.partition(".")[2] in settings.tables]
    outcomes = in_parallel(settings.parallel_tables, [partial(_maintain, run, path) for path in wanted])
    done = Outcomes(system.name, "maintenance", tuple(found for found in outcomes if found), kind="maintenance")
    log.append(done)
    done.raise_if_any_failed()
    return done


def _maintain(run: Run, path: str) -> Outcome | None:
    name = run.settings.name_of(path)
    outcome = Outcome(path, "nothing to do", "maintenance", "", datetime.now(UTC))
    if table_id(run.spark, name) is None:
        return None
    try:
        done = _look_after(run, path, name)
    except (TidelineError, PySparkException) as error:
        return replace(outcome, status="failed", error=said(error)).finished()
    counts = Counts(deleted=sum(n for what, n in done if what == "tombstones purged"))
    why = ", ".join(f"{what} ({n})" for what, n in done) or "few files, none outdated"
    return replace(outcome, status="written" if done else "nothing to do", why=why, counts=counts).finished()


def _look_after(run: Run, path: str, name: str) -> list[tuple[str, int]]:
    """What was done, with a number that says how much."""
    done: list[tuple[str, int]] = []
    table = next((table for table in run.system.tables if table.path == path), None)
    if isinstance(table, Latest) and (purged := purge_tombstones(run, table)):
        done.append(("tombstones purged", purged))
    found = condition_of(run.spark, name)
    if found.lacks:
        listed = ", ".join(f"{text(key)} = {text(value)}" for key, value in found.lacks.items())
        run.spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({listed})").collect()
        done.append(("retention properties set", len(found.lacks)))
    if found.wants_compaction:
        run.spark.sql(f"OPTIMIZE {name}").collect()
        done.append(("files compacted", found.n_files))
    if found.wants_vacuum(datetime.now(UTC)):
        run.spark.sql(f"VACUUM {name}").collect()
        done.append(("outdated files removed, kept days", RETENTION.files_days))
    return done


def condition_of(spark: SparkSession, name: str) -> Condition:
    """Read a table's detail and history."""
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    history = spark.sql(f"DESCRIBE HISTORY {name}").select("timestamp", "operation").collect()
    return Condition(int(detail["numFiles"]), int(detail["sizeInBytes"]), dict(detail["properties"] or {}), history)


def _moment(commit: Any) -> datetime:
    moment: datetime = commit["timestamp"]
    return moment.astimezone(UTC)
