"""SQL statements: execute, poll, fetch chunks, cancel. Results are JSON arrays of texts, inline or behind links."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from tideline.workspace.control.errors import invalid, missing, unserved
from tideline.workspace.control.links import link_to
from tideline.workspace.control.sql import CHUNK_ROWS, Asked, Statement
from tideline.workspace.control.sql_types import Parameter
from tideline.workspace.control.state import Workspace, workspace_of

MOST_TEXT = 16 * 1024 * 1024
CANCEL_SECONDS = 10.0
UNENDED = frozenset({"PENDING", "RUNNING"})
INLINE, BY_LINKS = "INLINE", "EXTERNAL_LINKS"


def _host(request: Request) -> str:
    return str(request.base_url).rstrip("/")


Here = Annotated[Workspace, Depends(workspace_of)]
Host = Annotated[str, Depends(_host)]
router = APIRouter(prefix="/api/2.0/sql/statements")


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    value: str | None = None
    type: str = "STRING"


class Execution(BaseModel):
    """Every warehouse is the one Spark server. `query_tags` are taken and have no effect."""

    model_config = ConfigDict(extra="allow")

    statement: str = Field(min_length=1, max_length=MOST_TEXT)
    warehouse_id: str = Field(min_length=1)
    parameters: list[Given] = Field(default_factory=list)
    catalog: str = ""
    schema_: str = Field(default="", alias="schema")
    row_limit: int = Field(default=0, ge=0)
    byte_limit: int = Field(default=0, ge=0)
    wait_timeout: str = "10s"
    on_wait_timeout: Literal["CONTINUE", "CANCEL"] = "CONTINUE"
    format: str = "JSON_ARRAY"
    disposition: str = INLINE
    query_tags: list[dict[str, Any]] = Field(default_factory=list)


@router.post("")
async def execute(workspace: Here, host: Host, asked: Execution) -> dict[str, Any]:
    """Run a statement and wait for it as long as asked. An error of SQL is a FAILED statement, with HTTP status 200."""
    seconds, wanted = _refuse_odd(asked), _asked(asked)
    statement = await asyncio.to_thread(workspace.statements.start, wanted)
    await _wait(statement, seconds)
    if seconds and asked.on_wait_timeout == "CANCEL" and not statement.done.done():
        statement.cancel()
        await _wait(statement, CANCEL_SECONDS)
    return _view(statement, host)


@router.get("/{statement_id}")
def get_statement(workspace: Here, host: Host, statement_id: str) -> dict[str, Any]:
    """The state, and the first chunk of the result where there is one."""
    return _view(_find(workspace, statement_id), host)


@router.get("/{statement_id}/result/chunks/{index}")
def get_chunk(workspace: Here, host: Host, statement_id: str, index: int) -> dict[str, Any]:
    """One chunk of a result, counted from 0, or a new link to it."""
    statement = _find(workspace, statement_id)
    if statement.state != "SUCCEEDED":
        raise invalid(f"statement {statement_id} has no result: it is {statement.state}")
    if not 0 <= index < max(statement.n_chunks, 1):
        raise invalid(f"there is no chunk {index}: the result has {statement.n_chunks}")
    return _chunk(statement, index, host)


@router.post("/{statement_id}/cancel")
def cancel(workspace: Here, statement_id: str) -> dict[str, Any]:
    """Ask a statement to stop; poll for its end. One that has ended stays as it is."""
    _find(workspace, statement_id).cancel()
    return {}


def _refuse_odd(asked: Execution) -> int:
    """The seconds to wait. ApiError for what is wrong or not served."""
    if asked.model_extra:
        raise unserved(f"the field `{next(iter(asked.model_extra))}` of a statement")
    if asked.format != "JSON_ARRAY" or asked.disposition not in (INLINE, BY_LINKS):
        raise unserved(f"results as {asked.format}, {asked.disposition}: leave `format` out")
    match = re.fullmatch(r"(\d{1,2})s", asked.wait_timeout)
    seconds = int(match.group(1)) if match else -1
    if seconds != 0 and not 5 <= seconds <= 50:
        raise invalid(f"`wait_timeout` is {asked.wait_timeout!r}: 0s, or 5s to 50s")
    names = [each.name for each in asked.parameters]
    if len(set(names)) < len(names):
        raise invalid("two parameters have the same name")
    return seconds


def _asked(asked: Execution) -> Asked:
    given = [Parameter(each.name, each.value, each.type.strip().upper() or "STRING") for each in asked.parameters]
    by_links = asked.disposition == BY_LINKS
    return Asked(asked.statement, given, asked.catalog, asked.schema_, asked.row_limit, asked.byte_limit, by_links)


async def _wait(statement: Statement, seconds: float) -> None:
    """Until it has ended or the time is over; no thread is held meanwhile."""
    if seconds:
        await asyncio.wait([asyncio.wrap_future(statement.done)], timeout=seconds)


def _find(workspace: Workspace, statement_id: str) -> Statement:
    statement = workspace.statements.get(statement_id)
    if statement is None:
        raise missing(f"The statement {statement_id} was not found.")
    return statement


def _view(statement: Statement, host: str) -> dict[str, Any]:
    state = statement.state
    status: dict[str, Any] = {"state": state}
    if statement.error_code:
        status["error"] = {"error_code": statement.error_code, "message": statement.message}
    if statement.sql_state:
        status["sql_state"] = statement.sql_state
    found: dict[str, Any] = {"statement_id": statement.id, "status": status}
    if state in ("SUCCEEDED", "CLOSED"):
        found["manifest"] = _manifest(statement)
    if state == "SUCCEEDED":
        found["result"] = _chunk(statement, 0, host)
    return found


def _manifest(statement: Statement) -> dict[str, Any]:
    chunks = [_place(statement, index) for index in range(statement.n_chunks)]
    return {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(statement.columns), "columns": statement.columns},
        "chunks": chunks,
        "total_chunk_count": len(chunks),
        "total_row_count": len(statement.rows),
        "truncated": statement.is_truncated,
    }


def _place(statement: Statement, index: int) -> dict[str, int]:
    return {"chunk_index": index, "row_offset": index * CHUNK_ROWS, "row_count": len(statement.chunk(index))}


def _chunk(statement: Statement, index: int, host: str) -> dict[str, Any]:
    """Where there is no row there is neither a `data_array` nor a link, as on the platform."""
    found: dict[str, Any] = dict(_place(statement, index))
    if index + 1 < statement.n_chunks:
        link = f"/api/2.0/sql/statements/{statement.id}/result/chunks/{index + 1}"
        found |= {"next_chunk_index": index + 1, "next_chunk_internal_link": link}
    rows = statement.chunk(index)
    if rows and statement.asked.by_links:
        return {"external_links": [found | link_to(statement, index, host)]}
    return found | {"data_array": rows} if rows else found
