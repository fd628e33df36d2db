"""The table that a page is about: what its folder, its log and its declaration say of it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.exceptions import HTTPException

from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.declared import DeclaredTable, declaration_of
from tideline.workspace.web import catalog, delta
from tideline.workspace.web.project import Logs, Project, Question


@dataclass(frozen=True)
class Subject:
    """`folder` is None for what is no table of the warehouse's folders, `declared` for what no declaration names.

    `prefix` stands before the declared schema's name.
    """

    workspace: Workspace
    schema: str
    table: str
    folder: catalog.Folder | None
    declared: DeclaredTable | None
    prefix: str
    logs: Logs

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def address(self) -> str:
        return address_of(self.name)

    @property
    def quoted(self) -> str:
        """For SQL text: a name that could end its quotes is no name of a table."""
        return f"`{self.schema}`.`{self.table}`"

    @property
    def snapshot(self) -> delta.Snapshot | None:
        return delta.snapshot(self.folder) if self.folder else None

    @property
    def is_known(self) -> bool:
        return self.folder is not None or self.declared is not None

    def is_made(self, question: Question) -> bool:
        """Whether the log that the question reads is there; on a server elsewhere that is not known before."""
        if self.workspace.remote:
            return True
        schema, _, table = question.reads.partition(".")
        return catalog.folder_of(self.workspace.layout.warehouse, schema, table) is not None

    def hides(self, column: str) -> bool:
        """Whether a preview masks the column."""
        return self.declared is not None and self.declared.hides(column)


def subject_of(request: Request, schema: str, table: str) -> Subject:
    """For `Depends`: the table of the address. 404 for what is no name of a table; one that is nowhere is a subject, too."""
    if not (catalog.NAME.fullmatch(schema) and catalog.NAME.fullmatch(table)):
        raise HTTPException(404)
    workspace, project, name = workspace_of(request), project_of(request), f"{schema}.{table}"
    declared = declaration_of(project.declared(), name)
    prefix = schema.removesuffix(declared.name.partition(".")[0]) if declared else ""
    folder = catalog.folder_of(workspace.layout.warehouse, schema, table)
    logs = project.logs(declared, prefix) if declared else Logs()
    return Subject(workspace, schema, table, folder, declared, prefix, logs)


def project_of(request: Request) -> Project:
    """For `Depends`: what the site knows of the bundle."""
    found = request.app.state.project
    assert isinstance(found, Project)
    return found


def address_of(name: str) -> str:
    """The page of `schema.table`."""
    schema, _, table = name.partition(".")
    return f"/tables/{schema}/{table}"
