"""What an app can say of a system's tables, layer by layer: from the run log, and from the tables as far as it may see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from utils.errors import SourceError
from utils.gold import Description, Gold

TABLE_RUNS = "ops.table_runs"
LAYERS = ("raw", "bronze", "silver", "gold")
RUN = (
    "system", "layer", "table_name", "kind", "status", "path", "why", "read", "inserted", "updated", "deleted", "quarantined",
    "finished_at", "seconds", "error",
)  # fmt: skip
WRITTEN = "written"


@dataclass(frozen=True)
class TableState:
    """A table as `layer.name`: what it says of itself, or why that cannot be seen, and what runs did to it."""

    name: str
    described: Description | None
    unseen: str
    last_run: dict[str, Any]
    last_change: dict[str, Any] | None
    """The newest run that wrote; None if no logged one did."""

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]


def version(gold: Gold) -> str | None:
    """The run log's version; None while nothing ran. Raises SourceError where it may not be read."""
    return gold.version([TABLE_RUNS])


def tables_of(gold: Gold, system: str, version: str) -> list[TableState]:
    """All tables of a system that the run log names, by layer and name."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in _runs(gold, system, version):
        runs.setdefault(row["table_name"], []).append(row)
    names = sorted(runs, key=lambda name: (LAYERS.index(name.partition(".")[0]), name))
    return [_state(gold, system, name, sorted(runs[name], key=lambda run: run["finished_at"])) for name in names]


def _runs(gold: Gold, system: str, version: str) -> Iterator[dict[str, Any]]:
    for batch in gold.read(TABLE_RUNS, version, RUN):
        yield from (row for row in batch.to_pylist() if row["system"] == system and row["layer"] in LAYERS)


def _state(gold: Gold, system: str, name: str, runs: list[dict[str, Any]]) -> TableState:
    layer, _, table = name.partition(".")
    described, unseen = None, ""
    try:
        described = gold.describe(f"{system}_{layer}.{table}")
        if described is None:
            unseen = "the table is not there"
    except SourceError as error:
        unseen = error.found
    written = [run for run in runs if run["status"] == WRITTEN]
    return TableState(name, described, unseen, runs[-1], written[-1] if written else None)
