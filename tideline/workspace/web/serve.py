"""The process of the site: in the foreground, until it is told to end."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.redaction import log_without_secrets
from tideline.workspace.web.app import Site
from tideline.workspace.web.project import Project

CLOSE_SECONDS = 2


def serve(
    workspace: Workspace, *, port: int, on_start: Callable[[str, str], None], project: Project | None = None
) -> None:
    """Answer on loopback until interrupted; 0 takes any free port. `on_start` hears the address and the token.

    WorkspaceError where the port is taken. The end stops the runs that were started here.
    """
    token = secrets.token_urlsafe(32)
    # The protocol is named, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms longer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            raise WorkspaceError(f"port {port} is taken", hint="another: tideline ui --port 0 takes any that is free") from None
        listening.listen(128)
        found = int(listening.getsockname()[1])
        site = Site(workspace, token, found, project or Project())
        log_without_secrets(workspace.layout, workspace.remote)
        config = uvicorn.Config(
            site, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=CLOSE_SECONDS
        )
        on_start(f"http://127.0.0.1:{found}", token)
        _Server(config, site).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells the site that the end has come, before it waits for the requests that are open."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._site.close()
        super().handle_exit(sig, frame)
