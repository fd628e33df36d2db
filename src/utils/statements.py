"""Gold through the SQL statements of a workspace's warehouse: what an app reads where it sees no files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import requests

from utils.environment import workspace
from utils.errors import SourceError
from utils.gold import Description, Field, commits, named, plain

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import ExternalLink, ResultData, StatementResponse

WAIT_SECONDS, POLL_SECONDS, FETCH_SECONDS = 120.0, 0.5, 60.0
PLAIN = {
    "BOOLEAN": pa.bool_(), "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INT": pa.int32(), "BIGINT": pa.int64(),
    "FLOAT": pa.float32(), "DOUBLE": pa.float64(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us", "UTC"),
}  # fmt: skip
Texts = list[list[str | None]]
ABSENT = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND")


class StatementGold:
    """Tables of a catalogue. Statements are made of the app's own names; no text of a request is ever part of one.

    Raises SourceError where a statement fails, takes too long, or gives a type that is not known here.
    """

    def __init__(
        self, warehouse_id: str, catalog: str, prefix: str = "", connect: Callable[[], WorkspaceClient] = workspace
    ) -> None:
        self.warehouse_id, self.catalog, self.prefix, self.connect = warehouse_id, catalog, prefix, connect

    def version(self, tables: Sequence[str]) -> str | None:
        found = {}
        for name in tables:
            try:
                history = self._table(f"DESCRIBE HISTORY {self._name(name)} LIMIT 1", only=["version"])
            except SourceError as error:
                if any(each in str(error) for each in ABSENT):
                    return None
                raise
            found[name] = int(history["version"][0].as_py())
        return named(found)

    def read(self, table: str, version: str, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        names = ", ".join(f"`{name}`" for name in columns) or "*"
        # By links, part by part: what comes within an answer is limited to 25 MiB.
        statement = f"SELECT {names} FROM {self._name(table)} VERSION AS OF {commits(version)[table]}"
        answer = self._finished(statement, by_links=True)
        for texts in self._parts(statement, answer):
            yield from plain(_typed(answer, texts).to_batches())

    def describe(self, table: str) -> Description | None:
        name = self._name(table)
        try:
            newest = self._table(f"DESCRIBE HISTORY {name} LIMIT 1", only=["version", "timestamp"]).to_pylist()[0]
        except SourceError as error:
            if any(each in str(error) for each in ABSENT):
                return None
            raise
        detail = self._table(f"DESCRIBE DETAIL {name}", only=["description"]).to_pylist()[0]
        rows = self._table(f"SELECT count(*) AS n FROM {name}").to_pylist()[0]
        # What follows an empty or a `#` name is no column: partitions, clustering.
        columns = takewhile(lambda row: row["col_name"][:1] not in ("", "#"), self._table(f"DESCRIBE TABLE {name}").to_pylist())
        fields = tuple(Field(row["col_name"], row["data_type"], row["comment"] or "") for row in columns)
        return Description(detail["description"] or "", fields, rows["n"], newest["version"], newest["timestamp"])

    def _name(self, table: str) -> str:
        schema, _, name = table.partition(".")
        return ".".join(f"`{part}`" for part in (self.catalog, f"{self.prefix}{schema}", name))

    def _table(self, statement: str, only: Sequence[str] = ()) -> pa.Table:
        """The whole result, or some columns of it, whose types alone must be known then."""
        answer = self._finished(statement)
        return pa.concat_tables(_typed(answer, texts, only) for texts in self._parts(statement, answer))

    def _parts(self, statement: str, answer: StatementResponse) -> Iterator[Texts]:
        """Rows of a result, chunk by chunk; one part without rows where there are none."""
        manifest, chunk = answer.manifest, self.connect().statement_execution.get_statement_result_chunk_n
        if not manifest or not manifest.schema or answer.statement_id is None:
            raise SourceError("SQL statements", f"`{statement}` gave no columns")
        if manifest.truncated:
            raise SourceError("SQL statements", f"`{statement}`: the result is cut off")
        yield _rows(answer.result)
        for index in range(1, manifest.total_chunk_count or 0):
            # A link is valid for minutes: each is asked for just before it is followed.
            yield _rows(chunk(answer.statement_id, index))

    def _finished(self, statement: str, *, by_links: bool = False) -> StatementResponse:
        from databricks.sdk.service.sql import Disposition

        statements, until = self.connect().statement_execution, time.monotonic() + WAIT_SECONDS
        answer = statements.execute_statement(
            statement, self.warehouse_id, wait_timeout="30s",
            disposition=Disposition.EXTERNAL_LINKS if by_links else Disposition.INLINE,
        )  # fmt: skip
        while _state(answer) in ("PENDING", "RUNNING"):
            if time.monotonic() > until or answer.statement_id is None:
                raise SourceError("SQL statements", f"`{statement}` runs for over {WAIT_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
            answer = statements.get_statement(answer.statement_id)
        if _state(answer) != "SUCCEEDED":
            why = answer.status.error.message if answer.status and answer.status.error else _state(answer)
            raise SourceError("SQL statements", f"`{statement}`: {why}")
        return answer


def _state(answer: StatementResponse) -> str:
    return answer.status.state.value if answer.status and answer.status.state else ""


def _rows(chunk: ResultData | None) -> Texts:
    """Rows of a chunk, from the answer itself or from where its links lead."""
    if chunk is None:
        return []
    given: Texts = [list(row) for row in chunk.data_array or []]
    return given + [row for link in chunk.external_links or [] for row in _fetched(link)]


def _fetched(link: ExternalLink) -> Texts:
    """What a link leads to. It is a credential: it goes without the workspace's own, and stands in no error."""
    try:
        answer = requests.get(str(link.external_link), headers=link.http_headers, timeout=FETCH_SECONDS)
        answer.raise_for_status()
        found: Texts = answer.json()
    except requests.RequestException as error:
        status = error.response.status_code if error.response is not None else ""
        said = f"chunk {link.chunk_index} of a result could not be fetched: {type(error).__name__} {status}".rstrip()
        raise SourceError("SQL statements", said) from None
    return found


