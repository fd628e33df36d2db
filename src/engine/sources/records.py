"""Reading files record by record, however large they are, with a stable position for each; the formats stand beside this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.sources.csv_records import csv_records
from engine.sources.json_records import json_records
from engine.sources.lines import positioned, survey_text
from engine.sources.parquet_records import parquet_records, survey_parquet
from engine.sources.spec import Files
from engine.sources.surveyed import AnyFile, Surveyed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def survey(spark: SparkSession, source: Files, files: Sequence[AnyFile]) -> list[tuple[AnyFile, Surveyed]]:
    """Read every line or row once: content hash, layout, completeness. Raises PySparkException if a file cannot be decoded."""
    return survey_parquet(spark, source, files) if source.format == "parquet" else survey_text(spark, source, files)


def read_records(spark: SparkSession, source: Files, files: Sequence[tuple[AnyFile, Surveyed]]) -> DataFrame:
    """The records of `files`: document or fields, `text` where unparseable, and the position of each in its file."""
    groups: dict[tuple[object, ...], list[tuple[AnyFile, Surveyed]]] = {}
    for file, found in files:
        groups.setdefault(
            (found.layout, found.separator, found.indent, found.header, found.opening, found.schema), []
        ).append((file, found))
    frames = [_read_group(spark, source, group) for group in groups.values()]
    rows = frames[0]
    for more in frames[1:]:
        rows = rows.unionByName(more)
    return rows


def _read_group(spark: SparkSession, source: Files, files: Sequence[tuple[AnyFile, Surveyed]]) -> DataFrame:
    found = files[0][1]
    rows = _rows_of(spark, source, [file.uri for file, _ in files], found)
    named = F.create_map(
        *[F.lit(part) for file, known in files for part in (file.uri, f"{file.file}\0{known.file_hash}")]
    )
    place = F.split(F.element_at(named, F.col("_uri")), "\0")
    return rows.withColumns(
        {
            "_source": place[0],
            "_file_hash": place[1],
            "_content_hash": F.sha2(F.col("_text"), 256),
        }
    ).drop("_uri", "_text")


def _rows_of(spark: SparkSession, source: Files, uris: Sequence[str], found: Surveyed) -> DataFrame:
    if source.format == "parquet":
        return parquet_records(spark, source, uris, found)
    pieces = positioned(spark, uris, found.separator)
    return csv_records(source, pieces, found.header) if source.format == "csv" else json_records(pieces, found)
