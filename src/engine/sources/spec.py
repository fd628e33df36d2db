"""Declarations of sources. Names and expressions are checked here, so that they may stand in SQL text and addresses."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.parts import Column
from engine.spec_rules import IDENTIFIER
from utils.errors import SpecError

DOCUMENT = Column("document", "variant", "The delivered document; null where it could not be parsed.", personal=True)
TEXT = Column(
    "text", "string", "The record as it was delivered, where it could not be parsed; null otherwise.", personal=True
)
LANDED = (
    Column("_landed_at", "timestamp", "When the record was landed, by the clock."),
    Column("_run_id", "string", "Run that landed it."),
)
# What a source with a mark (see marks.py) adds to every record.
MARKED = (
    Column("_source", "string", "Where the record was read: the page's address without its host, or the table."),
    Column("_position", "bigint", "Place of the record in its page, from 0; 0 for a table's row."),
    Column("_content_hash", "string", "SHA-256 of the record; the same version of a row lands once."),
    Column("_sequence", "timestamp", "When the source changed the record, UTC; null where it does not say."),
    Column("_requested_at", "timestamp", "When the read that brought it began; what is later moves no mark."),
    Column("_is_backfill", "boolean", "Whether a range was asked for; such records move no mark."),
    *LANDED,
)
RAW_COLUMNS = (
    TEXT,
    Column("_source", "string", "File that delivered the record, relative to the landing folder."),
    Column("_position", "bigint", "Place of the record in its file, from 0."),
    Column("_content_hash", "string", "SHA-256 of the record: of its text, or of its values as JSON."),
    Column("_file_hash", "string", "Hash of the file's content; a file lands once per content."),
    *LANDED,
)


@dataclass(frozen=True)
class Files:
    """Files in the landing volume, under `<landing>/<folder>/`, that match `pattern`; each lands once per content.

    `json`: documents, as an array (indented or not) or one per line; the record is a VARIANT `document`.
    `csv`: a header line, then one record per line; `columns` name the fields, which stay text in raw.
    `parquet`: `columns` name the fields with their types; a file that lacks one is refused as a whole.
    """

    name: str
    format: Literal["json", "csv", "parquet"]
    folder: str
    pattern: str
    grain: str = "one row per delivered record"
    columns: Sequence[Column] = ()

    def __post_init__(self) -> None:
        where = _named(self.name)
        if self.format != "json" and not self.columns:
            raise SpecError(where, f"a {self.format} source without columns", hint="Name the fields of its records.")
        if "/" in self.pattern or ".." in self.folder:
            raise SpecError(
                where, f"folder `{self.folder}`, pattern `{self.pattern}`", expected="names below landing"
            )

    @property
    def path(self) -> str:
        return f"raw.{self.name}"

    @property
    def kind(self) -> str:
        """For people."""
        return f"files ({self.format})"

    @property
    def reads(self) -> str:
        """For people."""
        return f"{self.folder}/{self.pattern}"

    @property
    def all_columns(self) -> list[Column]:
        """The raw table's columns: the record, then where it came from."""
        if self.format == "json":
            return [DOCUMENT, *RAW_COLUMNS]
        return [*self.columns, *RAW_COLUMNS]

    def takes(self, file_name: str) -> bool:
        return fnmatch.fnmatchcase(file_name, self.pattern)


