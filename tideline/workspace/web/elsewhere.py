"""What the catalogue has beside the warehouse's folders: views, and tables that lie elsewhere. Only Spark knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tideline.workspace.control.sql import Asked, Statement
from tideline.workspace.control.state import Workspace
from tideline.workspace.web.asking import failure
from tideline.workspace.web.catalog import NAME, folders
from tideline.workspace.web.render import piece
from tideline.workspace.web.streams import Change
from tideline.workspace.web.subject import address_of


async def list_elsewhere(workspace: Workspace, target: str) -> AsyncIterator[Change]:
    """Schema by schema, with progress; it stops when the page is left."""
    known = {folder.name for folder in await asyncio.to_thread(folders, workspace.layout.warehouse)}
    found: list[str] = []
    yield Change(target, _progress(target, "Waiting for Spark, which is started where it does not run", 0))
    schemas = await _run(workspace, "SHOW SCHEMAS")
    names = [str(row[0]) for row in schemas.rows if NAME.fullmatch(str(row[0]))]
    failed = schemas if schemas.state != "SUCCEEDED" else None
    for number, name in enumerate(names):
        yield Change(target, _progress(target, f"Schema {number + 1} of {len(names)}: {name}", number / len(names)))
        tables = await _run(workspace, f"SHOW TABLES IN `{name}`")
        failed = failed or (tables if tables.state != "SUCCEEDED" else None)
        found += [f"{row[0]}.{row[1]}" for row in tables.rows if row[2] == "false" and NAME.fullmatch(str(row[1]))]
    if failed:
        yield Change(target, await asyncio.to_thread(failure, workspace, failed, target))
    else:
        links = {each: address_of(each) for each in found if each not in known}
        yield Change(target, piece("elsewhere", target=target, links=links))


async def _run(workspace: Workspace, text: str) -> Statement:
    statement = await asyncio.to_thread(workspace.statements.start, Asked(text))
    try:
        await asyncio.wait([asyncio.wrap_future(statement.done)])
    finally:
        statement.cancel()
    return statement


def _progress(target: str, said: str, share: float) -> str:
    return piece("asking", target=target, id="", said=said, seconds=0, share=share)
