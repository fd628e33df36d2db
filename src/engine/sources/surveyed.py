"""What one pass over a file tells before its records are read, and the hash of its content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import unquote

from pyspark.sql import Row
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import Column as SparkColumn

# Spark names its errors: `[FAILED_READ_FILE.NO_HINT] Encountered ...`.
NAMED_ERROR = re.compile(r"\[[A-Z][A-Z_.0-9]+\] ")
FOLDERS = re.compile(r"(?<!\S)(?:\w+:)?/(?:[^/\s]+/)+(?=[^/\s])")


class File(Protocol):
    """What reading needs to know of a file."""

    @property
    def uri(self) -> str: ...
    @property
    def file(self) -> str: ...


AnyFile = TypeVar("AnyFile", bound=File)


@dataclass(frozen=True)
class Surveyed:
    """What one pass over a file's lines or rows tells. `separator` splits its records; `indent` is that of array elements.

    `opening` pieces stand before the first element: one where the array's bracket has a line of its own. `schema` is that
    of a Parquet file, as JSON. `note` is what a person should know; with a `problem` nothing of the file can be landed.
    """

    file_hash: str
    layout: str
    separator: str
    indent: str
    is_complete: bool
    is_blank: bool
    header: tuple[str, ...] = ()
    opening: int = 0
    schema: str = ""
    note: str = ""
    problem: str = ""


def line_sums(value: str, row: str = "_row") -> list[SparkColumn]:
    """Aggregates for `digest_of`: two hashes of every line or row, summed plainly and weighted with its number."""
    sums = []
    for seed in (1, 2):
        hashed = F.xxhash64(value, F.lit(seed)).bitwiseAND(2**31 - 1).cast("decimal(20,0)")
        sums.append(F.sum(hashed).alias(f"s{seed}"))
        sums.append(F.sum(hashed * F.col(row).cast("decimal(17,0)")).alias(f"w{seed}"))
    return sums


def digest_of(blocks: Sequence[Row]) -> str:
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


def as_path(uri: str) -> str:
    """A file's URI as the reader wants it: decoded, and with what would be a pattern escaped."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", unquote(uri))


def said_by(error: PySparkException) -> str:
    """What a person should know of a file that cannot be read: Spark's own sentence and the cause at the bottom of it.

    Files lose their folders: the ledger names them beside, and said twice they would fill the note.
    """
    lines = [FOLDERS.sub("", line.strip()) for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("at ", "JVM stacktrace", "..."))]
    named = [line[found.start() :] for line in lines if (found := NAMED_ERROR.search(line))]
    first = (named or lines or ["no reason given"])[0]
    cause = next((line for line in reversed(lines) if line.startswith("Caused by:")), "")
    return f"{first[:250]} {cause[:200]}".strip()
