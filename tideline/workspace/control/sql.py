"""SQL statements at work: each in a thread and a Spark session of its own, its result kept for a while."""

from __future__ import annotations

import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pyspark.errors import PySparkException

from tideline.workspace.control.sql_types import Parameter, as_text, bind, columns_of
from tideline.workspace.errors import ServerError, WorkspaceError
from tideline.workspace.server import ServerAddress, close_session, open_session
from tideline.workspace.server.probe import answers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AT_ONCE = 8
CHUNK_ROWS = 10_000
INLINE_BYTES = 25 * 1024 * 1024
# The platform cuts a result behind links off at 100 GiB; here it is held in memory.
KEPT_BYTES = LINKED_BYTES = 8 * INLINE_BYTES
RESULT_SECONDS, STATEMENT_SECONDS = 3600.0, 12 * 3600.0
INTERRUPT_SECONDS = 0.2
PLAN = re.compile(r"(SQLSTATE: \w+[^\n]*?);?\n(?!\n*== SQL).*", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """What a request asks for. Limits of 0 are none."""

    text: str
    parameters: Sequence[Parameter] = ()
    catalog: str = ""
    schema: str = ""
    row_limit: int = 0
    byte_limit: int = 0
    by_links: bool = False

    @property
    def most_bytes(self) -> int:
        return LINKED_BYTES if self.by_links else INLINE_BYTES


@dataclass
class Statement:
    """One statement. `state` is the platform's; `rows` are texts, None is NULL; links to them are signed with `key`."""

    asked: Asked
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "PENDING"
    error_code: str = ""
    message: str = ""
    sql_state: str | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    n_bytes: int = 0
    is_truncated: bool = False
    asked_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    done: Future[None] = field(default_factory=Future)
    is_cancelled: threading.Event = field(default_factory=threading.Event)
    has_turn: bool = False  # with its turn, a PENDING one waits for Spark
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def cancel(self) -> None:
        """Ask it to stop: one that waits ends at once, one that runs as soon as Spark lets it go."""
        self.is_cancelled.set()
        with self._lock:
            if self.state == "PENDING":
                self.end("CANCELED")

    def begin(self) -> bool:
        """It runs from now on; False where it was cancelled before."""
        with self._lock:
            if self.state == "PENDING":
                self.state = "RUNNING"
            return self.state == "RUNNING"

    def end(self, state: str, error_code: str = "", message: str = "", sql_state: str | None = None) -> None:
        """Only the first end counts."""
        with self._lock:
            if self.done.done():
                return
            if state != "SUCCEEDED":
                self.columns, self.rows = [], []
            self.error_code, self.message, self.sql_state = error_code, message, sql_state
            self.ended_at, self.state = time.time(), state
            self.done.set_result(None)

    @property
    def n_chunks(self) -> int:
        return -(-len(self.rows) // CHUNK_ROWS)

    def chunk(self, index: int) -> list[list[str | None]]:
        """Its rows; none past the last."""
        return self.rows[index * CHUNK_ROWS : (index + 1) * CHUNK_ROWS]

    def forget_result(self) -> None:
        self.rows, self.n_bytes, self.state = [], 0, "CLOSED"


class TooLarge(Exception):
    """The result is larger than an answer may be."""


class Statements:
    """All statements of this process. `address` gives the Spark server's address, and starts the server where it must."""

    def __init__(self, address: Callable[[], ServerAddress]) -> None:
        self._address = address
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="statement")
        self._known: dict[str, Statement] = {}

    def start(self, asked: Asked) -> Statement:
        """Begin a statement; more than a few at once wait as PENDING."""
        self._forget_old()
        statement = Statement(asked)
        self._known[statement.id] = statement
        self._threads.submit(self._run, statement)
        return statement

    def get(self, statement_id: str) -> Statement | None:
        self._forget_old()
        return self._known.get(statement_id)

    def close(self) -> None:
        """Interrupt what runs, and wait for it."""
        for statement in list(self._known.values()):
            statement.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, statement: Statement) -> None:
        if statement.done.done():
            return
        statement.has_turn = True
        try:
            address = self._address()
            session = open_session(address)
            _give_up_without_server(session, address)
            threading.Thread(target=_interrupt_when_cancelled, args=(statement, session), daemon=True).start()
            try:
                if statement.begin():
                    execute(session, statement)
            except PySparkException:
                if answers(address.port, host=address.host):
                    raise
                raise ServerError("the Spark server ended while the statement ran", hint="run it again") from None
            finally:
                close_session(address, session)
        except Exception as error:
            statement.end(*_failure(statement, error))
        else:
            statement.end("SUCCEEDED")

    def _forget_old(self) -> None:
        """Results go after an hour, the oldest first where they are many; statements after half a day."""
        now, held = time.time(), 0
        for statement in reversed(list(self._known.values())):
            age = now - statement.ended_at if statement.ended_at else 0.0
            held += statement.n_bytes
            if age > STATEMENT_SECONDS:
                self._known.pop(statement.id, None)
            elif statement.state == "SUCCEEDED" and (age > RESULT_SECONDS or held > KEPT_BYTES):
                statement.forget_result()


