"""Declarations to tables: DDL, comments, properties, and how a stored table follows its declaration.

Schemas are not made here: the bundle's `resources/storage.yml` is their one creator.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.conflicts import is_conflict
from engine.effects import about_to
from engine.parts import Column
from utils.errors import DriftError, SpecError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Retention:
    """How long what was replaced can still be read, in days. A feed that is gone costs its readers a rebuild.

    A workspace may VACUUM by itself, so the limits are properties of every table; `slowest_reader_days` is the longest
    time between two runs of a job that reads one.
    """

    files_days: int = 30
    log_days: int = 60
    slowest_reader_days: int = 7

    def __post_init__(self) -> None:
        least = 3 * self.slowest_reader_days
        if self.files_days < least or self.log_days < self.files_days:
            raise SpecError(
                "retention", f"files {self.files_days} days, log {self.log_days} days",
                expected=f"files at least {least} days (three times the slowest reader's schedule), the log no less",
            )  # fmt: skip

    @property
    def properties(self) -> dict[str, str]:
        return {
            "delta.deletedFileRetentionDuration": f"interval {self.files_days} days",
            "delta.logRetentionDuration": f"interval {self.log_days} days",
        }


RETENTION = Retention()
# Deletion vectors: a stale batch makes no commit. Change feed from the start: every table may be read downstream.
PROPERTIES = {
    "delta.enableDeletionVectors": "true",
    "delta.enableChangeDataFeed": "true",
    **RETENTION.properties,
}
# Least and greatest values of a file's rows stand in the log, where no VACUUM reaches them: not those of persons.
STATISTICS, NO_STATISTICS = "delta.dataSkippingStatsColumns", "delta.dataSkippingNumIndexedCols"
MEASURED = ("string", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "date", "timestamp")
MOST_MEASURED = 32
# Switched on by the first type that widens: readers without Spark, apps among them, do not know it.
TYPE_WIDENING = "delta.enableTypeWidening"
# What a CREATE says that lost against the same CREATE of another run, besides Delta's conflicts.
RACES = ("DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION", "ALREADY_EXISTS", "AlreadyExistsException")
CREATE_ATTEMPTS = 6
WIDENINGS = {
    ("tinyint", "smallint"),
    ("tinyint", "int"),
    ("tinyint", "bigint"),
    ("smallint", "int"),
    ("smallint", "bigint"),
    ("int", "bigint"),
    ("int", "double"),
    ("float", "double"),
    ("bigint", "double"),
}


@dataclass(frozen=True)
class SchemaChange:
    """One drift of a table that a person should see."""

    column: str
    change: str
    found: str
    was: str


def text(value: str) -> str:
    """An SQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """An SQL identifier, safe whatever is in the name."""
    return "`" + name.replace("`", "``") + "`"


def columns_ddl(columns: Sequence[Column]) -> str:
    """Columns as CREATE and ADD COLUMNS want them, each with its comment."""
    return ", ".join(
        f"{quoted(column.name)} {column.type} COMMENT {text(column.comment)}" for column in columns
    )


def stored_columns(spark: SparkSession, name: str) -> dict[str, Column] | None:
    """The columns of a stored table by name, in its order; None where there is no such table."""
    try:
        fields = spark.table(name).schema.fields
    except PySparkException as error:
        if is_missing(error):
            return None
        raise
    return {
        field.name: Column(field.name, field.dataType.simpleString(), (field.metadata or {}).get("comment", ""))
        for field in fields
    }


def is_missing(error: PySparkException) -> bool:
    """Whether a statement failed because its table does not exist."""
    return "TABLE_OR_VIEW_NOT_FOUND" in str(error) or "DELTA_TABLE_NOT_FOUND" in str(error)


