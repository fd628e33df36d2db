"""Sessions on a server: one per attempt, so that temporary views, settings and running queries are its own."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from tideline.workspace.errors import ServerError
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import answers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Never collected: PySpark's finaliser shuts down the thread pool that all sessions of a process share, and waits for
# its threads. Run by one of those threads, which the collector may choose, it waits for ever.
_OPENED: list[SparkSession] = []


def open_session(address: ServerAddress, session_id: str | None = None) -> SparkSession:
    """A new session, or the one with `session_id` (a UUID) again.

    Raises ServerError at once where nothing answers, since the client would retry for minutes. A refused token shows
    with the first query, as the client's own error.
    """
    from pyspark.sql import SparkSession

    if not answers(address.port, host=address.host):
        raise ServerError(
            f"no Spark server answers at {address.remote}", hint="run the command again: it starts one"
        )
    # The client writes every analysis error as kilobytes of JSON; callers get the exception anyway.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    _hand_over_token(address)
    remote = f"{address.remote}/;session_id={session_id}" if session_id else address.remote
    session: SparkSession = SparkSession.builder.remote(remote).create()
    _OPENED.append(session)
    return session


def interrupt_session(address: ServerAddress, session_id: str) -> None:
    """Stop every query of a session whose client is gone, and release it. Killing a client does not stop its queries.

    Does nothing where the server is gone or the session was closed already.
    """
    from pyspark.errors import PySparkException

    if not answers(address.port, host=address.host):
        return
    session = open_session(address, session_id)
    try:
        session.interruptAll()
    except PySparkException as error:
        if "SESSION_CLOSED" not in str(error):
            raise
    finally:
        close_session(address, session)


def close_session(address: ServerAddress, session: SparkSession) -> None:
    """Release the session. One that is left open stays its thread's active session.

    Does nothing where the server is gone: the client would ask for its session for minutes.
    """
    if answers(address.port, host=address.host):
        session.stop()


def _hand_over_token(address: ServerAddress) -> None:
    """The client reads the token from the environment when it opens its channel."""
    if address.token:
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = address.token
    else:
        os.environ.pop("SPARK_CONNECT_AUTHENTICATE_TOKEN", None)
