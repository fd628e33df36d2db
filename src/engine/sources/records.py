"""Reading a file record by record, however large it is, with a stable position for each.

A JSON array of any size is split before it is parsed: indented arrays at the start of each top-level element, files
with one document per line at line ends. Only an array on a single line is parsed whole, and a value is limited to
128 MiB there. CSV is one record per line; a field may not hold a line break.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import unquote

from pyspark.sql import Row
from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.sources.spec import Files

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, SparkSession


class File(Protocol):
    """What reading needs to know of a file."""

    @property
    def uri(self) -> str: ...
    @property
    def file(self) -> str: ...


AnyFile = TypeVar("AnyFile", bound=File)


@dataclass(frozen=True)
class Surveyed:
    """What one pass over a file's lines tells. `separator` splits its records; `indent` is that of array elements.

    `opening` pieces stand before the first element: one where the array's bracket has a line of its own.
    """

    file_hash: str
    layout: str
    separator: str
    indent: str
    is_complete: bool
    is_blank: bool
    header: tuple[str, ...] = ()
    opening: int = 0


def survey(spark: SparkSession, source: Files, files: Sequence[AnyFile]) -> list[tuple[AnyFile, Surveyed]]:
    """Read every line once: content hash, layout, completeness. Raises PySparkException if a file cannot be decoded."""
    lines = _lines(spark, [file.uri for file in files], "\n")
    is_blank = F.trim(F.regexp_replace("value", r"[\r\t\uFEFF]", " ")) == ""
    is_opening = F.col("value").rlike(r"^\s*\[\s*$")
    line = F.struct("_row", "value")
    hashes = [F.xxhash64("value", F.lit(seed)).bitwiseAND(2**31 - 1).cast("decimal(20,0)") for seed in (1, 2)]
    sums = [
        total
        for hashed in hashes
        for total in (F.sum(hashed), F.sum(hashed * F.col("_row").cast("decimal(17,0)")))
    ]
    blocks = (
        lines.groupBy("_uri", "_block")
        .agg(
            F.count(F.lit(1)).alias("n"),
            F.sum(F.length("value")).alias("size"),
            F.min("_row").alias("start"),
            *[total.alias(name) for total, name in zip(sums, ("s1", "w1", "s2", "w2"), strict=True)],
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
    digest = _digest(blocks)
    filled = [block for block in blocks if block["n_lines"]]
    if not filled:
        return Surveyed(digest, "lines", "\n", "", True, True)
    first, last = filled[0]["first"]["value"], filled[-1]["last"]["value"]
    if source.format == "csv":
        header = tuple(next(csv.reader([first.strip("\ufeff\r ")])))
        return Surveyed(digest, "csv", "\n", "", True, sum(block["n_lines"] for block in blocks) == 1, header)
    element = next((block["element"]["value"] for block in filled if block["element"]), "")
    layout, separator, indent = _layout(first.strip("\ufeff\r "), element)
    is_complete = last.strip().endswith("}" if layout == "lines" else "]")
    opening = int(first.strip("\ufeff\r ") == "[")
    return Surveyed(digest, layout, separator, indent, is_complete, first.strip() == "[]", opening=opening)


def _digest(blocks: Sequence[Row]) -> str:
    """Hash of a file's lines in their order.

    Two sums of line hashes, weighted with the line's number in the file; the numbers that Spark gives rise within a
    split from an arbitrary start, which is taken out here. Not a defence against forgery.
    """
    lines_before, totals = 0, [0, 0, 0, 0]
    for block in blocks:
        shift = lines_before - block["start"]
        for at, (plain, weighted) in enumerate((("s1", "w1"), ("s2", "w2"))):
            totals[2 * at] += int(block[plain])
            totals[2 * at + 1] += int(block[weighted]) + shift * int(block[plain])
        lines_before += block["n"]
    identity = f"{lines_before} {sum(block['size'] for block in blocks)} {totals}"
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _layout(first: str, element: str) -> tuple[str, str, str]:
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


def read_records(spark: SparkSession, source: Files, files: Sequence[tuple[AnyFile, Surveyed]]) -> DataFrame:
    """The records of `files`: document or fields, `text` where unparseable, and the position of each in its file."""
    groups: dict[tuple[object, ...], list[tuple[AnyFile, Surveyed]]] = {}
    for file, found in files:
        groups.setdefault(
            (found.layout, found.separator, found.indent, found.header, found.opening), []
        ).append((file, found))
    frames = [_read_group(spark, source, group) for group in groups.values()]
    rows = frames[0]
    for more in frames[1:]:
        rows = rows.unionByName(more)
    return rows


def _read_group(spark: SparkSession, source: Files, files: Sequence[tuple[AnyFile, Surveyed]]) -> DataFrame:
    found = files[0][1]
    pieces = _positioned(spark, [file.uri for file, _ in files], found.separator)
    if source.format == "csv":
        rows = _csv_records(source, pieces, found.header)
    else:
        rows = _json_records(pieces, found)
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


def _lines(spark: SparkSession, uris: Sequence[str], separator: str) -> DataFrame:
    """Pieces of the files with where they stand: `_uri`, `_block` (offset of the split), `_row` (rises within a split)."""
    rows = spark.read.option("lineSep", separator).text([_as_path(uri) for uri in uris])
    return rows.select(
        "value",
        F.col("_metadata.file_path").alias("_uri"),
        F.col("_metadata.file_block_start").alias("_block"),
        F.monotonically_increasing_id().alias("_row"),
    )


def _as_path(uri: str) -> str:
    """A file's URI as the reader wants it: decoded, and with what would be a pattern escaped."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", unquote(uri))


def _positioned(spark: SparkSession, uris: Sequence[str], separator: str) -> DataFrame:
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


def _json_records(pieces: DataFrame, found: Surveyed) -> DataFrame:
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


def _csv_records(source: Files, pieces: DataFrame, header: Sequence[str]) -> DataFrame:
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
