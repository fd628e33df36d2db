"""Sessions on a server: one per attempt, so that temporary views, settings and running queries are its own."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from tideline.workspace.errors import ServerError
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import reaches

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Never collected: PySpark closes the channel of a session that is, in whichever thread and lock the collector came by.
_OPENED: list[SparkSession] = []


def open_session(address: ServerAddress, session_id: str | None = None) -> SparkSession:
    """A new session, or the one with `session_id` (a UUID) again.

    Raises ServerError at once where nothing answers, since the client would retry for minutes. A refused token shows
    with the first query, as the client's own error.
    """
    from pyspark.sql import SparkSession

    if not reaches(address):
        raise ServerError(
            f"no Spark server answers at {address.remote}", hint="run the command again: it starts one"
        )
    # The client writes every analysis error as kilobytes of JSON; callers get the exception anyway.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    _hand_over_token(address)
    remote = address.for_session(session_id) if session_id else address.remote
    _let_sessions_end()
    session: SparkSession = SparkSession.builder.remote(remote).create()
    _OPENED.append(session)
    return session


def interrupt_session(address: ServerAddress, session_id: str) -> None:
    """Stop every query of a session whose client is gone, and release it. Killing a client does not stop its queries.

    Does nothing where the server is gone or the session was closed already.
    """
    from pyspark.errors import PySparkException

    if not reaches(address):
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
    if reaches(address):
        session.stop()


def _let_sessions_end() -> None:
    """Take the locks out of the end of results and sessions; the threads behind them are shared by a whole process.

    These threads tell the server which results were read. PySpark 4.0 waits for them under a lock that one of them may
    need, when it is the one that drops a result half read; and it hands them work while a result is collected, which
    may be in the midst of handing them work. Either waits for ever. What they leave unsaid, the server learns from the
    end of the session.
    """
    from pyspark.sql.connect.client.reattach import ExecutePlanResponseReattachableIterator as Results

    def shutdown() -> None:
        Results._release_thread_pool_instance = None  # its threads end with it

    Results.shutdown = shutdown  # type: ignore[method-assign]  # the point of this function
    Results.__del__ = lambda self: None  # type: ignore[method-assign]  # the point of this function


def _hand_over_token(address: ServerAddress) -> None:
    """The client reads the token from the environment when it opens its channel."""
    if address.token:
        os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = address.token
    else:
        os.environ.pop("SPARK_CONNECT_AUTHENTICATE_TOKEN", None)
