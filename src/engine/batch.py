"""One aggregate pass over a batch: counts, broken checks, double keys, bounds. The target is not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.checks import Check
from engine.outcomes import CheckResult
from engine.spec import Table
from utils.errors import CheckFailed, SpecError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@dataclass(frozen=True)
class Measured:
    """What the aggregate pass found. `distinct` counts identities of good rows; `bounds` are (low, high) per column,
    `oldest` is the least sequence of a good row as text, which holds years that Python's dates do not.
    """

    read: int
    quarantined: int
    distinct: int
    checks: tuple[CheckResult, ...]
    bounds: dict[str, tuple[Any, Any]]
    oldest: str = ""

    @property
    def bounds_sql(self) -> str:
        """Literal bounds on clustered key columns: only predicates on the target alone let MERGE skip files."""
        return "".join(
            f" AND t.{quoted(name)} BETWEEN {_literal(low)} AND {_literal(high)}"
            for name, (low, high) in self.bounds.items()
            if low is not None
        )


def measure(rows: DataFrame, table: Table, *, slice_by: str = "", touched: Sequence[Any] = ()) -> Measured:
    """Measure a derived batch. Raises SpecError if a key is null or double, or a row lies outside the touched slices."""
    key = F.struct(*[F.col(name) for name in table.key])
    has_null = " OR ".join(f"{quoted(name)} IS NULL" for name in table.key)
    outside = F.lit(0)
    if slice_by and len(touched) <= 500:
        inside = F.expr(slice_by).isin([value for value in touched if value is not None])
        is_null = F.expr(slice_by).isNull() if None in touched else F.lit(False)
        outside = F.count_if(~(F.coalesce(inside, F.lit(False)) | is_null))
    row = rows.agg(
        F.count(F.lit(1)),
        F.countDistinct(key),
        F.count_if(F.expr(has_null)),
        outside,
        *[F.count_if(F.expr(check.is_broken)) for check in row_checks(table)],
    ).collect()[0]
    read, keys, nulls, strays = row[0], row[1], row[2], row[3]
    _require(table, nulls == 0, f"{nulls} rows with a null in the key ({', '.join(table.key)})")
    _require(table, keys == read, f"{read} rows for {keys} keys ({', '.join(table.key)})")
    _require(
        table,
        strays == 0,
        f"{strays} rows outside the touched slices",
        "`slice_by` must hold all that a row depends on.",
    )
    return Measured(read, 0, keys, _results(table, row[4:]), {})


def measure_records(
    rows: DataFrame, table: Table, *, is_bad: Column, identity: Sequence[str], bounded: Sequence[str]
) -> Measured:
    """Measure a batch of records: `is_bad` rows go to quarantine and count for nothing else."""
    good = F.when(~is_bad, F.struct(*[F.col(name) for name in identity]))
    bounds = [
        bound
        for name in bounded
        for bound in (F.min(F.when(~is_bad, F.col(name))), F.max(F.when(~is_bad, F.col(name))))
    ]
    row = rows.agg(
        F.count(F.lit(1)),
        F.count_if(is_bad),
        F.countDistinct(good),
        F.min(F.when(~is_bad, F.col("_sequence"))).cast("string"),
        *bounds,
        *[F.count_if(F.expr(check.is_broken)) for check in row_checks(table)],
    ).collect()[0]
    read, quarantined, distinct, oldest, *rest = row
    pairs = zip(rest[: len(bounds) : 2], rest[1 : len(bounds) : 2], strict=True)
    found = dict(zip(bounded, pairs, strict=True))
    return Measured(read, quarantined, distinct, _results(table, rest[len(bounds) :]), found, oldest or "")


def row_checks(table: Table) -> list[Check]:
    """The checks that are conditions over one row."""
    return [check for check in table.checks if isinstance(check, Check)]


def judge_fail_checks(table: Table, checks: Sequence[CheckResult]) -> None:
    """Raises CheckFailed, before the write, if a check of severity `fail` is broken."""
    broken = [check for check in checks if check.severity == "fail" and check.broken]
    if broken:
        said = "; ".join(f"{check.broken} rows break `{check.name}`" for check in broken)
        raise CheckFailed(table.path, said, hint="Nothing was written; the table is as it was.")


def _results(table: Table, broken: Sequence[int]) -> tuple[CheckResult, ...]:
    return tuple(
        CheckResult(check.name, check.severity, int(n)) for check, n in zip(row_checks(table), broken, strict=True)
    )


def _require(table: Table, holds: bool, found: str, hint: str = "") -> None:
    if not holds:
        raise SpecError(
            table.path, found, expected="one row per key" if "keys" in found else "", hint=hint or table.grain
        )


def _literal(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
