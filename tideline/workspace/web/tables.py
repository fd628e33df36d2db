"""Tables: the catalogue, and of each table its columns, history, lineage, checks, runs and quarantine. Pages without Spark.

What only Spark knows (rows, logs) comes after the page, from `table_parts`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.web import delta, replay, table_parts
from tideline.workspace.web.catalog import folders
from tideline.workspace.web.lineage import lineage_svg, users_of
from tideline.workspace.web.project import Project
from tideline.workspace.web.render import page
from tideline.workspace.web.subject import Subject, project_of, subject_of
from tideline.workspace.web.tree import ago, bytes_said, tree

Here = Annotated[Workspace, Depends(workspace_of)]
Known = Annotated[Project, Depends(project_of)]
Of = Annotated[Subject, Depends(subject_of)]
Version = Annotated[int | None, Query(ge=0, lt=10**19)]
VERSIONS = 50
router = APIRouter(prefix="/tables")
router.include_router(table_parts.router)
router.include_router(replay.router)


@router.get("")
def catalogue(request: Request, workspace: Here, project: Known, find: str = "", elsewhere: bool = False) -> HTMLResponse:
    """All tables; those whose name or grain holds `find`, where it is given."""
    grown = tree(folders(workspace.layout.warehouse), project.declared(), find)
    return page(
        request, "tables", title="Tables", tree=grown, find=find, elsewhere=elsewhere, ago=ago,
        n_tables=sum(len(leaves) for schemas in grown.values() for leaves in schemas.values()),
        remote=workspace.remote.remote if workspace.remote else "",
    )  # fmt: skip


@router.get("/{schema}/{table}")
def columns(request: Request, subject: Of, ask: bool = False) -> HTMLResponse:
    """The columns with what they mean; Spark is asked for those of a view, or of a table elsewhere, where one wants it."""
    known = {column.name: column for column in subject.declared.columns} if subject.declared else {}
    found = subject.snapshot.columns if subject.snapshot else tuple(known.values())
    return _page(request, subject, "columns", columns=found, known=known, ask=ask, hint=_hint(request, subject))


@router.get("/{schema}/{table}/preview")
def preview(request: Request, subject: Of, personal: str = "", version: Version = None) -> HTMLResponse:
    """The first rows; personal columns are masked unless `personal=shown`."""
    return _page(request, subject, "preview", is_shown=personal == table_parts.SHOWN, version=version, most=table_parts.PREVIEWED)


@router.get("/{schema}/{table}/history")
def history(request: Request, subject: Of, before: Version = None) -> HTMLResponse:
    """The commits, newest first."""
    commits = delta.commits(subject.folder, before=before, most=VERSIONS) if subject.folder else ()
    return _page(request, subject, "history", commits=commits, before=before, is_more=bool(commits) and commits[-1].version > 0)


@router.get("/{schema}/{table}/history/{version}")
def changes(request: Request, subject: Of, version: int, personal: str = "") -> HTMLResponse:
    """The rows that one commit changed."""
    commits = delta.commits(subject.folder, before=version + 1, most=1) if subject.folder and version >= 0 else ()
    commit = commits[0] if commits and commits[0].version == version else None
    return _page(
        request, subject, "changes", version=version, commit=commit, is_shown=personal == table_parts.SHOWN,
        newest=subject.folder.version if subject.folder else version, most=table_parts.CHANGED,
    )  # fmt: skip


@router.get("/{schema}/{table}/lineage")
def lineage(request: Request, subject: Of, project: Known) -> HTMLResponse:
    """What it is made of, and what is made of it."""
    table, known = subject.declared, project.declared()
    picture = Markup(lineage_svg(table.name, subject.prefix, known)) if table else ""  # noqa: S704 (our own markup, escaped where it was made)
    return _page(request, subject, "lineage", picture=picture, users=users_of(table.name, known) if table else [])


@router.get("/{schema}/{table}/checks")
def checks(request: Request, subject: Of) -> HTMLResponse:
    """How fresh it is, and what its checks found last."""
    return _page(request, subject, "checks", fresh=subject.declared.freshness if subject.declared else None)


@router.get("/{schema}/{table}/runs")
def runs(request: Request, subject: Of) -> HTMLResponse:
    """What each run did to it."""
    return _page(request, subject, "runs", most=table_parts.RUNS)


@router.get("/{schema}/{table}/quarantine")
def quarantine(request: Request, subject: Of, project: Known, personal: str = "", run: str = "") -> HTMLResponse:
    """The rows that it did not take."""
    again = project.replay(subject.declared, subject.prefix) if subject.declared else None
    return _page(
        request, subject, "quarantine", is_shown=personal == table_parts.SHOWN, most=table_parts.PREVIEWED, run=run, again=again
    )


def _page(request: Request, subject: Subject, tab: str, **values: Any) -> HTMLResponse:
    """A page about one table, below the facts that all of them show. 404 where neither a folder nor a declaration has it."""
    status = 200 if subject.is_known or subject.workspace.remote else 404
    return page(
        request, f"table_{tab}", status=status, title=subject.name, subject=subject, tab=tab, snapshot=subject.snapshot,
        tabs=_tabs(subject), ago=ago, bytes_said=bytes_said, shown=table_parts.SHOWN, **values,
    )  # fmt: skip


def _tabs(subject: Subject) -> dict[str, str]:
    """Path below the table's own and name of each of its pages that have something to say."""
    found = {"": "Columns", "/preview": "Preview", "/history": "History"}
    if subject.declared:
        found |= {"/lineage": "Lineage", "/checks": "Freshness and checks"}
    if subject.logs.runs:
        found["/runs"] = "Runs"
    if subject.logs.quarantine:
        found["/quarantine"] = "Quarantine"
    return found


def _hint(request: Request, subject: Subject) -> str:
    if subject.is_known:
        return ""
    names = [folder.name for folder in folders(subject.workspace.layout.warehouse)]
    return did_you_mean(subject.name, names, what="tables") if names else ""
