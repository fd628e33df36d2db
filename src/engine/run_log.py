"""`ops.table_runs`: one row per table and run, appended once per layer, after the data. It is the cursor store.

The view `ops.cursors` owns the rule of what counts as seen (successes of ordinary runs); nothing else reads cursors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.catalog import create_table, follow_declaration, make, stored_columns
from engine.changes import Cursor, Head
from engine.effects import about_to
from engine.outcomes import Outcome, Outcomes
from engine.spec import Column

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from utils.settings import Settings

HEADS = "map<string, struct<table_id: string, version: bigint>>"
COUNTS = {
    "read": "Records of the batch; for a derived table its computed rows.",
    "inserted": "Rows inserted.",
    "updated": "Rows updated.",
    "deleted": "Rows deleted.",
    "applied": "Records that changed the table.",
    "stale": "Records that won in their batch and changed nothing.",
    "duplicate": "Records beaten within their batch.",
    "quarantined": "Records set aside.",
    "slices": "Touched slices that were recomputed; null where the table has none or was computed as a whole.",
    "files_added": "Data files added.",
    "files_removed": "Data files removed.",
    "files_scanned": "Data files of the table that the write had to read.",
    "bytes_added": "Bytes of added files.",
    "rows_copied": "Rows rewritten as they were.",
}
TABLE_RUNS = (
    Column("run_id", "string", "Run of one layer of one system."),
    Column("kind", "string", "run, or what else was done (backfill, replay, maintenance, forget): that leaves cursors alone."),
    Column("system", "string", "System."),
    Column("layer", "string", "Layer."),
    Column("table_name", "string", "Table as layer.name."),
    Column("status", "string", "written, nothing to do, or failed."),
    Column("path", "string", "sliced, full, landed or nothing: how the table was brought up to date."),
    Column("why", "string", "Why the whole table was recomputed, or what else explains the path."),
    *(Column(name, "bigint", comment) for name, comment in COUNTS.items()),
    Column("cursor_from", HEADS, "Per input the version that was already seen."),
    Column("cursor_to", HEADS, "Per input the version that is seen now."),
    Column("target_id", "string", "Delta id of the table; another id later voids the cursor."),
    Column("code_hash", "string", "Hash of the code and configuration; another hash later voids the cursor."),
    Column("as_of", "date", "The date that counted as now, where the table depends on it; for raw the date that was landed for."),
    Column("started_at", "timestamp", "By the clock."),
    Column("finished_at", "timestamp", "By the clock."),
    Column("seconds", "double", "Duration."),
    Column("conflicts", "bigint", "How often the table's run began again because another writer came first."),
    Column("error", "string", "What went wrong; null otherwise."),
)
CHECKS = (
    Column("run_id", "string", "Run of one layer of one system."),
    Column("system", "string", "System."),
    Column("table_name", "string", "Table as layer.name."),
    Column("check_name", "string", "Check as declared."),
    Column("severity", "string", "info, warn, quarantine or fail."),
    Column("read", "bigint", "Rows of the batch."),
    Column("broken", "bigint", "Rows that break the check."),
    Column("checked_at", "timestamp", "By the clock."),
)
SCHEMA_CHANGES = (
    Column("run_id", "string", "Run of one layer of one system."),
    Column("system", "string", "System."),
    Column("table_name", "string", "Table as layer.name."),
    Column("column_name", "string", "Column that drifted."),
    Column("change", "string", "added, widened or ignored."),
    Column("found", "string", "Type that was found."),
    Column("was", "string", "Type before; empty for a new column."),
    Column("changed_at", "timestamp", "By the clock."),
)
OPS_TABLES = {
    "table_runs": (TABLE_RUNS, "One row per table and run: counts, cursor, path taken, duration, error."),
    "checks": (CHECKS, "One row per check and run."),
    "schema_changes": (SCHEMA_CHANGES, "One row per drift of a table's shape."),
}
CURSORS = """
CREATE OR REPLACE VIEW {view} COMMENT 'The last success of every table: what it had seen.' AS
SELECT system, layer, table_name,
       max_by(struct(cursor_to, target_id, code_hash, as_of), struct(finished_at, run_id)) AS seen
