"""Records of Parquet files: each file's own schema is held against the declared columns, and no value is lost on the way.

A file without a declared column is refused as a whole: what is missing could not be told from what is null. A column of
another type is read value by value: what the declared type can say is taken, and a record with a value that it cannot say
keeps its text, as JSON. Columns that nobody declared are named, and not kept. Times without a zone are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from engine.catalog import quoted
from engine.parallel import in_parallel
from engine.sources.spec import Files
from engine.sources.surveyed import AnyFile, Surveyed, as_path, digest_of, line_sums, said_by

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, Row, SparkSession

    from engine.parts import Column

# Footers are asked for one by one: only a file itself knows its schema.
FOOTERS_AT_ONCE = 4
AS_JSON = {
    "timeZone": "UTC", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "ignoreNullFields": "false",
}  # fmt: skip


def survey_parquet(spark: SparkSession, source: Files, files: Sequence[AnyFile]) -> list[tuple[AnyFile, Surveyed]]:
    """Read every row once: schema and content hash, which tells neither order of columns, nor compression, nor row groups.

    A file without a footer has a problem of its own. Raises PySparkException if the rows of one cannot be decoded.
    """
    schemas = in_parallel(FOOTERS_AT_ONCE, [partial(_schema_of, spark, file.uri) for file in files])
    groups: dict[str, list[str]] = {}
    for file, schema in zip(files, schemas, strict=True):
        if isinstance(schema, StructType) and not _missing(source, schema):
            groups.setdefault(schema.json(), []).append(file.uri)
    blocks = {row["_uri"]: row for schema, uris in groups.items() for row in _blocks(spark, uris, schema)}
    return [(file, _surveyed(source, schema, blocks.get(file.uri))) for file, schema in zip(files, schemas, strict=True)]


def _schema_of(spark: SparkSession, uri: str) -> StructType | PySparkException:
    try:
        return spark.read.option("recursiveFileLookup", "true").parquet(as_path(uri)).schema
    except PySparkException as error:
        return error


def _rows(spark: SparkSession, uris: Sequence[str], schema: str) -> DataFrame:
    """Rows with where they stand: `_found` (the row), `_uri`, `_position`."""
    reader = spark.read.schema(StructType.fromJson(json.loads(schema))).option("recursiveFileLookup", "true")
    return reader.parquet(*[as_path(uri) for uri in uris]).select(
        F.struct("*").alias("_found"),
        F.col("_metadata.file_path").alias("_uri"),
        F.col("_metadata.row_index").alias("_position"),
    )


def _blocks(spark: SparkSession, uris: Sequence[str], schema: str) -> list[Row]:
    rows = _rows(spark, uris, schema).withColumn("_json", _as_found(schema))
    counted = [F.count(F.lit(1)).alias("n"), F.sum(F.length("_json")).alias("size"), F.lit(0).alias("start")]
    return rows.groupBy("_uri").agg(*counted, *line_sums("_json", "_position")).collect()


def _surveyed(source: Files, schema: StructType | PySparkException, block: Row | None) -> Surveyed:
    if isinstance(schema, PySparkException):  # its end says what is in it, and comes last
        return Surveyed("", "parquet", "", "", False, False, problem=said_by(schema))
    missing = _missing(source, schema)
    if missing:
        found = ", ".join(schema.names) or "none"
        problem = f"no column {', '.join(missing)} among {found}; nothing was landed: deliver it with all declared columns"
        return Surveyed("", "parquet", "", "", True, False, problem=problem)
    if block is None:
        return Surveyed("blank", "parquet", "", "", True, True)
    return Surveyed(digest_of([block]), "parquet", "", "", True, False, schema=schema.json(), note=_note(source, schema))


def _missing(source: Files, schema: StructType) -> list[str]:
    names = {name.lower() for name in schema.names}
    return [column.name for column in source.columns if column.name not in names]


def _note(source: Files, schema: StructType) -> str:
    """What differs from the declaration, for people; empty where nothing does."""
    types, declared = _types(schema), {column.name for column in source.columns}
    changed = [
        f"{column.name} is {types[column.name]}, declared {column.type}: values that do not fit are set aside"
        for column in source.columns
        if not _is_as_declared(column, types)
    ]
    others = [name for name in types if name not in declared]
    return "; ".join([*changed, *([f"not declared and not kept: {', '.join(others)}"] if others else [])])


def _types(schema: StructType) -> dict[str, str]:
    return {field.name.lower(): field.dataType.simpleString() for field in schema.fields}


def _is_as_declared(column: Column, types: Mapping[str, str]) -> bool:
    return types[column.name] == column.type or (types[column.name], column.type) == ("timestamp_ntz", "timestamp")


def parquet_records(spark: SparkSession, source: Files, uris: Sequence[str], found: Surveyed) -> DataFrame:
    """The declared columns in their types; a record with a value that does not fit has its text instead."""
    types = _types(StructType.fromJson(json.loads(found.schema)))
    values = {column.name: _value(column, types) for column in source.columns}
    lost = [_field(name).isNotNull() & value.isNull() for name, value in values.items()]
    is_good = ~reduce(or_, lost)
    as_found = _as_found(found.schema)
    as_declared = F.to_json(F.struct(*[value.alias(name) for name, value in values.items()]), AS_JSON)
    return _rows(spark, uris, found.schema).select(
        "_uri",
        F.when(is_good, as_declared).otherwise(as_found).alias("_text"),
        F.col("_position").cast("bigint").alias("_position"),
        *[F.when(is_good, value).alias(name) for name, value in values.items()],
        F.when(~is_good, as_found).alias("text"),
    )


def _value(column: Column, types: Mapping[str, str]) -> SparkColumn:
    """A value in its declared type, by way of its text where the file has another one; null where that cannot say it."""
    given = _field(column.name)
    if types[column.name] == column.type:
        return given
    text = given.cast("string")
    is_without_zone = (types[column.name], column.type) == ("timestamp_ntz", "timestamp")
    return (F.concat(text, F.lit("Z")) if is_without_zone else text).try_cast(column.type)


def _as_found(schema: str) -> SparkColumn:
    """The whole row as JSON, its columns by name."""
    names = sorted(StructType.fromJson(json.loads(schema)).names)
    return F.to_json(F.struct(*[_field(name).alias(name) for name in names]), AS_JSON)


def _field(name: str) -> SparkColumn:
    return F.col(f"_found.{quoted(name)}")