def _typed(answer: StatementResponse, texts: Texts, only: Sequence[str] = ()) -> pa.Table:
    """Rows as a table, in the types that the answer names."""
    assert answer.manifest and answer.manifest.schema
    return pa.table({
        str(column.name): _array(str(column.type_text), [row[place] for row in texts])
        for place, column in enumerate(answer.manifest.schema.columns or [])
        if not only or column.name in only
    })  # fmt: skip


def _array(kind: str, texts: Sequence[str | None]) -> pa.Array:
    """A column as it comes, texts or nulls, in its own type."""
    type = arrow_type(kind)
    is_nested = pa.types.is_nested(type)
    return pa.array([None if text is None else _value(type, json.loads(text) if is_nested else text) for text in texts], type)


def _value(type: pa.DataType, given: Any) -> Any:
    """A value from its text, or from JSON, in which some warehouses write numbers as texts."""
    if given is None:
        return None
    if pa.types.is_list(type):
        return [_value(type.value_type, each) for each in given]
    if pa.types.is_struct(type):
        return {field.name: _value(field.type, given.get(field.name)) for field in type}
    if not isinstance(given, str) or pa.types.is_string(type):
        return given
    if pa.types.is_boolean(type):
        return given == "true"
    if pa.types.is_date(type):
        return date.fromisoformat(given)
    if pa.types.is_timestamp(type):
        return datetime.fromisoformat(given)
    return float(given) if pa.types.is_floating(type) else int(given)


def arrow_type(kind: str) -> pa.DataType:
    """Arrow's type for a column's, as in `ARRAY<STRUCT<a: INT, b: STRING>>`. Raises SourceError for others."""
    name, _, inner = kind.partition("<")
    if name == "ARRAY":
        return pa.list_(arrow_type(inner[:-1]))
    if name == "STRUCT":
        return pa.struct([(field, arrow_type(type)) for field, type in _fields(inner[:-1])])
    if name == "STRING":
        return pa.string()
    if kind not in PLAIN:
        known = ", ".join(["STRING", "ARRAY", "STRUCT", *PLAIN])
        raise SourceError("SQL statements", f"a column of type {kind}", expected=f"one of {known}")
    return PLAIN[kind]


def _fields(inner: str) -> list[tuple[str, str]]:
    """`a: INT, b: ARRAY<...>` as names and types: commas between angle brackets separate nothing."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(inner):
        depth += {"<": 1, ">": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append(inner[start:place])
            start = place + 1
    pairs = (part.partition(":") for part in [*parts, inner[start:]])
    return [(name.strip().strip("`"), type.strip()) for name, _, type in pairs]
