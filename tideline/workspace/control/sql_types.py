"""Columns and values of a result in the platform's words, and parameters in Spark's types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from pyspark.sql import types as t

from tideline.workspace.control.errors import invalid

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

BASE_NAMES: dict[type[t.DataType], str] = {
    t.ByteType: "BYTE", t.ShortType: "SHORT", t.IntegerType: "INT", t.LongType: "LONG", t.FloatType: "FLOAT",
    t.DoubleType: "DOUBLE", t.DecimalType: "DECIMAL", t.BooleanType: "BOOLEAN", t.StringType: "STRING",
    t.CharType: "CHAR", t.VarcharType: "STRING", t.BinaryType: "BINARY", t.DateType: "DATE",
    t.TimestampType: "TIMESTAMP", t.ArrayType: "ARRAY", t.MapType: "MAP", t.StructType: "STRUCT",
    t.NullType: "NULL", t.DayTimeIntervalType: "INTERVAL", t.YearMonthIntervalType: "INTERVAL",
}  # fmt: skip
NESTED = (t.ArrayType, t.MapType, t.StructType, t.VariantType)
PARAMETER_TYPES = re.compile(
    "STRING|VARCHAR|CHAR|BOOLEAN|TINYINT|BYTE|SMALLINT|SHORT|INT|INTEGER|BIGINT|LONG|FLOAT|REAL|DOUBLE|DECIMAL|DEC"
    "|NUMERIC|DATE|TIMESTAMP|TIMESTAMP_LTZ|TIMESTAMP_NTZ|BINARY|VOID"
)
TYPE = re.compile(r"([A-Z_]+)(?:\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\))?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLIS, MICROS = "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"


@dataclass(frozen=True)
class Parameter:
    """A value as the request sends it: text, or None for NULL, and the type that it is cast to."""

    name: str
    value: str | None
    type: str = "STRING"

    def __post_init__(self) -> None:
        match = TYPE.fullmatch(self.type)
        if not match or not PARAMETER_TYPES.fullmatch(match.group(1)):
            raise invalid(f"parameter `{self.name}`: `{self.type}` is no type of a parameter, such as INT or DECIMAL(10,2)")


def bind(session: SparkSession, parameters: Sequence[Parameter]) -> dict[str, Column]:
    """The parameters as literals of their types. The server casts them, as values: no text of theirs becomes SQL.

    Raises the server's own error for a value that its type does not take.
    """
    if not parameters:
        return {}
    asked = ", ".join(_cast(number, each) for number, each in enumerate(parameters))
    texts = {f"v{number}": each.value for number, each in enumerate(parameters)}
    found = session.sql(f"SELECT {asked}", args=texts)
    row = found.collect()[0]
    return {
        each.name: _literal(row[number], found.schema.fields[number].dataType, each)
        for number, each in enumerate(parameters)
    }


def columns_of(schema: t.StructType) -> list[dict[str, Any]]:
    """Name, type and position of each column."""
    return [
        {"name": field.name, "position": number, **_type_of(field.dataType)}
        for number, field in enumerate(schema.fields)
    ]


def as_text(frame: DataFrame) -> DataFrame:
    """The rows with every value as the platform writes it: times in ISO 8601, nested values as JSON, binary in Base64."""
    names = [f"c{number}" for number in range(len(frame.columns))]  # a result may hold two columns of one name
    plain = frame.toDF(*names)
    fields = frame.schema.fields
    return plain.select(*(_text(F.col(name), field.dataType) for name, field in zip(names, fields, strict=True)))


def _cast(number: int, parameter: Parameter) -> str:
    """Moments come as microseconds: collected ones would be in this process's time zone."""
    cast = f"CAST(:v{number} AS {parameter.type})"
    return f"unix_micros({cast})" if _is_moment(parameter) else cast


def _is_moment(parameter: Parameter) -> bool:
    return parameter.type in ("TIMESTAMP", "TIMESTAMP_LTZ")


def _literal(value: Any, data_type: t.DataType, parameter: Parameter) -> Column:
    from pyspark.sql.connect.column import Column
    from pyspark.sql.connect.expressions import LiteralExpression

    if _is_moment(parameter):
        data_type = t.TimestampType()
        value = None if value is None else EPOCH + timedelta(microseconds=value)
    if isinstance(value, bytearray):
        value = bytes(value)
    return Column(LiteralExpression(value, data_type))


def _text(column: Column, data_type: t.DataType) -> Column:
    if isinstance(data_type, t.TimestampType):
        return F.concat(_moment(column), F.lit("Z"))
    if isinstance(data_type, t.TimestampNTZType):
        return _moment(column.cast("timestamp"))
    if isinstance(data_type, t.BinaryType):
        return F.base64(column)
    if isinstance(data_type, NESTED):
        return F.to_json(column, {"ignoreNullFields": "false"})
    return column.cast("string")


def _moment(column: Column) -> Column:
    """Milliseconds, or microseconds where there are some."""
    is_whole = F.unix_micros(column) % 1000 == 0
    return F.when(is_whole, F.date_format(column, MILLIS)).otherwise(F.date_format(column, MICROS))


def _type_of(data_type: t.DataType) -> dict[str, Any]:
    text = type_text(data_type)
    found: dict[str, Any] = {"type_text": text, "type_name": BASE_NAMES.get(type(data_type), text.split("(")[0])}
    if isinstance(data_type, t.DecimalType):
        found |= {"type_precision": data_type.precision, "type_scale": data_type.scale}
    if found["type_name"] == "INTERVAL":
        found["type_interval_type"] = text.removeprefix("INTERVAL ")
    return found


def type_text(data_type: t.DataType) -> str:
    """The type as SQL writes it; names of fields keep their case."""
    if isinstance(data_type, t.ArrayType):
        return f"ARRAY<{type_text(data_type.elementType)}>"
    if isinstance(data_type, t.MapType):
        return f"MAP<{type_text(data_type.keyType)}, {type_text(data_type.valueType)}>"
    if isinstance(data_type, t.StructType):
        return f"STRUCT<{', '.join(f'{field.name}: {type_text(field.dataType)}' for field in data_type.fields)}>"
    return data_type.simpleString().upper()
