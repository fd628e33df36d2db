"""Rows of a database table to raw, over JDBC: what changed since the mark, in one commit.

The database filters by the sequence and counts; only what changed travels. A large read is cut by the first key column
into parts that are read side by side, a small one is one query: `connections` bounds what the database has to bear. Tables
that are landed at the same time share them, one each at least.
A row that another transaction changes meanwhile is read as it was or as it is then; as it is then it is asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine.catalog import WIDENINGS, quoted
from engine.conflicts import is_conflict, retried
from engine.outcomes import Counts
from engine.sources.marks import Asked, append_new, local_text, n_appended, n_held, sequence_of
from engine.sources.spec import Rows
from utils.errors import DriftError, SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from pyspark.sql import DataFrame, DataFrameReader

    from engine.run import Run
    from engine.sources.spec import Marked
    from engine.system import System
    from utils.settings import Settings

# Below this a second connection costs more than it brings.
ROWS_PER_CONNECTION = 50_000
UNITY, SECONDS_TO_CONNECT = "connection://", 10


@dataclass(frozen=True)
class Bounds:
    """How many rows a read will bring; of the first key column, how many values they have, and their range."""

    n: int
    n_keys: int
    low: int
    high: int


def land_rows(run: Run, source: Rows, asked: Asked) -> tuple[Counts, str, int]:
    """Append rows that changed and that raw does not hold; gives counts, words about it, and the conflicts on the way.

    Raises SourceError where the database cannot be read, DriftError where the table has not the declared shape.
    """
    with plain_errors(run, source):
        refuse_other_shape(run, source)
        bounds = _bounds(run, source, asked)
        if not bounds.n:
            return Counts(), f"no row {asked.why}", 0
        parts = _parts(run, source, bounds)
        records = _records(run, source, asked, bounds, parts)
        # More keys than raw holds records of these minutes: some are new for certain, and need not be looked for twice.
        has_new = bounds.n_keys > n_held(run, source, asked.since)

        def append(conflicts: int) -> int:
            append_new(run, source, records, asked, since=asked.since, has_new=has_new)
            return conflicts

        conflicts = retried(append)
    n_new = n_appended(run, source)
    n_read = max(bounds.n, n_new)
    return Counts(read=n_read, inserted=n_new, duplicate=n_read - n_new), f"{parts} connection(s), {asked.why}", conflicts


@contextmanager
def plain_errors(run: Run, source: Marked) -> Iterator[None]:
    """Raises SourceError with the driver's own sentence instead of Spark's error around it; others pass."""
    try:
        yield
    except PySparkException as error:
        if is_conflict(error) or "SQLException" not in str(error):
            raise
        raise SourceError(f"{run.system.name}: {source.reads}", _said(error), hint=_hint(run, error)) from error


def rows_of(run: Run, source: Rows, asked: Asked) -> DataFrame:
    """What the database gives, with the columns that tell records apart; nothing is written."""
    bounds = _bounds(run, source, asked)
    return _records(run, source, asked, bounds, _parts(run, source, bounds))


def _parts(run: Run, source: Rows, bounds: Bounds) -> int:
    return min(share_of(source, run.system, run.settings), 1 + bounds.n // ROWS_PER_CONNECTION)


def share_of(source: Rows, system: System, settings: Settings) -> int:
    """Connections that a read may take, one at least, of those that the database has to bear of all reads at that time."""
    n_tables = sum(isinstance(each, Rows) and settings.wants(each.name) for each in system.sources)
    return max(1, source.connections // min(settings.parallel_tables, n_tables))


def _reader(run: Run, source: Rows) -> DataFrameReader:
    name = run.system.name
    url = run.settings.secret(f"{name}_url")
    reader = run.spark.read.format("jdbc").option("fetchsize", source.fetch_size)
    if url.startswith(UNITY):
        return reader.option("databricks.connection", url.removeprefix(UNITY))
    return (
        reader.option("url", url)
        .option("user", run.settings.secret(f"{name}_user"))
        .option("password", run.settings.secret(f"{name}_password"))
        .option("loginTimeout", SECONDS_TO_CONNECT)
    )


def _changed(source: Rows, asked: Asked) -> str:
    """The condition in the database's SQL; its literals are times that we made, its names were validated."""
    limits = [(">=", asked.since), ("<", asked.until)]
    conditions = [f"{source.sequence} {sign} '{_literal(source, moment)}'" for sign, moment in limits if moment is not None]
    return " AND ".join(conditions) or "1 = 1"


