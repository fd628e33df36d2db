"""Statements that wait, for a turn or for Spark: what a cancel does to them, and what their page says. No server is started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tideline.workspace.control.sql import AT_ONCE, Asked, Statement, Statements
from tideline.workspace.errors import ServerError
from tideline.workspace.server import ServerAddress
from tideline.workspace.web.asking import progress


@dataclass
class SlowSpark:
    """A server that does not start before it is let go, and then not at all."""

    n_asked: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)

    def address(self) -> ServerAddress:
        self.n_asked += 1
        self.let_go.wait()
        raise ServerError("no server here")


@pytest.fixture
def full() -> Iterator[tuple[Statements, list[Statement], SlowSpark]]:
    """As many statements as may be at work, all waiting for Spark, and one more."""
    spark = SlowSpark()
    statements = Statements(spark.address)
    started = [statements.start(Asked("SELECT 1")) for _ in range(AT_ONCE + 1)]
    limit = time.monotonic() + 30
    while spark.n_asked < AT_ONCE:
        assert time.monotonic() < limit
        time.sleep(0.01)
    yield statements, started, spark
    spark.let_go.set()
    statements.close()


def test_one_that_waits_for_its_turn_is_cancelled_at_once_and_never_runs(
    full: tuple[Statements, list[Statement], SlowSpark],
) -> None:
    _, (*busy, last), spark = full
    assert "Waiting for its turn" in progress(last, "result", "Running")
    last.cancel()
    last.cancel()
    assert last.done.done() and last.state == "CANCELED" and {each.state for each in busy} == {"PENDING"}
    spark.let_go.set()
    for each in busy:
        each.done.result(30)
    assert spark.n_asked == AT_ONCE and last.state == "CANCELED"


def test_one_that_waits_for_spark_is_cancelled_at_once_and_stays_so_when_spark_fails(
    full: tuple[Statements, list[Statement], SlowSpark],
) -> None:
    _, (first, *others), spark = full
    assert "Waiting for Spark" in progress(first, "result", "Running")
    first.cancel()
    assert first.done.done()
    spark.let_go.set()
    for each in others:
        each.done.result(30)
    assert first.state == "CANCELED" and {each.state for each in others} == {"FAILED"}


def test_the_end_of_the_server_ends_those_that_wait(full: tuple[Statements, list[Statement], SlowSpark]) -> None:
    statements, started, spark = full
    closing = threading.Thread(target=statements.close)
    closing.start()
    for each in started:
        each.done.result(30)
    assert {each.state for each in started} == {"CANCELED"}
    spark.let_go.set()
    closing.join(30)
