"""The rules that send a record of a bronze table to quarantine, each with the words a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.batch import row_checks
from engine.catalog import text
from engine.spec import FromRaw

if TYPE_CHECKING:
    from pyspark.sql import Column


def reasons(table: FromRaw, horizon: str | None) -> Column:
    """The rules that a row breaks, in order; empty for a good row.

    A record that could not be parsed breaks only that rule. The future is judged by the record's own landing time,
    never by `as_of`, so that a later rebuild judges alike.
    """
    unreadable = "CASE WHEN text IS NOT NULL THEN array('the record cannot be parsed')"
    others = [
        "transform(_conflicts, name -> concat('type conflict in ', name))",
        _one_of([(f"{name} IS NULL", f"key {name} is null") for name in table.key]),
        _one_of(
            [
                (f"{table.sequence} IS NULL", f"sequence {table.sequence} is null"),
                (
                    f"_sequence > _landed_at + make_dt_interval(0, {table.future_tolerance_hours:d})",
                    f"sequence {table.sequence} lies in the future of its landing",
                ),
            ]
        ),
        _one_of([(check.is_broken, check.name) for check in row_checks(table) if check.severity == "quarantine"]),
    ]
    if horizon is not None:
        others.append(
            _one_of(
                [
                    (
                        f"_is_known IS NULL AND _sequence < timestamp{text(horizon)}",
                        "older than the tombstone horizon",
                    )
                ]
            )
        )
    return F.expr(f"{unreadable} ELSE concat({', '.join(others)}) END")


def _one_of(rules: list[tuple[str, str]]) -> str:
    cases = ", ".join(f"CASE WHEN {condition} THEN {text(said)} END" for condition, said in rules)
    return f"filter(cast(array({cases}) AS array<string>), said -> said IS NOT NULL)"
