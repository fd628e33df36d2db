"""A statement that runs while its page is looked at: how it goes, then what it gave, as pieces for a stream."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence

from tideline.workspace.control.sql import AT_ONCE, Asked, Statement
from tideline.workspace.control.sql_types import Parameter
from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.web.project import Question
from tideline.workspace.web.redacted import redactor_of
from tideline.workspace.web.render import piece
from tideline.workspace.web.shown import fault_of
from tideline.workspace.web.streams import Change

LOG = logging.getLogger(__name__)
FIRST_SECONDS, EACH_SECONDS = 0.4, 1.0
MOST_BYTES = 4 * 1024 * 1024
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "CLOSED"})
Done = Callable[[Statement], Sequence[Change]]


def asked(question: Question, most: int) -> Asked:
    """The question's statement; what it gives is cut at `most` rows and a few megabytes."""
    values = [Parameter(name, value) for name, value in question.values.items()]
    return Asked(question.text, values, row_limit=most, byte_limit=MOST_BYTES)


async def ask(workspace: Workspace, wanted: Asked, target: str, said: str, done: Done) -> AsyncIterator[Change]:
    """Run a statement for one page: it stops when the page is left, and its rows are forgotten once they are shown."""
    statement = await asyncio.to_thread(workspace.statements.start, wanted)
    try:
        async for change in follow(workspace, statement, target, said, done):
            yield change
    finally:
        statement.cancel()
        if statement.state == "SUCCEEDED":
            statement.forget_result()


async def follow(workspace: Workspace, statement: Statement, target: str, said: str, done: Done) -> AsyncIterator[Change]:
    """Progress in the element `target`, then what `done` makes of the end. A failure is shown where `done` leaves `target`."""
    wait = FIRST_SECONDS
    while not statement.done.done():
        yield Change(target, progress(statement, target, said))
        await asyncio.wait([asyncio.wrap_future(statement.done)], timeout=wait)
        wait = EACH_SECONDS
    try:
        made = await asyncio.to_thread(done, statement)
        for change in made:
            yield change
        if statement.state != "SUCCEEDED" and target not in {change.target for change in made}:
            yield Change(target, await asyncio.to_thread(failure, workspace, statement, target))
    except Exception as error:  # a stream that breaks is asked for again and again
        LOG.log(logging.INFO if isinstance(error, WorkspaceError) else logging.ERROR, "%s", target, exc_info=error)
        yield Change(target, piece("notice", target=target, text=str(error), shade="bad"))


def progress(statement: Statement, target: str, said: str) -> str:
    text = waiting(statement) if statement.state == "PENDING" else said
    return piece("asking", target=target, id=statement.id, said=text, seconds=round(time.time() - statement.asked_at))


def waiting(statement: Statement) -> str:
    if not statement.has_turn:
        return f"Waiting for its turn: {AT_ONCE} statements are at work"
    return "Waiting for Spark, which is started where it does not run"


def failure(workspace: Workspace, statement: Statement, target: str) -> str:
    if statement.state == "CANCELED":
        return piece("notice", target=target, text="Cancelled.", shade="")
    return piece("fault", target=target, fault=fault_of(statement, redactor_of(workspace)))
