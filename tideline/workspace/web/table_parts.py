"""What Spark is asked about a table while its page is looked at: rows, changes, logs; each answer a piece of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from tideline.workspace.control.sql import Asked, Statement
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.declared import declaration_of
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.web.asking import MOST_BYTES, ask, asked
from tideline.workspace.web.elsewhere import list_elsewhere
from tideline.workspace.web.feed import changed_rows, feed_query
from tideline.workspace.web.project import Project, Question
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import piece
from tideline.workspace.web.shown import Hides, hides_nothing, shown
from tideline.workspace.web.streams import Change, stream
from tideline.workspace.web.subject import Subject, project_of, subject_of

SHOWN = "shown"
PREVIEWED, CHANGED, RUNS, GROUPS = 50, 200, 50, 1000
Of = Annotated[Subject, Depends(subject_of)]
Version = Annotated[int | None, Query(ge=0, lt=10**19)]
router = APIRouter()


@router.get("/-/elsewhere")
def ask_elsewhere(workspace: Annotated[Workspace, Depends(workspace_of)]) -> StreamingResponse:
    """The views, and the tables that are in the catalogue and not among the warehouse's folders."""
    return stream(list_elsewhere(workspace, "elsewhere"))


@router.get("/{schema}/{table}/ask/columns")
def ask_columns(subject: Of) -> StreamingResponse:
    return _rows(subject, Asked(f"DESCRIBE TABLE {subject.quoted}"), "columns", "Asking Spark for the columns")


@router.get("/{schema}/{table}/ask/preview")
def ask_preview(subject: Of, personal: str = "", version: Version = None) -> StreamingResponse:
    wanted = Asked(f"SELECT * FROM {_at(subject, version)}", row_limit=PREVIEWED, byte_limit=MOST_BYTES)
    return _rows(subject, wanted, "preview", "Reading rows", subject.hides if personal != SHOWN else hides_nothing)


@router.get("/{schema}/{table}/ask/count")
def ask_count(subject: Of, version: Version = None) -> StreamingResponse:
    def done(statement: Statement) -> Sequence[Change]:
        counts = [int(row[0] or 0) for row in statement.rows]
        return [Change("count", f'<p id="count"><b>{count:,}</b> rows</p>') for count in counts]

    wanted = Asked(f"SELECT count(*) FROM {_at(subject, version)}")
    return stream(ask(subject.workspace, wanted, "count", "Counting rows", done))


@router.get("/{schema}/{table}/ask/changes")
def ask_changes(subject: Of, version: Annotated[int, Query(ge=0, lt=10**19)], personal: str = "") -> StreamingResponse:
    """The rows that the version changed: by key, each update as it was and as it is."""
    key = subject.declared.key if subject.declared else ()

    def done(statement: Statement) -> Sequence[Change]:
        if statement.state != "SUCCEEDED":
            return []
        hides = subject.hides if personal != SHOWN else hides_nothing
        rows = shown(statement, redactor_of(subject.workspace), hides=hides)
        return [Change("changes", piece("changes", target="changes", rows=rows, changes=changed_rows(statement, rows, key)))]

    wanted = Asked(feed_query(subject.quoted, version, key), row_limit=CHANGED, byte_limit=MOST_BYTES)
    return stream(ask(subject.workspace, wanted, "changes", "Reading the change feed", done))


@router.get("/{schema}/{table}/ask/newest")
def ask_newest(subject: Of) -> StreamingResponse:
    fresh = subject.declared.freshness if subject.declared else None
    if fresh is None:
        raise WorkspaceError(f"{subject.name}: nothing is declared of its freshness")
    wanted = Asked(f"SELECT max(`{fresh.column}`) AS `newest {fresh.column}` FROM {subject.quoted}")
    return _rows(subject, wanted, "newest", "Looking for the newest row")


@router.get("/{schema}/{table}/ask/checks")
def ask_checks(subject: Of) -> StreamingResponse:
    """The declared checks, with what they found last beside them."""
    declared = subject.declared.checks if subject.declared else ()

    def done(statement: Statement) -> Sequence[Change]:
        if statement.state != "SUCCEEDED":
            return []
        names = [str(column["name"]) for column in statement.columns]
        found = {row[0]: dict(zip(names, row, strict=True)) for row in statement.rows}
        told = piece("checks", declared=declared, found=found, is_asked=True)
        return [Change("checks", told), Change("judged", '<span id="judged"></span>')]

    wanted = asked(_there(subject.logs.checks), GROUPS)
    return stream(ask(subject.workspace, wanted, "judged", "Reading what the checks found", done))


@router.get("/{schema}/{table}/ask/runs")
def ask_runs(subject: Of) -> StreamingResponse:
    return _rows(subject, asked(_there(subject.logs.runs), RUNS), "runs", "Reading the run log")


@router.get("/{schema}/{table}/ask/quarantine")
def ask_quarantine(subject: Of) -> StreamingResponse:
    return _rows(subject, asked(_there(subject.logs.quarantine), GROUPS), "quarantine", "Counting set-aside rows")


@router.get("/{schema}/{table}/ask/quarantined")
def ask_quarantined(subject: Of, project: Annotated[Project, Depends(project_of)], personal: str = "") -> StreamingResponse:
    """Rows of the quarantine: masked by its own declaration."""
    question = _there(subject.logs.quarantined)
    kept = declaration_of(project.declared(), question.reads)
    hides = kept.hides if kept and personal != SHOWN else hides_nothing
    return _rows(subject, asked(question, PREVIEWED), "quarantined", "Reading set-aside rows", hides)


def _rows(subject: Subject, wanted: Asked, target: str, said: str, hides: Hides = hides_nothing) -> StreamingResponse:
    """The rows of a statement in the element `target`."""

    def done(statement: Statement) -> Sequence[Change]:
        if statement.state != "SUCCEEDED":
            return []
        rows = shown(statement, redactor_of(subject.workspace), hides=hides)
        return [Change(target, piece("part", target=target, rows=rows))]

    return stream(ask(subject.workspace, wanted, target, said, done))


def _at(subject: Subject, version: int | None) -> str:
    return subject.quoted if version is None else f"{subject.quoted} VERSION AS OF {version}"


def _there(question: Question | None) -> Question:
    if question is None:
        raise WorkspaceError("no log says anything of this table")
    return question