def _literal(source: Rows, moment: datetime) -> str:
    offset = "+00:00" if source.zone == "UTC" else ""
    return local_text(moment, source).replace("T", " ") + offset


def _bounds(run: Run, source: Rows, asked: Asked) -> Bounds:
    key = source.key[0]
    told = f"count(*) AS n, count(DISTINCT {key}) AS n_keys, min({key}) AS low, max({key}) AS high"
    query = f"SELECT {told} FROM {source.table} WHERE {_changed(source, asked)}"
    row = _reader(run, source).option("query", query).load().collect()[0]
    return Bounds(int(row["n"]), int(row["n_keys"]), int(row["low"] or 0), int(row["high"] or 0))


def _records(run: Run, source: Rows, asked: Asked, bounds: Bounds, parts: int) -> DataFrame:
    names = [column.name for column in source.columns]
    reader = _reader(run, source).option(
        "dbtable", f"(SELECT {', '.join(names)} FROM {source.table} WHERE {_changed(source, asked)}) AS changed"
    )
    if parts > 1:
        reader = (
            reader.option("partitionColumn", source.key[0])
            .option("lowerBound", bounds.low)
            .option("upperBound", bounds.high + 1)
            .option("numPartitions", parts)
        )
    values = [F.col(column.name).cast(column.type).alias(column.name) for column in source.columns]
    as_json = F.to_json(F.struct(*values), {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"})
    return reader.load().select(
        *values,
        F.lit(None).cast("string").alias("text"),
        F.lit(source.table).alias("_source"),
        F.lit(0).cast("bigint").alias("_position"),
        F.sha2(as_json, 256).alias("_content_hash"),
        sequence_of(F.col(source.sequence), source).alias("_sequence"),
    )


def refuse_other_shape(run: Run, source: Rows) -> None:
    """Raises DriftError where the table lacks a declared column or has it with another type; PySparkException, if unreachable.

    Types may be narrower than declared; further columns are not read.
    """
    stored_as = _reader(run, source).option("dbtable", source.table).load().schema
    found = {field.name: field.dataType.simpleString() for field in stored_as}
    wrong = []
    for column in source.columns:
        stored = found.get(column.name)
        if stored is None:
            wrong.append(f"no column `{column.name}`")
        elif not _fits(stored, column.type):
            wrong.append(f"column `{column.name}` is {stored}, not {column.type}")
    if wrong:
        raise DriftError(
            f"{run.system.name}: table {source.table}", "; ".join(wrong),
            expected=", ".join(f"{quoted(column.name)} {column.type}" for column in source.columns),
            hint=f"It has {', '.join(found)}.",
        )  # fmt: skip


def _fits(stored: str, declared: str) -> bool:
    text = re.fullmatch(r"(var)?char\(\d+\)", stored) is not None and declared == "string"
    return stored == declared or text or (stored, declared) in WIDENINGS


def _said(error: PySparkException) -> str:
    """The driver's own sentence."""
    found = re.search(r"(?:PSQLException|SQL\w*Exception):\s*([^\n]+)", str(error))
    return (found.group(1) if found else str(error).splitlines()[0])[:300]


def _hint(run: Run, error: PySparkException) -> str:
    name, said = run.system.name, str(error)
    if "password authentication failed" in said or "no password" in said:
        return f"Set the secrets `{name}_user` and `{name}_password` anew."
    if "does not exist" in said:
        return "The source's declaration and its database disagree."
    return f"Is the database up, and is the secret `{name}_url` its address? Nothing was written; run again."
