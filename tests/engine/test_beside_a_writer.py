"""Sources that are changed while they are read: by a process of its own, which commits some changes seconds after others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest

from benchmarks.writer import Wishes, writing
from engine.sources import pages, rows
from engine.sources.spec import Marked, Rows
from engine.spec import Column
from systems.payments.bronze import PAYMENTS_SOURCE
from tests.engine.sources_world import SourcesWorld
from tests.samples.payments_api import Service, payments_service

N = 20_000
BY_PAGES = replace(PAYMENTS_SOURCE, page_size=1_000, overlap_minutes=1, first_days=None)
BY_ROWS = Rows(
    "payments", key=["id"], sequence="updated_at", zone=PAYMENTS_SOURCE.zone, table="payments", overlap_minutes=1, connections=3,
    columns=[
        Column("id", "bigint", "Payment."),
        Column("status", "string", "Status."),
        Column("updated_at", "timestamp", "Last change, local to the source."),
    ],
)  # fmt: skip
FILL = f"""
TRUNCATE payments;
INSERT INTO payments SELECT i, NULL, 'AR-S-00001', 'pending', 10, NULL, at, at
FROM (SELECT i, timestamp '2023-06-01' + i * interval '1 second' AS at FROM generate_series(1, {N}) AS i) AS made
"""
# What was delivered, as text: through Spark's types it would be compared with itself.
DELIVERED = {
    "pages": ("try_variant_get(document, '$.id', 'bigint')", "try_variant_get(document, '$.updated_at', 'string')"),
    "rows": ("id", "date_format(updated_at, \"yyyy-MM-dd'T'HH:mm:ss.SSSSSS\")"),
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with payments_service() as service:
        yield service


@pytest.mark.parametrize(("kind", "source"), [("pages", BY_PAGES), ("rows", BY_ROWS)])
def test_what_the_source_holds_when_its_writer_has_ended_is_in_raw_and_nothing_twice(
    spark: Any, service: Service, monkeypatch: pytest.MonkeyPatch, kind: str, source: Marked
) -> None:
    monkeypatch.setattr(pages, "CHUNK_RECORDS", 5_000)
    monkeypatch.setattr(rows, "ROWS_PER_CONNECTION", 5_000)
    with psycopg.connect(service.owner.dsn) as connection:
        connection.execute(FILL)
    reader = service.cluster.login("payments", "payments_reader")
    url = service.served.url if kind == "pages" else reader.jdbc_url
    secrets = {"demo_url": url, "demo_token": service.served.token, "demo_user": reader.user, "demo_password": reader.password}
    world = SourcesWorld(spark, [source], secrets)
    with writing(Wishes(service.owner.dsn, N, per_second=500, held_seconds=2)) as writer:
        # Less than N: what changes while pages are read moves behind them, for the next run.
        assert world.run().counts.inserted > N // 2
        beside = [world.run().counts.inserted]
        writer.ask_to_end()
        while writer.is_running:
            beside.append(world.run().counts.inserted)
        told = writer.told()
    world.run()
    assert (told.held >= 4, told.late >= 100, sum(beside) > 0) == (True, True, True), (told, beside)
    in_raw = Counter(map(tuple, world.raw("payments").selectExpr(*DELIVERED[kind]).collect()))
    assert [pair for pair, times in in_raw.items() if times > 1] == []
    assert [pair for pair in _held_by(service) if _in(kind, pair) not in in_raw] == []
    assert sum(in_raw.values()) > N, "nothing changed while it was read"
    world.drop()


def _held_by(service: Service) -> list[tuple[int, datetime]]:
    with psycopg.connect(service.owner.dsn) as connection:
        return connection.execute("SELECT id, updated_at FROM payments").fetchall()


def _in(kind: str, pair: tuple[int, datetime]) -> tuple[int, str]:
    """As the source writes it: PostgreSQL's JSON leaves out zeros at the end, rows are formatted to the microsecond."""
    number, at = pair
    text = at.isoformat(timespec="microseconds")
    return number, text.rstrip("0").rstrip(".") if kind == "pages" else text
