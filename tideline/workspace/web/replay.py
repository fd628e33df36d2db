"""Set-aside rows once more: the bundle's own job is started, and its run is followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, StreamingResponse

from tideline.workspace.control.errors import ApiError
from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import JobRun
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.web.project import Project
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import piece
from tideline.workspace.web.runs import found
from tideline.workspace.web.streams import Change, stream
from tideline.workspace.web.subject import Subject, project_of, subject_of

TARGET, EACH_SECONDS = "replay", 1.0
Of = Annotated[Subject, Depends(subject_of)]
router = APIRouter()


@router.post("/{schema}/{table}/replay")
def start(subject: Of, project: Annotated[Project, Depends(project_of)]) -> RedirectResponse:
    """Start the job that judges the open rows again; the page follows its run."""
    wanted = project.replay(subject.declared, subject.prefix) if subject.declared else None
    if wanted is None:
        raise WorkspaceError(f"{subject.name}: no job replays what it did not take")
    workspace = subject.workspace
    run_id = workspace.background.start(workspace.bundle(), wanted.job, parameters=dict(wanted.parameters), only="")
    return RedirectResponse(f"{subject.address}/quarantine?run={run_id}", 303)


@router.get("/{schema}/{table}/ask/replay")
def follow(subject: Of, run: str) -> StreamingResponse:
    """The state of a run until it has ended."""
    if not run.isdecimal():
        raise WorkspaceError(f"`{run}` is no run")
    return stream(_states(subject.workspace, run))


async def _states(workspace: Workspace, run_id: str) -> AsyncIterator[Change]:
    """Until it has ended, or nothing can be said of it: a stream that breaks off would be asked for again and again."""
    while True:
        try:
            run = await asyncio.to_thread(_load, workspace, run_id)
        except (ApiError, WorkspaceError) as error:
            text = f"The record of this replay is gone, or cannot be read: {error}"
            yield Change(TARGET, piece("notice", target=TARGET, text=text, shade="bad"))
            return
        done = sum(task.state in s.TERMINAL for task in run.tasks.values())
        yield Change(TARGET, piece("replay", target=TARGET, run=run, done=done))
        if run.state in s.TERMINAL:
            return
        await asyncio.sleep(EACH_SECONDS)


def _load(workspace: Workspace, run_id: str) -> JobRun:
    return without_secrets(found(workspace, run_id), redactor_of(workspace))