FROM {table_runs}
WHERE kind = 'run' AND status IN ('written', 'nothing to do')
GROUP BY system, layer, table_name
"""


class RunLog:
    """The ops tables of one deployment; made on first use."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        if not spark.catalog.tableExists(settings.name_of("ops.cursors")):
            self._create()
        else:
            self._widen()

    def cursors(self, layer: str) -> dict[str, Cursor]:
        """Table path -> what it had seen, for the tables of a layer; one read."""
        rows = self.spark.sql(
            f"SELECT table_name, seen.* FROM {self.settings.name_of('ops.cursors')} WHERE system = :system AND layer = :layer",
            args={"system": self.settings.system_name, "layer": layer},
        ).collect()
        return {row["table_name"]: _cursor(row) for row in rows}

    def append(self, outcomes: Outcomes) -> None:
        """One append per ops table that has something to say; only after it have the cursors moved."""
        self._append("checks", [row for outcome in outcomes.all for row in self._checks(outcome)])
        self._append("schema_changes", [row for outcome in outcomes.all for row in self._drifts(outcome)])
        self._append("table_runs", [self._run(outcomes, outcome) for outcome in outcomes.all])

    def _append(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        about_to(f"log {table.replace('_', ' ')}")
        columns, _ = OPS_TABLES[table]
        schema = ", ".join(f"{column.name} {column.type}" for column in columns)
        frame = self.spark.createDataFrame(rows, schema).coalesce(1)
        frame.write.format("delta").mode("append").saveAsTable(self.settings.name_of(f"ops.{table}"))

    def _run(self, outcomes: Outcomes, outcome: Outcome) -> tuple[Any, ...]:
        settings = self.settings
        return (
            settings.run_id,
            outcomes.kind,
            settings.system_name,
            outcomes.layer,
            outcome.table,
            outcome.status,
            outcome.path,
            outcome.why,
            *(getattr(outcome.counts, name) for name in COUNTS),
            _heads(outcome.cursor_from),
            _heads(outcome.cursor_to),
            outcome.target_id,
            outcome.code_hash,
            outcome.as_of,
            outcome.started_at,
            outcome.finished_at,
            outcome.seconds,
            outcome.conflicts,
            outcome.error or None,
        )

    def _checks(self, outcome: Outcome) -> list[tuple[Any, ...]]:
        now = datetime.now(UTC)
        return [
            (
                self.settings.run_id,
                self.settings.system_name,
                outcome.table,
                check.name,
                check.severity,
                outcome.counts.read,
                check.broken,
                now,
            )
            for check in outcome.checks
        ]

    def _drifts(self, outcome: Outcome) -> list[tuple[Any, ...]]:
        now = datetime.now(UTC)
        return [
            (
                self.settings.run_id,
                self.settings.system_name,
                outcome.table,
                drift.column,
                drift.change,
                drift.found,
                drift.was,
                now,
            )
            for drift in outcome.drifts
        ]

    def _create(self) -> None:
        for table, (columns, comment) in OPS_TABLES.items():
            create_table(self.spark, self.settings.name_of(f"ops.{table}"), columns, comment=comment)
        view, table_runs = (self.settings.name_of(f"ops.{name}") for name in ("cursors", "table_runs"))
        about_to("make or widen a table")
        make(self.spark, CURSORS.format(view=view, table_runs=table_runs))


    def _widen(self) -> None:
        """Follow the declaration of a newer engine: its log has columns that an older one's lacks."""
        for table, (columns, comment) in OPS_TABLES.items():
            name = self.settings.name_of(f"ops.{table}")
            stored = stored_columns(self.spark, name) or {}
            if any(column.name not in stored for column in columns):
                follow_declaration(self.spark, name, columns, stored, comment)


def _heads(heads: Mapping[str, Head]) -> dict[str, tuple[str, int]]:
    return {path: (head.table_id, head.version) for path, head in heads.items()}


def _cursor(row: Any) -> Cursor:
    inputs = {
        path: Head(head["table_id"], head["version"]) for path, head in (row["cursor_to"] or {}).items()
    }
    return Cursor(inputs, row["target_id"] or "", row["code_hash"] or "", row["as_of"])