def execute(session: SparkSession, statement: Statement) -> None:
    """Run the text and fetch its rows. What a parameter holds reaches the server as a value, beside the text."""
    asked = statement.asked
    if asked.catalog:
        session.catalog.setCurrentCatalog(asked.catalog)
    if asked.schema:
        session.catalog.setCurrentDatabase(asked.schema)
    frame = session.sql(asked.text, args=bind(session, asked.parameters) or None)
    statement.columns = columns_of(frame.schema)
    if statement.columns:
        _fetch(statement, as_text(frame.limit(asked.row_limit + 1) if asked.row_limit else frame))


def _fetch(statement: Statement, frame: DataFrame) -> None:
    """Rows as they come, up to the limits; TooLarge past what an answer may hold where no byte_limit cuts it off."""
    asked = statement.asked
    for row in frame.toLocalIterator():
        size = sum(len(value) for value in row if value is not None)
        if asked.row_limit and len(statement.rows) == asked.row_limit:
            statement.is_truncated = True
            return
        if asked.byte_limit and statement.n_bytes + size > asked.byte_limit:
            statement.is_truncated = True
            return
        if statement.n_bytes + size > asked.most_bytes:
            raise TooLarge
        statement.rows.append(list(row))
        statement.n_bytes += size


def _give_up_without_server(session: SparkSession, address: ServerAddress) -> None:
    """Let the client try again while the server answers, and end at once where it died: it would try for ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    class WhileItAnswers(DefaultPolicy):
        def can_retry(self, e: BaseException) -> bool:
            return super().can_retry(e) and answers(address.port, host=address.host)

    cast(Any, session).client.set_retry_policies([WhileItAnswers()])  # declared as what is no client


def _interrupt_when_cancelled(statement: Statement, session: SparkSession) -> None:
    """Again and again until the statement ends: an interrupt that comes between two requests stops nothing."""
    while not statement.done.done():
        if statement.is_cancelled.wait(INTERRUPT_SECONDS):
            try:
                session.interruptAll()
            except Exception:  # of whatever kind a closed session raises: the statement has ended
                return
            time.sleep(INTERRUPT_SECONDS)


def _failure(statement: Statement, error: Exception) -> tuple[str, str, str, str | None]:
    """State, error_code, message and SQLSTATE."""
    if statement.is_cancelled.is_set():
        return "CANCELED", "", "", None
    if isinstance(error, PySparkException):
        message = PLAN.sub(r"\1", str(error).split("JVM stacktrace")[0]).strip()
        return "FAILED", "BAD_REQUEST", message, error.getSqlState()
    if isinstance(error, TooLarge):
        limit, others = f"{statement.asked.most_bytes // 1024**2} MiB", "" if statement.asked.by_links else ", or EXTERNAL_LINKS"
        message = f"the result is larger than {limit}, the most that is kept of one: give a row_limit or a byte_limit{others}"
        return "FAILED", "RESOURCE_EXHAUSTED", message, None
    if isinstance(error, WorkspaceError):
        return "FAILED", "TEMPORARILY_UNAVAILABLE", str(error), None
    return "FAILED", "INTERNAL_ERROR", f"{type(error).__name__}: {error}", None