def statistics_of(columns: Sequence[Column], cluster_by: Sequence[str] = ()) -> dict[str, str]:
    """The properties by which columns that tell who somebody is have no statistics; none where there is no such column.

    Columns that a table is clustered by keep theirs.
    """
    if not any(column.tells_of_persons for column in columns):
        return {}
    plain = [c.name for c in columns if not c.tells_of_persons and c.type.partition("(")[0] in MEASURED]
    kept = list(dict.fromkeys([*cluster_by, *plain]))[:MOST_MEASURED]
    return {STATISTICS: ", ".join(kept)} if kept else {NO_STATISTICS: "0"}


def create_table(
    spark: SparkSession, name: str, columns: Sequence[Column], *, comment: str, cluster_by: Sequence[str] = ()
) -> None:
    """Create the table if it is absent; never changes one that exists."""
    about_to("make or widen a table")
    wanted = PROPERTIES | statistics_of(columns, cluster_by)
    properties = ", ".join(f"{text(key)} = {text(value)}" for key, value in wanted.items())
    cluster = f" CLUSTER BY ({', '.join(map(quoted, cluster_by))})" if cluster_by else ""
    make(
        spark,
        f"CREATE TABLE IF NOT EXISTS {name} ({columns_ddl(columns)}) USING DELTA{cluster} "
        f"COMMENT {text(comment)} TBLPROPERTIES ({properties})",
    )


def make(spark: SparkSession, statement: str) -> None:
    """Run a CREATE that somebody else may be running at the same moment: the loser tries again and finds it made."""
    for attempt in range(CREATE_ATTEMPTS):
        try:
            spark.sql(statement).collect()
            return
        except PySparkException as error:
            is_race = is_conflict(error) or any(sign in str(error) for sign in RACES)
            if attempt == CREATE_ATTEMPTS - 1 or not is_race:
                raise
            time.sleep(random.uniform(0.3, 1.0) * (attempt + 1))


def follow_declaration(
    spark: SparkSession, name: str, columns: Sequence[Column], stored: dict[str, Column], comment: str
) -> list[SchemaChange]:
    """Widen the stored table to `columns`: new ones are added, types only widened, comments brought up to date.

    Raises DriftError where a type would have to narrow or change its kind; the table is then as it was.
    """
    changes = [change for column in columns if (change := _change(name, column, stored)) is not None]
    added = [column for column in columns if column.name not in stored]
    if changes:
        about_to("make or widen a table")
    if added:
        spark.sql(f"ALTER TABLE {name} ADD COLUMNS ({columns_ddl(added)})").collect()
    widened = [change for change in changes if change.change == "widened"]
    if widened:
        spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('{TYPE_WIDENING}' = 'true')").collect()
    for change in widened:
        spark.sql(f"ALTER TABLE {name} ALTER COLUMN {quoted(change.column)} TYPE {change.found}").collect()
    _follow_comments(spark, name, columns, stored, comment)
    return changes


def _follow_comments(
    spark: SparkSession, name: str, columns: Sequence[Column], stored: dict[str, Column], comment: str
) -> None:
    stale = [c for c in columns if c.name in stored and stored[c.name].comment != c.comment]
    for column in stale:
        spark.sql(
            f"ALTER TABLE {name} ALTER COLUMN {quoted(column.name)} COMMENT {text(column.comment)}"
        ).collect()
    if stale:
        spark.sql(f"COMMENT ON TABLE {name} IS {text(comment)}").collect()


def _compact(type_: str) -> str:
    """A type without the freedoms of its spelling: `STRUCT<a: int>` is `struct<a:int>`."""
    return "".join(type_.lower().split())


def _change(name: str, column: Column, stored: dict[str, Column]) -> SchemaChange | None:
    if column.name not in stored:
        return SchemaChange(column.name, "added", column.type, "")
    was = stored[column.name].type
    if _compact(was) == _compact(column.type):
        return None
    if (was, column.type) in WIDENINGS:
        return SchemaChange(column.name, "widened", column.type, was)
    raise DriftError(
        f"{name}.{column.name}",
        f"type {was} is stored, {column.type} is declared",
        expected="the same type or a wider one",
        hint="A type never narrows: rename the column or rebuild the table.",
    )
