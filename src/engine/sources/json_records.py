"""Documents of JSON files: an array of any size, indented or not, or one document per line.

Only an array on a single line is parsed whole, and a value is limited to 128 MiB there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.sources.surveyed import Surveyed

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame


def json_records(pieces: DataFrame, found: Surveyed) -> DataFrame:
    """One row per document or piece of garbage, in the order of the file; what does not parse keeps its text."""
    if found.layout == "array":
        return _whole_array(pieces)
    if found.layout == "lines":
        cleaned = F.trim(F.regexp_replace("value", r"[\r\uFEFF]", ""))
        texts = pieces.select("_uri", F.col("_piece").alias("_position"), cleaned.alias("_text"))
        return _parsed(texts.where("_text <> ''"))
    return _parsed(_elements(pieces, found))


def _elements(pieces: DataFrame, found: Surveyed) -> DataFrame:
    """Array elements: the brace that the separator took is put back; what stands between elements is a piece of its own.

    A piece that does not parse is split again at lines with the elements' indent, so that a line of garbage does not
    take the good document before it along; it shares that document's position.
    """
    body = F.regexp_replace("value", r"[\s,]*\]?\s*$", "")
    head = F.regexp_replace(F.col("value"), r"^[\s\uFEFF]*\[?\s*", "")
    restored = F.when(F.col("_piece") > 0, F.concat(F.lit("{"), body)).otherwise(
        F.regexp_replace(head, r"[\s,]*\]?\s*$", "")
    )
    texts = pieces.select("_uri", "_piece", restored.alias("_whole"))
    broken = ~_is_one_value("_whole")
    at_indent = rf"\r?\n(?={re.escape(found.indent)}[^\s}}\]])"
    parts = F.when(broken, F.split("_whole", at_indent)).otherwise(F.array("_whole"))
    split = texts.select("_uri", "_piece", F.posexplode(parts).alias("_part", "_text"))
    cleaned = F.regexp_replace("_text", r"^\s+|[\s,]+$", "")
    position = F.col("_piece") - found.opening
    return split.select("_uri", position.alias("_position"), cleaned.alias("_text")).where("_text <> ''")


def _is_one_value(name: str) -> SparkColumn:
    """Whether a text is one JSON value and nothing else: `try_parse_json` ignores whatever follows the first value.

    With one more value behind it, it must make an array of two.
    """
    return F.expr(f"coalesce(json_array_length(concat('[', {name}, ',0]')) = 2, false)")


def _parsed(texts: DataFrame) -> DataFrame:
    document = F.expr("try_parse_json(_text)")
    is_object = F.coalesce(F.expr("schema_of_variant(try_parse_json(_text)) LIKE 'OBJECT%'"), F.lit(False))
    is_document = is_object & _is_one_value("_text")
    return texts.select(
        "_uri",
        "_text",
        F.col("_position").cast("bigint").alias("_position"),
        F.when(is_document, document).alias("document"),
        F.when(~is_document, F.col("_text")).alias("text"),
    )


def _whole_array(pieces: DataFrame) -> DataFrame:
    parsed = pieces.select(
        "_uri", "_piece", "value", F.expr("try_cast(try_parse_json(value) AS array<variant>)").alias("_array")
    )
    items = F.expr("coalesce(transform(_array, item -> to_json(item)), array(value))")
    split = parsed.select("_uri", "_piece", F.posexplode(items).alias("_part", "_text"))
    position = F.col("_piece") * 10**6 + F.col("_part")
    return _parsed(split.select("_uri", position.alias("_position"), "_text").where("trim(_text) <> ''"))
