"""`ops.files`: what became of every file, so that a run with nothing new reads none of them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import create_table, stored_columns
from engine.spec import Column

if TYPE_CHECKING:
    from engine.run import Run

FILES = (
    Column("run_id", "string", "Run that decided."),
    Column("system", "string", "System."),
    Column("source", "string", "Raw table."),
    Column("file", "string", "File, relative to the landing folder."),
    Column("length_bytes", "bigint", "Size when it was read."),
    Column("modified_at", "timestamp", "Modification time when it was read."),
    Column("file_hash", "string", "Hash of its content; null where it could not be read."),
    Column(
        "status",
        "string",
        "landed, repeated (content was landed before), empty, truncated (landed, the end is missing), "
        "unreadable, unmatched (no source takes its name), waiting, or rewritten (without what was a forgotten person's).",
    ),
    Column("records", "bigint", "Records landed."),
    Column("decided_at", "timestamp", "By the clock."),
    Column("note", "string", "What a person should know; null otherwise."),
)


@dataclass(frozen=True)
class Listed:
    """A file as the volume lists it: `uri` names it in Spark's metadata, `file` is its place below the landing folder."""

    uri: str
    file: str
    length: int
    modified_at: datetime

    @property
    def identity(self) -> tuple[str, int, datetime]:
        return self.file, self.length, self.modified_at


@dataclass(frozen=True)
class Decision:
    """What became of a file."""

    listed: Listed
    status: str
    records: int = 0
    file_hash: str | None = None
    note: str | None = None


class Ledger:
    """`ops.files`: what was decided about every file of a system."""

    def __init__(self, run: Run) -> None:
        self.run, self.name = run, run.settings.name_of("ops.files")
        if stored_columns(run.spark, self.name) is None:
            create_table(run.spark, self.name, FILES, comment="one row per file and decision")

    def decided(self) -> set[tuple[str, int, datetime]]:
        """Files that need no second look, by name, size and time."""
        rows = self.run.spark.sql(
            f"SELECT file, length_bytes, modified_at FROM {self.name} WHERE system = :system AND status <> 'waiting'",
            args={"system": self.run.system.name},
        ).collect()
        return {(row["file"], row["length_bytes"], row["modified_at"]) for row in rows}

    def rewritten(self, hashes: Sequence[str]) -> set[str]:
        """Which of these contents are those of landed files that were rewritten: their records are in raw already."""
        rows = self.run.spark.table(self.name).where("status = 'rewritten'").where(F.col("file_hash").isin(list(hashes)))
        return {row[0] for row in rows.select("file_hash").collect()}

    def append(self, source: str, decisions: Sequence[Decision]) -> list[tuple[object, ...]]:
        now, run = datetime.now(UTC), self.run
        return [
            (
                run.settings.run_id,
                run.system.name,
                source,
                d.listed.file,
                d.listed.length,
                d.listed.modified_at,
                d.file_hash,
                d.status,
                d.records,
                now,
                d.note,
            )
            for d in decisions
        ]

    def write(self, rows: Sequence[tuple[object, ...]]) -> None:
        """One append for the layer."""
        if rows:
            schema = ", ".join(f"{column.name} {column.type}" for column in FILES)
            frame = self.run.spark.createDataFrame(list(rows), schema).coalesce(1)
            frame.write.format("delta").mode("append").saveAsTable(self.name)
