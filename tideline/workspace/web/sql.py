"""The SQL box: any statement on the workspace's Spark server, its rows page by page, its error with the place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from tideline.workspace.control.sql import Asked, Statement
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.web.asking import follow
from tideline.workspace.web.forms import Sent
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import page, piece
from tideline.workspace.web.shown import fault_of, shown
from tideline.workspace.web.streams import Change, stream

LIMITS = (100, 1_000, 10_000)
PAGE_ROWS = 100
MOST_BYTES = 16 * 1024 * 1024
MOST_ADDRESS, LATEST = 4_000, 10
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/sql")


@router.get("")
def box(request: Request, workspace: Here, q: str = "", run: str = "", limit: int = LIMITS[1], part: int = 1) -> HTMLResponse:
    """The box with the text `q`, which does not run by itself; with the statement `run` and its rows, where it is known."""
    statement = workspace.statements.get(run) if run else None
    latest = [each for each in map(workspace.statements.get, _latest(request)) if each]
    return page(
        request, "sql", title="SQL", text=statement.asked.text if statement else q, limits=LIMITS,
        limit=statement.asked.row_limit if statement else limit, is_gone=bool(run) and statement is None,
        result=_result(workspace, statement, part) if statement else "", latest=latest, address=_address,
    )  # fmt: skip


@router.post("")
def run(request: Request, workspace: Here, sent: Sent) -> RedirectResponse:
    """Start the statement of the form; the page that follows shows how it goes."""
    text, limit = sent.one("q").replace("\r\n", "\n"), sent.one("limit")
    if not text.strip():
        raise WorkspaceError("there is no statement", hint="write one into the box")
    if limit not in map(str, LIMITS):
        raise WorkspaceError(f"the limit is `{limit}`", hint=f"one of {', '.join(map(str, LIMITS))}")
    wanted = Asked(text.strip().rstrip(";"), row_limit=int(limit), byte_limit=MOST_BYTES)
    statement = workspace.statements.start(wanted)
    latest = _latest(request)
    latest[:] = [statement.id, *latest[: LATEST - 1]]
    return RedirectResponse(_address(statement), 303)


@router.post("/{statement_id}/cancel")
def cancel(workspace: Here, statement_id: str) -> Response:
    """Ask a statement to stop; the page that waits for it stays and says when it has."""
    _find(workspace, statement_id).cancel()
    return Response(status_code=204)


@router.get("/{statement_id}/follow")
def follow_statement(workspace: Here, statement_id: str) -> StreamingResponse:
    """How the statement goes, then its first rows. It goes on when the page is left."""
    statement = _find(workspace, statement_id)

    def done(ended: Statement) -> Sequence[Change]:
        state = piece("statement_state", statement=ended)
        return [Change("result", _result(workspace, ended, 1)), Change(f"state-{ended.id}", state)]

    return stream(follow(workspace, statement, "result", "Running", done))


@router.get("/{statement_id}/rows.csv")
def download(workspace: Here, statement_id: str) -> StreamingResponse:
    """All rows that were fetched, uncut; NULL is an empty field."""
    statement = _find(workspace, statement_id)
    if statement.state != "SUCCEEDED":
        raise WorkspaceError("this statement has no rows any more", hint="run it again")
    headers = {"content-disposition": 'attachment; filename="rows.csv"'}
    return StreamingResponse(_csv(statement, redactor_of(workspace)), media_type="text/csv; charset=utf-8", headers=headers)


def _result(workspace: Workspace, statement: Statement, part: int) -> str:
    """The element `result`: progress, rows, or what went wrong."""
    redact = redactor_of(workspace)
    n_parts = max(-(-len(statement.rows) // PAGE_ROWS), 1)
    part = min(max(part, 1), n_parts)
    rows = shown(statement, redact, first=(part - 1) * PAGE_ROWS, most=PAGE_ROWS)
    fault = fault_of(statement, redact) if statement.state == "FAILED" else None
    return piece(
        "result", statement=statement, rows=rows, fault=fault, part=part, n_parts=n_parts, first=(part - 1) * PAGE_ROWS,
        seconds=statement.ended_at - statement.asked_at if statement.ended_at else 0.0, address=_address(statement),
    )  # fmt: skip


def _address(statement: Statement) -> str:
    """The page of the statement: with its text, so that it can be shared and outlives the result."""
    text = {"q": statement.asked.text} if len(statement.asked.text) <= MOST_ADDRESS else {}
    return f"/sql?{urlencode({'run': statement.id, 'limit': statement.asked.row_limit, **text})}"


def _find(workspace: Workspace, statement_id: str) -> Statement:
    statement = workspace.statements.get(statement_id)
    if statement is None:
        raise WorkspaceError("this statement is not known any more", hint="run it again")
    return statement


def _latest(request: Request) -> list[str]:
    """Ids of the statements of this sitting, newest first."""
    state = request.app.state
    if not hasattr(state, "latest_statements"):
        state.latest_statements = []
    found = state.latest_statements
    assert isinstance(found, list)
    return found


def _csv(statement: Statement, redact: Redactor) -> Iterator[str]:
    yield _line([str(column["name"]) for column in statement.columns])
    for row in statement.rows:
        yield _line(["" if value is None else redact.text(value) for value in row])


def _line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
