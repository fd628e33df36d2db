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
    _let_sessions_end()
    session: SparkSession = SparkSession.builder.remote(remote).create()
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


def _let_sessions_end() -> None:
    """Replace what ends the threads that tell the server which results were read; all sessions of a process share them.

    PySpark 4.0 waits for these threads and holds a lock meanwhile. One of them may need it: whoever drops a result half
    read leaves its clean-up to them, and the collector may let them end a session. Then both wait for ever. What they
    had still to say, the server learns from the end of its session.
    """
    from pyspark.sql.connect.client.reattach import ExecutePlanResponseReattachableIterator as Results

    def shutdown() -> None:
        with Results._lock:
            pool, Results._release_thread_pool_instance = Results._release_thread_pool_instance, None
        if pool is not None:
            pool.shutdown(wait=False)

    Results.shutdown = shutdown  # type: ignore[method-assign]


def _hand_over_token(address: ServerAddress) -> None:
    """The client reads the token from the environment when it opens its channel."""
    if address.token:
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = address.token
    else:
        os.environ.pop("SPARK_CONNECT_AUTHENTICATE_TOKEN", None)
