"""What is new upstream: for one table, the versions of its inputs that it has not seen.

Versions are fixed before anything is read and inputs are read as of them, so that a commit in between is neither lost
nor seen twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine.catalog import is_missing
from engine.spec import Derived, Published, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Path = Literal["nothing", "sliced", "full", "backfill", "replay"]
FEED_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")


@dataclass(frozen=True)
class Head:
    """A Delta table as it stands: its id and its version."""

    table_id: str
    version: int


@dataclass(frozen=True)
class Cursor:
    """What a table had seen when it last succeeded, and under which code."""

    inputs: Mapping[str, Head]
    target_id: str
    code_hash: str
    as_of: date | None


@dataclass(frozen=True)
class Window:
    """Per input the versions to read: after `start[path].version`, up to `heads[path].version`.

    `path` is `full` where the cursor is void (`why` says so), `nothing` where no input moved; `backfill` and `replay` read
    chosen records of the whole input and leave the cursor alone.
    """

    path: Path
    why: str
    heads: Mapping[str, Head]
    start: Mapping[str, Head]

    @property
    def moved(self) -> list[str]:
        """Inputs with versions that were not read yet."""
        return [
            path for path, head in self.heads.items() if path not in self.start or head != self.start[path]
        ]

    def in_full(self, why: str) -> Window:
        return Window("full", why, self.heads, {})


def head_of(spark: SparkSession, name: str) -> Head | None:
    """The table's id and version now; None where it does not exist."""
    found = table_id(spark, name)
    if found is None:
        return None
    return Head(found, int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"]))


def table_id(spark: SparkSession, name: str) -> str | None:
    """Delta's id of the table, another one after it was dropped and made again; None where it does not exist."""
    try:
        return str(spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]["id"])
    except PySparkException as error:
        if is_missing(error):
            return None
        raise


def window_of(
    table: Table,
    *,
    cursor: Cursor | None,
    heads: Mapping[str, Head],
    target_id: str | None,
    code: str,
    as_of: date | None,
    rebuild: bool,
) -> Window:
    """Which versions `table` has to read, and whether it must be recomputed as a whole."""
    why = _why_void(cursor, heads, target_id, code, as_of, rebuild)
    if why or cursor is None:
        return Window("full", why, heads, {})
    window = Window("sliced", "", heads, cursor.inputs)
    if not window.moved:
        return Window("nothing", "no input moved", heads, cursor.inputs)
    if isinstance(table, Published):
        return window.in_full(f"{', '.join(window.moved)} moved")
    if isinstance(table, Derived) and not table.slice_by:
        return Window("full", "no slice declared", heads, cursor.inputs)
    return window


def _why_void(
    cursor: Cursor | None,
    heads: Mapping[str, Head],
    target_id: str | None,
    code: str,
    as_of: date | None,
    rebuild: bool,
) -> str:
    if cursor is None:
        return "first run"
    if rebuild:
        return "rebuild was asked for"
    if target_id != cursor.target_id:
        return "the table was dropped or recreated"
    if code != cursor.code_hash:
        return "code or configuration changed"
    if as_of != cursor.as_of:
        return f"as_of moved from {cursor.as_of} to {as_of}"
    for path, head in heads.items():
        seen = cursor.inputs.get(path)
        if seen is None or seen.table_id != head.table_id:
            return f"input {path} was recreated"
        if seen.version > head.version:
            return f"input {path} went back from version {seen.version} to {head.version}"
    return ""


def read_at(spark: SparkSession, name: str, version: int) -> DataFrame:
    """The table as of a version."""
    return spark.sql(f"SELECT * FROM {name} VERSION AS OF {version:d}")


def read_feed(spark: SparkSession, name: str, after: int, to: int) -> DataFrame:
    """Changed rows of versions (after, to], both images of an update, with the feed's own columns."""
    bare = name.replace("`", "")
    return spark.sql(f"SELECT * FROM table_changes('{bare}', {after + 1:d}, {to:d})")


def read_appended(spark: SparkSession, name: str, after: int, to: int) -> DataFrame:
    """Rows appended to an append-only table in versions (after, to]."""
    return read_feed(spark, name, after, to).where(F.col("_change_type") == "insert").drop(*FEED_COLUMNS)


def feed_is_gone(error: PySparkException) -> bool:
    """Whether reading a change feed failed because its files or versions are no longer there."""
    message = str(error)
    signs = (
        "DELTA_MISSING_CHANGE_DATA",
        "DELTA_CHANGE_TABLE_FEED_DISABLED",
        "DELTA_VERSIONS_NOT_CONTIGUOUS",
        "DELTA_VERSION_NOT_FOUND",
        "DELTA_TRUNCATED_TRANSACTION_LOG",
        "DELTA_LOG_FILE_NOT_FOUND",
        "DELTA_NO_REPRODUCIBLE_HISTORY_FOUND",
        "FAILED_READ_FILE",
        "FileNotFoundException",
        "DELTA_CHANGE_DATA_FEED_INCOMPATIBLE",
    )
    return any(sign in message for sign in signs)
