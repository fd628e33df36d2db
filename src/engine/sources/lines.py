"""Text files piece by piece: a first pass that says what a file is, and its pieces with their place in it.

A file of any size is split before it is parsed: at line ends, or where the elements of an indented array begin.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Row
from pyspark.sql import functions as F

from engine.sources.spec import Files
from engine.sources.surveyed import AnyFile, Surveyed, as_path, digest_of, line_sums

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def survey_text(spark: SparkSession, source: Files, files: Sequence[AnyFile]) -> list[tuple[AnyFile, Surveyed]]:
    """Read every line once: content hash, layout, completeness. Raises PySparkException if a file cannot be decoded."""
    lines = _lines(spark, [file.uri for file in files], "\n")
    is_blank = F.trim(F.regexp_replace("value", r"[\r\t\uFEFF]", " ")) == ""
    is_opening = F.col("value").rlike(r"^\s*\[\s*$")
    line = F.struct("_row", "value")
    blocks = (
        lines.groupBy("_uri", "_block")
        .agg(
            F.count(F.lit(1)).alias("n"),
            F.sum(F.length("value")).alias("size"),
            F.min("_row").alias("start"),
            *line_sums("value"),
            F.count_if(~is_blank).alias("n_lines"),
            F.min(F.when(~is_blank, line)).alias("first"),
            F.min(F.when(~is_blank & ~is_opening, line)).alias("element"),
            F.max(F.when(~is_blank, line)).alias("last"),
        )
        .collect()
    )
    found: dict[str, list[Row]] = {}
    for block in sorted(blocks, key=lambda row: (row["_uri"], row["_block"])):
        found.setdefault(block["_uri"], []).append(block)
    blank = Surveyed("blank", "lines", "\n", "", True, True)
    return [(file, _surveyed(source, found[file.uri]) if file.uri in found else blank) for file in files]


def _surveyed(source: Files, blocks: Sequence[Row]) -> Surveyed:
    digest = digest_of(blocks)
    filled = [block for block in blocks if block["n_lines"]]
    if not filled:
        return Surveyed(digest, "lines", "\n", "", True, True)
    first, last = filled[0]["first"]["value"], filled[-1]["last"]["value"]
    if source.format == "csv":
        header = tuple(next(csv.reader([first.strip("\ufeff\r ")])))
        return Surveyed(digest, "csv", "\n", "", True, sum(block["n_lines"] for block in blocks) == 1, header)
    element = next((block["element"]["value"] for block in filled if block["element"]), "")
    layout, separator, indent = layout_of(first.strip("\ufeff\r "), element)
    is_complete = last.strip().endswith("}" if layout == "lines" else "]")
    opening = int(first.strip("\ufeff\r ") == "[")
    return Surveyed(digest, layout, separator, indent, is_complete, first.strip() == "[]", opening=opening)


def layout_of(first: str, element: str) -> tuple[str, str, str]:
    """How records are separated: (layout, separator, indent).

    `[` alone on its line, or `[{` without a closing brace: an indented array, whose elements start at one indent.
    `[{...` closed on its line: a whole array on one line. Anything else: one document per line.
    """
    if first == "[":
        indent = re.match(r"[ \t]*", element)
        return "elements", "\n" + (indent.group() if indent else "") + "{", indent.group() if indent else ""
    if re.fullmatch(r"\[\s*\{", first):
        return "elements", "\n{", ""
    if first.startswith("["):
        return (
            ("elements", "\n{", "")
            if not first.rstrip().endswith(("]", ",")) and first.count("}") < first.count("{")
            else ("array", "\n", "")
        )
    if first == "{":
        return "elements", "\n{", ""
    return "lines", "\n", ""


def positioned(spark: SparkSession, uris: Sequence[str], separator: str) -> DataFrame:
    """Pieces with `_piece`, their index in the file. Splits are counted first, so that no window sorts the text."""
    pieces = _lines(spark, uris, separator)
    blocks = (
        pieces.groupBy("_uri", "_block")
        .agg(F.count(F.lit(1)).alias("n"), F.min("_row").alias("first"))
        .collect()
    )
    starts, offset, previous = [], 0, ""
    for row in sorted(blocks, key=lambda row: (row["_uri"], row["_block"])):
        offset = 0 if row["_uri"] != previous else offset
        starts.append((row["_uri"], row["_block"], offset - row["first"]))
        offset, previous = offset + row["n"], row["_uri"]
    known = F.broadcast(spark.createDataFrame(starts, "_uri string, _block bigint, _shift bigint"))
    return pieces.join(known, on=["_uri", "_block"], how="inner").select(
        "value", "_uri", (F.col("_row") + F.col("_shift")).alias("_piece")
    )


def _lines(spark: SparkSession, uris: Sequence[str], separator: str) -> DataFrame:
    """Pieces of the files with where they stand: `_uri`, `_block` (offset of the split), `_row` (rises within a split)."""
    rows = spark.read.option("lineSep", separator).text([as_path(uri) for uri in uris])
    return rows.select(
        "value",
        F.col("_metadata.file_path").alias("_uri"),
        F.col("_metadata.file_block_start").alias("_block"),
        F.monotonically_increasing_id().alias("_row"),
    )
