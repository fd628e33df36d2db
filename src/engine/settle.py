"""Rows that several readers of a plan need: computed once where they are few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Up to here rows are fetched once and handed over as they are, instead of being computed by every reader of the plan.
FEW_ROWS, FEW_BYTES = 5_000, 16 * 1024**2


@dataclass(frozen=True)
class Settled:
    """Rows to be read more than once. `is_empty` is false where it is not known."""

    rows: DataFrame
    is_empty: bool = False


def settled(spark: SparkSession, rows: DataFrame) -> Settled:
    """The same rows, computed once where they are few.

    Few rows are fetched and handed over as they are; many, and those with a VARIANT, stay a plan, which every reader
    (a MERGE is two) computes again.
    """
    schema = rows.schema
    if any("variant" in field.dataType.simpleString() for field in schema.fields):
        return Settled(rows)
    fetched = rows.limit(FEW_ROWS + 1).toArrow()
    if fetched.num_rows == 0:  # first: asking an empty map column for its size ends the process (pyarrow 25)
        return Settled(spark.createDataFrame([], schema), is_empty=True)
    if fetched.num_rows > FEW_ROWS or fetched.nbytes > FEW_BYTES:
        return Settled(rows)
    return Settled(spark.createDataFrame(fetched, schema))
