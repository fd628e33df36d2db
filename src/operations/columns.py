"""How each kind of column is measured: Spark expressions that go into one aggregate, and what is read from its row.

A number is measured by its value, a time by its seconds, a text by its length; a flag by its values. What has parts
(arrays, structs, maps, variants) is counted only. Values of columns that may not be shown never leave Spark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from pyspark.sql import types as T

from engine.catalog import quoted

if TYPE_CHECKING:
    from pyspark.sql import Column

    from operations.subject import Subject

MASKED = "masked"
WHOLE = ("tinyint", "smallint", "int", "bigint")
LONGEST = 40  # characters of a value that are shown
FENCE = 1.5


@dataclass(frozen=True)
class Measured:
    """A column as it is measured; `kind` is number, time, text, flag or parts, and aliases begin with its place."""

    place: int
    name: str
    type: str
    kind: str
    is_shown: bool

    @property
    def values(self) -> Column:
        """The column; what is no finite number counts as missing."""
        column = F.col(quoted(self.name))
        is_float = self.type in ("float", "double")
        return F.when(F.abs(column) < F.lit(math.inf), column) if is_float else column

    @property
    def size(self) -> Column:
        """What the column is measured by, as a double."""
        if self.kind == "text":
            return F.length(self.values).cast("double")
        if self.kind == "time":
            return (F.unix_micros(self.values.cast("timestamp")) / F.lit(1_000_000)).cast("double")
        return self.values.cast("double")

    @property
    def has_size(self) -> bool:
        """Whether its sizes may be seen: lengths of texts always, others where values may be."""
        return self.kind == "text" or (self.kind in ("number", "time") and self.is_shown)

    def alias(self, what: str) -> str:
        """Its statistic's name in the one row of the aggregate."""
        return f"c{self.place}_{what}"

    def summary(self, found: Mapping[str, Any], n_rows: int) -> dict[str, Any]:
        """The column's row of the profile."""
        quartiles = found.get(self.alias("quartiles")) or [None] * 3
        low, high = found.get(self.alias("low")), found.get(self.alias("high"))
        is_masked = not self.is_shown and self.kind != "parts"
        n_null = found[self.alias("nulls")]
        return {
            "column": self.name,
            "type": self.type,
            "n_null": n_null,
            "null_share": n_null / n_rows if n_rows else 0.0,
            "n_distinct": found.get(self.alias("distinct")),
            "least": MASKED if is_masked else _shown(found.get(self.alias("min"))),
            "greatest": MASKED if is_masked else _shown(found.get(self.alias("max"))),
            "measured_by": {"text": "length", "time": "seconds", "number": "value"}.get(self.kind, ""),
            "low": low,
            "first_quartile": quartiles[0],
            "median": quartiles[1],
            "third_quartile": quartiles[2],
            "high": high,
            "has_fences": quartiles[0] is not None and quartiles[2] > quartiles[0],
        }

    def shows_values(self, facts: Mapping[str, Any], few: int) -> bool:
        """Whether its distribution is by single values."""
        is_small = self.kind == "flag" or (self.kind in ("text", "number") and (facts["n_distinct"] or 0) <= few)
        return self.is_shown and is_small

    def classified(self, facts: Mapping[str, Any], few: int, n_classes: int) -> Column | None:
        """A struct of the column's name, the class of its value, and whether that is an outlier; None without classes."""
        if self.shows_values(facts, few):
            chosen: Column = F.substring(self.values.cast("string"), 1, LONGEST)
        elif self.has_size and facts["low"] is not None:
            width, last = self._width(facts, n_classes)
            place = F.floor((self.size - F.lit(facts["low"])) / F.lit(width))
            chosen = F.least(place, F.lit(last)).cast("string")
        else:
            return None
        return F.struct(
            F.lit(self.name).alias("column"), chosen.alias("class"), self._is_outlier(facts).alias("is_outlier")
        )

    def named_class(
        self, text: str, facts: Mapping[str, Any], few: int, n_classes: int
    ) -> tuple[str | None, float | None, float | None]:
        """A class as value, low, high."""
        if self.shows_values(facts, few):
            return text, None, None
        width, _ = self._width(facts, n_classes)
        return None, facts["low"] + int(text) * width, facts["low"] + (int(text) + 1) * width

    def _width(self, facts: Mapping[str, Any], n_classes: int) -> tuple[float, int]:
        """Width of the classes, and the place of the last one; whole numbers have no more classes than values."""
        span = facts["high"] - facts["low"]
        is_whole = self.kind == "text" or self.type in WHOLE
        n = max(1, min(n_classes, int(span) + 1)) if is_whole else n_classes
        return (span / n, n - 1) if span else (1.0, 0)

    def _is_outlier(self, facts: Mapping[str, Any]) -> Column:
        if not facts["has_fences"]:
            return F.lit(False)
        reach = FENCE * (facts["third_quartile"] - facts["first_quartile"])
        low, high = facts["first_quartile"] - reach, facts["third_quartile"] + reach
        return F.coalesce((self.size < F.lit(low)) | (self.size > F.lit(high)), F.lit(False))


def measured(schema: T.StructType, subject: Subject) -> list[Measured]:
    """The columns of a table, in its order."""
    return [
        Measured(place, field.name, field.dataType.simpleString(), _kind(field.dataType), subject.shows(field.name))
        for place, field in enumerate(schema.fields)
    ]


def _kind(kind: T.DataType) -> str:
    if isinstance(kind, T.NumericType):
        return "number"
    if isinstance(kind, T.DateType | T.TimestampType | T.TimestampNTZType):
        return "time"
    if isinstance(kind, T.StringType):
        return "text"
    return "flag" if isinstance(kind, T.BooleanType) else "parts"


def _shown(value: Any) -> str:
    """A value for people, cut where it is long."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
