"""What a run did to its tables, as people and the run log see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from engine.catalog import SchemaChange
from engine.changes import Head, Window
from utils.errors import LayerFailed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SHOWN = (
    "table",
    "path",
    "status",
    "read",
    "inserted",
    "updated",
    "deleted",
    "stale",
    "duplicate",
    "quarantined",
    "seconds",
    "why",
)


@dataclass(frozen=True)
class CheckResult:
    """How many rows of a batch broke a check."""

    name: str
    severity: str
    broken: int


@dataclass(frozen=True)
class Counts:
    """Rows of one table in one run. read = applied + stale + duplicate + quarantined for raw and bronze.

    `stale`: winners of the batch that changed nothing; `duplicate`: beaten within the batch.
    `n_applied` where it is not inserted + updated: a history also updates rows whose validity a new record ends.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    stale: int = 0
    duplicate: int = 0
    quarantined: int = 0
    slices: int | None = None
    files_added: int = 0
    files_removed: int = 0
    files_scanned: int = 0
    bytes_added: int = 0
    rows_copied: int = 0
    n_applied: int | None = None
    version: int | None = None
    """The table's version after the write; None where nothing was written."""

    @property
    def applied(self) -> int:
        """Records that changed the table."""
        return self.inserted + self.updated if self.n_applied is None else self.n_applied

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class Result:
    """What an algorithm did to a table: the window as it was really read, and the rows that the table could not take."""

    counts: Counts
    window: Window
    checks: tuple[CheckResult, ...] = ()
    drifts: tuple[SchemaChange, ...] = ()
    bad: DataFrame | None = None


@dataclass(frozen=True)
class Outcome:
    """One table's part of a run; becomes one row of `ops.table_runs`."""

    table: str
    status: str
    path: str
    why: str
    started_at: datetime
    finished_at: datetime | None = None
    counts: Counts = field(default_factory=Counts)
    cursor_from: Mapping[str, Head] = field(default_factory=dict)
    cursor_to: Mapping[str, Head] = field(default_factory=dict)
    target_id: str = ""
    code_hash: str = ""
    as_of: date | None = None
    error: str = ""
    checks: tuple[CheckResult, ...] = ()
    drifts: tuple[SchemaChange, ...] = ()
    notes: tuple[str, ...] = ()
    conflicts: int = 0
    """How often the run of this table began again because another writer came first."""

    @property
    def seconds(self) -> float:
        return round(((self.finished_at or datetime.now(UTC)) - self.started_at).total_seconds(), 2)

    @property
    def head(self) -> Head | None:
        """The table as it stands after the write; None where nothing was written."""
        return Head(self.target_id, self.counts.version) if self.counts.version is not None else None

    def finished(self) -> Outcome:
        return replace(self, finished_at=datetime.now(UTC))

    def as_row(self) -> dict[str, object]:
        """The row that people see."""
        row: dict[str, object] = {
            "table": self.table,
            "path": self.path,
            "status": self.status,
            "seconds": self.seconds,
        }
        row |= {name: getattr(self.counts, name) for name in SHOWN if hasattr(self.counts, name)}
        reasons = [self.error or self.why, *self.notes]
        if self.counts.slices is not None:
            reasons.insert(0, f"{self.counts.slices} slice{'' if self.counts.slices == 1 else 's'}")
        reasons += [f"{c.broken} rows break `{c.name}` ({c.severity})" for c in self.checks if c.broken]
        row["why"] = "; ".join(reason for reason in reasons if reason)
        return {name: row[name] for name in SHOWN}


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a layer's tables, in the order of their declaration."""

    system: str
    layer: str
    all: tuple[Outcome, ...]
    kind: str = "run"
    """What moved the rows: only a `run` moves cursors."""

    def as_rows(self) -> list[dict[str, object]]:
        return [outcome.as_row() for outcome in self.all]

    def to_json(self) -> str:
        """What a layer notebook exits with."""
        return json.dumps({"system": self.system, "layer": self.layer, "tables": self.as_rows()})

    def raise_if_any_failed(self) -> None:
        """Raises LayerFailed that names every failed table and its error."""
        failed = [outcome for outcome in self.all if outcome.status == "failed"]
        if failed:
            names = ", ".join(outcome.table for outcome in failed)
            errors = "\n".join(f"  {outcome.table}: {outcome.error}" for outcome in failed)
            raise LayerFailed(
                f"{self.system} {self.layer}",
                f"{len(failed)} of {len(self.all)} tables failed: {names}\n{errors}\n",
                hint="Tables that are not named are done; run again after mending.",
            )
