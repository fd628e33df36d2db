"""One server: pages for people, and the control plane's REST API for programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tideline.workspace.control import links
from tideline.workspace.control.app import create_app
from tideline.workspace.control.state import Workspace
from tideline.workspace.web import home, jobs, notebooks, run_files, runs, sql, tables
from tideline.workspace.web.door import Door
from tideline.workspace.web.looking import Looking
from tideline.workspace.web.notebook_runs import NotebookRuns
from tideline.workspace.web.project import Project
from tideline.workspace.web.render import add_handlers

# Each has a `router`. A new family of pages is a module and its name here.
PAGES = (
    home,
    notebooks,
    jobs, runs, run_files,
    tables, sql,
)  # fmt: skip
STATIC = Path(__file__).parent / "static"
# What programs ask without a token in a header: where they may sign in, and results by their signed links.
OF_THE_API = ("/api/", "/.well-known/", f"{links.PLACE}/")


class Site:
    """Pages and API on one port. The API's life is the server's: its end stops the runs that were started here."""

    def __init__(self, workspace: Workspace, token: str, port: int, project: Project) -> None:
        self._api = create_app(workspace, token)
        self._pages: ASGIApp = Door(create_pages(workspace, project), token, port)
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_of_the_api(scope):
            await self._api(scope, receive, send)
        elif scope["method"] == "GET":
            await self._page(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def close(self) -> None:
        """Pages that are sent on and on hear that their browser left: otherwise the server waits for them in vain."""
        self._closing.set()

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def tell(message: Message) -> None:
            nonlocal is_open
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await self._pages(scope, lambda: self._received(receive), tell)
        if is_open:
            await send({"type": "http.response.body"})

    async def _received(self, receive: Receive) -> Message:
        message, end = asyncio.ensure_future(receive()), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({message, end}, return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            message.cancel()
            end.cancel()


def _is_of_the_api(scope: Scope) -> bool:
    """Browsers come with the cookie; whoever sends a token in a header is a program, and no page is meant for it."""
    given = Headers(scope=scope).get("authorization", "")
    return scope["path"].startswith(OF_THE_API) or given.lower().startswith("bearer ")


def create_pages(workspace: Workspace, project: Project) -> FastAPI:
    """The pages alone, without anybody at the door."""
    pages = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages.state.workspace = workspace
    pages.state.project = project
    pages.state.looking = Looking.at(workspace)
    pages.state.notebook_runs = NotebookRuns(workspace)
    workspace.closing.callback(pages.state.notebook_runs.close)
    for family in PAGES:
        pages.include_router(family.router)
    pages.mount("/static", StaticFiles(directory=STATIC))
    add_handlers(pages)
    return pages
