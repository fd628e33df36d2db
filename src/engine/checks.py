"""Checks that are declared with a table and judged before anything is written.

A `Check` is an SQL condition that holds for a good row; null counts as broken only where the condition says so
(`not_null`), because `amount > 0` has no opinion on an unknown amount. All of a table's share one pass over its batch.
A `SetCheck` looks at the table as the write would leave it, and costs a pass over that.
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


@dataclass(frozen=True)
class SetCheck:
    """A query over the whole table as it would be after the write: its one number says how many rows break the rule.

    `{rows}` stands for the table as readers would see it, `{stored}` for all its rows (a history's hidden ones too), and
    the name of an input for that input; `:as_of` is the run's date. A row cannot be taken out of a set: the severity is
    never `quarantine`.
    """

    name: str
    query: str
    severity: Severity = "fail"

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES or self.severity == "quarantine":
            raise SpecError(f"check `{self.name}`", f"severity `{self.severity}`", expected="info, warn, fail")
        if not self.name.strip() or not self.query.strip():
            raise SpecError(f"check `{self.name}`", "an empty name or query")


@dataclass(frozen=True)
class FreshCheck(SetCheck):
    """The newest `column` lies at most `hours` before the end of the day `as_of`."""

    column: str = ""
    hours: int = 0


def unique(*columns: str, severity: Severity = "fail") -> SetCheck:
    """No two rows agree on `columns`; rows with a null in one of them do not count."""
    listed = ", ".join(columns)
    given = " AND ".join(f"{name} IS NOT NULL" for name in columns)
    groups = f"SELECT count(*) - 1 AS n FROM {{rows}} WHERE {given} GROUP BY {listed}"
    return SetCheck(f"{listed} is unique", f"SELECT coalesce(sum(n), 0) FROM ({groups})", severity)


def refers_to(column: str, source: str, key: str = "", severity: Severity = "fail") -> SetCheck:
    """`column` is null or stands in `key` (the same name, if not given) of the input `source`: a foreign key."""
    on = f"r.{column} = i.{key or column}"
    query = f"SELECT count(*) FROM {{rows}} r LEFT ANTI JOIN {{{source}}} i ON {on} WHERE r.{column} IS NOT NULL"
    return SetCheck(f"{column} refers to {source}", query, severity)


def is_fresh(column: str, hours: int, severity: Severity = "warn") -> FreshCheck:
    """The newest `column` lies at most `hours` before the end of the day `as_of`; an empty table is not fresh."""
    limit = f"CAST(:as_of AS timestamp) + INTERVAL 1 DAY - make_dt_interval(0, {hours:d})"
    query = f"SELECT CAST(coalesce(max({column}) < {limit}, true) AS int) FROM {{rows}}"
    return FreshCheck(f"{column} is at most {hours} hours old", query, severity, column, hours)


def reconciles(
    measure: str, source: str, source_measure: str = "", tolerance: float = 0, severity: Severity = "fail"
) -> SetCheck:
    """An aggregate of the table (`count(*)`, `sum(amount)`) is that of the input `source`, up to `tolerance`."""
    ours, theirs = f"(SELECT {measure} FROM {{rows}})", f"(SELECT {source_measure or measure} FROM {{{source}}})"
    query = f"SELECT CAST(coalesce(abs({ours} - {theirs}), 1 + {tolerance}) > {tolerance} AS int)"
    return SetCheck(f"{measure} is that of {source}", query, severity)


def continuous(*key: str, severity: Severity = "fail") -> SetCheck:
    """For a history: per `key` each version, deletions included, ends where the next begins, and only the last is open."""
    keys = ", ".join(key)
    spans = (
        f"SELECT valid_from, valid_to, lead(valid_from) OVER (PARTITION BY {keys} ORDER BY valid_from) AS next "
        "FROM {stored} WHERE _is_shown"
    )
    query = f"SELECT count(*) FROM ({spans}) WHERE valid_to IS DISTINCT FROM next OR valid_to <= valid_from"
    return SetCheck(f"versions of {keys} have no gap and no overlap", query, severity)
