"""Sessions on a server: one per attempt, so that temporary views, settings and running queries are its own."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

from tideline.workspace.server.address import ServerAddress

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession


def open_session(address: ServerAddress, session_id: str | None = None) -> SparkSession:
    """A new session, or the one with `session_id` again. Raises the client's error where the token is refused."""
    from pyspark.sql.connect.session import SparkSession

    # The client writes every analysis error as kilobytes of JSON; callers get the exception anyway.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    os.environ.update(address.env())
    remote = f"{address.remote}/;session_id={session_id}" if session_id else address.remote
    return SparkSession.builder.remote(remote).create()


def interrupt_session(address: ServerAddress, session_id: str) -> None:
    """Stop every query of a session whose client is gone, and release it. Killing a client does not stop its queries."""
    session = open_session(address, session_id)
    session.interruptAll()
    session.stop()


def answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False
