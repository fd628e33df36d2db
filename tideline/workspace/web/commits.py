"""One commit of a Delta table in words: when, what was done, how many rows came, changed and went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Where each kind of write says its rows; the first that is there counts.
INSERTED = ("numTargetRowsInserted", "numOutputRows")
UPDATED = ("numTargetRowsUpdated", "numUpdatedRows")
DELETED = ("numTargetRowsDeleted", "numDeletedRows")
ADDED = ("numTargetFilesAdded", "numAddedFiles", "numFiles", "numOutputFiles")
REMOVED = ("numTargetFilesRemoved", "numRemovedFiles")
INSERTS = ("WRITE", "CREATE TABLE AS SELECT", "REPLACE TABLE AS SELECT", "CREATE OR REPLACE TABLE AS SELECT", "STREAMING UPDATE")
# Parameters that are shown: those of predicates may hold a person's data.
SAID = ("mode", "columns", "column", "properties", "version", "timestamp", "name")
LONGEST = 300


@dataclass(frozen=True)
class Commit:
    """A version. Counts are None where the operation does not say them; `note` is what the writer said of it."""

    version: int
    at: float
    operation: str
    details: str = ""
    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    files_added: int | None = None
    files_removed: int | None = None
    seconds: float | None = None
    note: str = ""

    @property
    def changes_rows(self) -> bool:
        return any((self.inserted, self.updated, self.deleted))


def commit_of(entry: Mapping[str, Any]) -> Commit:
    """A line of the log's history."""
    operation = str(entry.get("operation", "unknown"))
    metrics: Mapping[str, Any] = entry.get("operationMetrics") or {}
    is_rows = operation == "MERGE" or operation in INSERTS
    millis = _number(metrics, ("executionTimeMs",))
    return Commit(
        int(entry["version"]), int(entry.get("timestamp", 0)) / 1000, operation,
        _details(operation, entry.get("operationParameters") or {}),
        _number(metrics, INSERTED) if is_rows else None, _number(metrics, UPDATED), _number(metrics, DELETED),
        _number(metrics, ADDED), _number(metrics, REMOVED),
        None if millis is None else millis / 1000, str(entry.get("userMetadata") or ""),
    )  # fmt: skip


def _number(metrics: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((int(metrics[name]) for name in names if name in metrics), None)


def _details(operation: str, parameters: Mapping[str, Any]) -> str:
    if operation == "CREATE TABLE":  # its properties stand on the page
        return ""
    said = [f"{name}: {parameters[name]}" for name in SAID if parameters.get(name) not in (None, "", "[]", "{}")]
    text = "; ".join(said)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
