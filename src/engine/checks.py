"""Checks that are declared with a table and judged on its batch before anything is written.

A check is an SQL condition that holds for a good row; null counts as broken only where the condition says so
(`not_null`), because `amount > 0` has no opinion on an unknown amount.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from utils.errors import SpecError

Severity = Literal["info", "warn", "quarantine", "fail"]
SEVERITIES = ("info", "warn", "quarantine", "fail")


@dataclass(frozen=True)
class Check:
    """A condition over one row. Severity `quarantine` (bronze only) sets the row aside, `fail` stops the table."""

    name: str
    condition: str
    severity: Severity = "warn"

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise SpecError(
                f"check `{self.name}`", f"severity `{self.severity}`", expected=", ".join(SEVERITIES)
            )
        if not self.name.strip() or not self.condition.strip():
            raise SpecError(f"check `{self.name}`", "an empty name or condition")

    @property
    def is_broken(self) -> str:
        """SQL that is true for a bad row and never null."""
        return f"coalesce(NOT ({self.condition}), false)"


def not_null(column: str, severity: Severity = "quarantine") -> Check:
    """`column` has a value."""
    return Check(f"{column} is not null", f"{column} IS NOT NULL", severity)


def accepted_values(column: str, values: Iterable[str], severity: Severity = "quarantine") -> Check:
    """`column` is null or one of `values`."""
    listed = ", ".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in values)
    return Check(f"{column} is one of the accepted values", f"{column} IN ({listed})", severity)


def in_range(column: str, low: float, high: float, severity: Severity = "warn") -> Check:
    """`column` is null or within [low, high]."""
    return Check(f"{column} is between {low} and {high}", f"{column} BETWEEN {low} AND {high}", severity)