@dataclass(frozen=True)
class _Marked:
    """What sources share that are asked for what changed since a mark (see marks.py).

    `sequence` is the field that says when a row changed last; times without a zone are local to `zone`. The first run
    looks back `first_days` from `as_of`, everything where it is None. Later ones start `overlap_minutes` before the
    mark, which must be longer than the source's longest transaction.
    """

    name: str
    key: Sequence[str]
    sequence: str
    zone: str = "UTC"
    grain: str = "one row per version of a record that was seen"
    first_days: int | None = None
    overlap_minutes: int = 10

    def _check(self) -> None:
        where = _named(self.name)
        for field in (*self.key, self.sequence):
            if not IDENTIFIER.fullmatch(field):
                raise SpecError(where, f"`{field}` is not the name of a field")
        if not self.key:
            raise SpecError(where, "no key", hint="Name the fields that tell records apart.")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise SpecError(where, f"time zone `{self.zone}`", expected="a name like America/Bogota") from None
        if self.overlap_minutes < 1 or (self.first_days is not None and self.first_days < 0):
            found = f"overlap of {self.overlap_minutes} minutes, first run looks back {self.first_days} days"
            raise SpecError(where, found, expected="an overlap of a minute or more, days not below 0")

    @property
    def path(self) -> str:
        return f"raw.{self.name}"


@dataclass(frozen=True)
class Pages(_Marked):
    """A REST API's JSON arrays, in pages; the record is a VARIANT `document`.

    By change (`is_listing` false): `GET <endpoint>?<sequence>=<time>&limit=&after=<sequence>,<key>`, in the order of sequence and
    key, which must be one whole number. A listing: `GET <endpoint>?limit=&offset=`, read whole every time.
    The secrets `<system>_url` and `<system>_token` say where, and by which token.
    """

    endpoint: str = ""
    is_listing: bool = False
    page_size: int = 5_000

    def __post_init__(self) -> None:
        self._check()
        where = _named(self.name)
        if not IDENTIFIER.fullmatch(self.endpoint):
            raise SpecError(where, f"endpoint `{self.endpoint}`", expected="one word, as in `payments`")
        if self.page_size < 1 or len(self.key) != 1:
            found = f"pages of {self.page_size} rows, key {', '.join(self.key)}"
            raise SpecError(where, found, expected="pages of a row or more, and a key of one field")

    @property
    def kind(self) -> str:
        """For people."""
        return "pages (listing)" if self.is_listing else "pages (by change)"

    @property
    def reads(self) -> str:
        """For people."""
        return f"GET /{self.endpoint}"

    @property
    def all_columns(self) -> list[Column]:
        """The raw table's columns: the record, then where it came from."""
        return [DOCUMENT, TEXT, *MARKED]


@dataclass(frozen=True)
class Rows(_Marked):
    """A table of a database, read over JDBC by what changed; `columns` are read with their types.

    The first key column must be a whole number: large reads are cut by it, into parts. The tables of a
    system that are landed at the same time share `connections`, each has one at least.
    The secrets `<system>_url`, `<system>_user` and `<system>_password` say where and who; an address `connection://NAME`
    reads by a connection of Unity Catalog instead.
    """

    table: str = ""
    columns: Sequence[Column] = ()
    connections: int = 4
    fetch_size: int = 10_000

    def __post_init__(self) -> None:
        self._check()
        where = _named(self.name)
        if not all(IDENTIFIER.fullmatch(part) for part in self.table.split(".")):
            raise SpecError(where, f"table `{self.table}`", expected="a name like users or shop.users")
        names = [column.name for column in self.columns]
        missing = [name for name in (*self.key, self.sequence) if name not in names]
        if missing:
            raise SpecError(where, f"no column {', '.join(missing)}", hint="Declare the key and the sequence, too.")
        if not 1 <= self.connections <= 16 or self.fetch_size < 1:
            found = f"{self.connections} connections, {self.fetch_size} rows at once"
            raise SpecError(where, found, expected="1 to 16 connections, a row or more at once")

    @property
    def kind(self) -> str:
        """For people."""
        return "rows (by change)"

    @property
    def reads(self) -> str:
        """For people."""
        return f"table {self.table}"

    @property
    def all_columns(self) -> list[Column]:
        """The raw table's columns: the row, then where it came from."""
        return [*self.columns, TEXT, *MARKED]


Marked = Pages | Rows
Source = Files | Pages | Rows


def _named(name: str) -> str:
    where = f"source `{name}`"
    if not IDENTIFIER.fullmatch(name):
        raise SpecError(where, "not a table name")
    return where
