"""One warm Spark Connect server per bundle, on loopback, with a token of its own."""

from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.lifecycle import ensure_server, running_server, stop_server
from tideline.workspace.server.sessions import close_session, interrupt_session, open_session

__all__ = [
    "ServerAddress",
    "close_session",
    "ensure_server",
    "interrupt_session",
    "open_session",
    "running_server",
    "stop_server",
]
