"""The one door for what models produce: same declaration, checks, difference-MERGE and log as every other table.

A notebook opens a publication, and stops there if nothing is due; it reads the inputs at the versions that were fixed then,
and publishes rows made from them. Only the publication moves the table's cursor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.errors import PySparkException

from engine.catalog import is_missing
from engine.changes import Head, Window, head_of, table_id, window_of
from engine.conflicts import retried
from engine.derived import store
from engine.outcomes import Outcome, Outcomes
from engine.run import Run
from engine.run_log import RunLog
from engine.spec import Published
from engine.system import code_hash
from engine.table_run import said
from utils.errors import SettingsError, SpecError, TidelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from engine.system import System
    from utils.settings import Settings

Versions = dict[str, list[Any]]


@dataclass(frozen=True)
class Publication:
    """A table of a model's results, and the versions of its inputs that the model learns from."""

    run: Run
    table: Published
    window: Window

    @property
    def why(self) -> str:
        """Why the model has something to do; empty where no input moved since the last publication, under the same code."""
        return "" if self.window.path == "nothing" else self.window.why

    @property
    def versions(self) -> Versions:
        """Input -> its table's id and version, for JSON: another task opens the same publication with it."""
        return {path: [head.table_id, head.version] for path, head in self.window.heads.items()}

    @property
    def code(self) -> str:
        """Hash of the code that decides the table's content."""
        return code_hash(self.table)

    def read(self, path: str) -> DataFrame:
        """An input's visible columns at its version. Raises SettingsError for a table that is not declared as input."""
        if path not in self.window.heads:
            raise SettingsError(self.table.path, f"`{path}` is not an input", expected=", ".join(self.window.heads))
        return self.run.read(path, self.window.heads[path].version)

    def publish(self, rows: pd.DataFrame | DataFrame) -> Outcomes:
        """Make the table equal to `rows` with one commit at most, and log it; nothing is committed where nothing differs.

        Raises LayerFailed, after logging why, where a check of severity `fail` is broken: the table is as it was.
        """
        outcome = self._written(rows).finished()
        done = Outcomes(self.run.system.name, self.table.layer, (outcome,))
        RunLog(self.run.spark, self.run.settings).append(done)
        done.raise_if_any_failed()
        return done

    def _written(self, rows: pd.DataFrame | DataFrame) -> Outcome:
        window = self.window
        outcome = Outcome(
            self.table.path, "nothing to do", window.path, window.why or "asked for", datetime.now(UTC),
            cursor_from=window.start, cursor_to=window.heads, code_hash=self.code,
        )  # fmt: skip
        try:
            built = _frame(self.run, self.table, rows)
            result = retried(lambda _: store(self.run, self.table, window, built))
        except (TidelineError, PySparkException) as error:
            return replace(outcome, status="failed", error=said(error))
        is_written = result.counts.changed or result.drifts
        target_id = table_id(self.run.spark, self.run.name_of(self.table)) or ""
        return replace(
            outcome, status="written" if is_written else "nothing to do", counts=result.counts, checks=result.checks,
            drifts=result.drifts, target_id=target_id,
        )  # fmt: skip


def opened(
    spark: SparkSession, system: System, path: str, settings: Settings, versions: Mapping[str, list[Any]] | None = None
) -> Publication:
    """The publication of `layer.table`; its inputs' versions are fixed now, or are those of an earlier opening.

    Raises SettingsError where an input does not exist yet, or the table is not one of a model's results.
    """
    run = Run(spark, settings, system)
    table = system.table(path)
    if not isinstance(table, Published):
        raise SpecError(f"{system.name}: {path}", "a table that layer runs write", expected="a declaration of Published")
    heads = _heads(run, table) if versions is None else {p: Head(str(v[0]), int(v[1])) for p, v in versions.items()}
    cursor = RunLog(spark, settings).cursors(table.layer).get(path)
    target_id = table_id(spark, run.name_of(table))
    window = window_of(
        table, cursor=cursor, heads=heads, target_id=target_id, code=code_hash(table), as_of=None,
        rebuild=settings.rebuild,
    )  # fmt: skip
    return Publication(run, table, window)


def published_rows(spark: SparkSession, system: System, path: str, settings: Settings) -> DataFrame:
    """The rows of `layer.table`; none, with the declared columns, as long as nothing was published."""
    rows = spark.table(settings.name_of(path))
    try:
        rows.schema  # noqa: B018 (asks for it now: a table that is not there is found out when something is asked)
    except PySparkException as error:
        if not is_missing(error):
            raise
        schema = ", ".join(f"`{column.name}` {column.type}" for column in system.table(path).columns)
        return spark.createDataFrame([], schema)
    return rows


def _heads(run: Run, table: Published) -> dict[str, Head]:
    found = {path: head_of(run.spark, run.settings.name_of(path)) for path in table.inputs}
    missing = [run.settings.name_of(path).replace("`", "") for path, head in found.items() if head is None]
    if missing:
        raise SettingsError(table.path, f"input {', '.join(missing)} does not exist", hint="Run the layer that makes it first.")
    return {path: head for path, head in found.items() if head}


def _frame(run: Run, table: Published, rows: pd.DataFrame | DataFrame) -> DataFrame:
    """Rows out of Spark get the declared types here; a column that is not declared stays outside."""
    if not isinstance(rows, pd.DataFrame):
        return rows
    missing = [name for name in table.column_names if name not in rows.columns]
    if missing:
        raise SpecError(table.path, f"the rows lack {', '.join(missing)}", expected=", ".join(table.column_names))
    schema = ", ".join(f"`{column.name}` {column.type}" for column in table.columns)
    return run.spark.createDataFrame(rows[table.column_names], schema)
