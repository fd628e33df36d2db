"""Metrics of two runs of MLflow, one beside the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.table import Table

TOLERANCE = 1e-9
CLOCK = "seconds"  # metrics whose name ends so are of the machine, not of the model


@dataclass(frozen=True)
class Compared:
    """One metric of both runs; None where a run lacks it."""

    metric: str
    then: float | None
    now: float | None

    @property
    def difference(self) -> float | None:
        """Nought for two that are not a number; None where one is missing."""
        if self.then is None or self.now is None:
            return None
        return 0.0 if math.isnan(self.then) and math.isnan(self.now) else self.now - self.then

    @property
    def is_same(self) -> bool:
        return self.difference is not None and abs(self.difference) <= TOLERANCE


def compared(then: Mapping[str, float], now: Mapping[str, float]) -> list[Compared]:
    """Every metric of either run by name, clocks left out."""
    names = sorted(name for name in {*then, *now} if not name.endswith(CLOCK))
    return [Compared(name, then.get(name), now.get(name)) for name in names]


def table_of(rows: Iterable[Compared]) -> Table:
    """The comparison for people."""
    table = Table(box=None, pad_edge=False)
    for name in ("metric", "then", "now", "difference"):
        table.add_column(name, overflow="fold", justify="left" if name == "metric" else "right")
    for row in rows:
        values = (row.then, row.now, row.difference)
        table.add_row(row.metric, *("missing" if each is None else f"{each:.12g}" for each in values))
    return table
