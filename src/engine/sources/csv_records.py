"""Records of CSV files: one per line; a field may not hold a line break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.sources.spec import Files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def csv_records(source: Files, pieces: DataFrame, header: Sequence[str]) -> DataFrame:
    """Fields by the file's own header, as text; a line with too few or too many fields keeps its text.

    A declared field that the header lacks is null; one that only the header has is not kept beside the record.
    """
    schema = ", ".join([*(f"{quoted(name)} string" for name in header), "_broken string"])
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "_broken", "quote": '"', "escape": '"'}
    lines = pieces.select("_uri", "_piece", F.regexp_replace("value", r"[\r\uFEFF]", "").alias("_text"))
    parsed = lines.where((F.col("_piece") > 0) & (F.trim("_text") != "")).withColumn(
        "_fields", F.from_csv("_text", schema, options)
    )
    is_good = F.col("_fields._broken").isNull()
    values = [
        F.when(is_good, F.col(f"_fields.{quoted(c.name)}"))
        if c.name in header
        else F.lit(None).cast("string")
        for c in source.columns
    ]
    return parsed.select(
        "_uri",
        "_text",
        (F.col("_piece") - 1).cast("bigint").alias("_position"),
        *[value.alias(c.name) for value, c in zip(values, source.columns, strict=True)],
        F.when(~is_good, F.col("_text")).alias("text"),
    )
