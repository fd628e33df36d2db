"""Records on their way into raw, without those of forgotten persons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from engine.forgetting import judge as judging
from utils.shipping import by_value

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from engine.forgetting.judge import Judge

by_value(judging)
LEFT = "_left"


def given_of(records: DataFrame, judge: Judge) -> Column:
    """What the judge looks at, as JSON: the document, or the column that names the owner."""
    if "document" in records.columns:
        return F.to_json("document")
    if not judge.owner:
        return F.lit(None).cast("string")
    name = judge.owner[0]
    return F.to_json(F.struct(F.col(name).cast("string").alias(name)))


def without_forgotten(records: DataFrame, judge: Judge | None) -> DataFrame:
    """Records that may land: whole ones are left out, others lose what is a forgotten person's. Without a judge, all.

    A document that lost something has the hash of what is left, so that it is known when it comes again.
    """
    if judge is None:
        return records
    given = given_of(records, judge)
    judged = records.withColumn(LEFT, _left(judge)(given, F.col("text"))).where(F.col(LEFT).isNotNull())
    if "document" not in records.columns:
        return judged.select(*records.columns)
    is_changed = F.col("document").isNotNull() & (F.col(LEFT) != given)
    document = F.expr(f"try_parse_json({LEFT})")
    return judged.withColumns(
        {
            "document": F.when(is_changed, document).otherwise(F.col("document")),
            "_content_hash": F.when(is_changed, F.sha2(F.to_json(document), 256)).otherwise(F.col("_content_hash")),
        }
    ).select(*records.columns)


def named_in(records: DataFrame, judge: Judge) -> dict[str, tuple[int, list[str]]]:
    """Per file (`_source`) that names a forgotten person: how many of its records do, and which ids."""
    found = records.select("_source", _ids(judge)(given_of(records, judge), F.col("text")).alias("ids")).where(F.size("ids") > 0)
    ids = F.array_distinct(F.flatten(F.collect_list("ids"))).alias("ids")
    rows = found.groupBy("_source").agg(F.count(F.lit(1)).alias("n"), ids)
    return {row["_source"]: (int(row["n"]), list(row["ids"])) for row in rows.collect()}


def _left(judge: Judge) -> Callable[[Column, Column], Column]:
    def left(documents: pd.Series, texts: pd.Series) -> pd.Series:
        return pd.Series([judge.left_of(*pair) for pair in zip(documents, texts, strict=True)], dtype=object)

    function: Callable[[Column, Column], Column] = pandas_udf(left, "string")  # type: ignore[call-overload]  # Connect's own type
    return function


def _ids(judge: Judge) -> Callable[[Column, Column], Column]:
    def ids(documents: pd.Series, texts: pd.Series) -> pd.Series:
        return pd.Series([judge.ids_in(*pair) for pair in zip(documents, texts, strict=True)], dtype=object)

    function: Callable[[Column, Column], Column] = pandas_udf(ids, "array<string>")  # type: ignore[call-overload]  # Connect's own type
    return function
