"""Rows of a real database to raw over JDBC: what changed and no more, in parts, with faults named."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from engine.sources import rows
from engine.sources.reconcile import reconcile, refuse_missing
from engine.sources.spec import Rows
from engine.spec import Column
from tests.engine.sources_world import SourcesWorld
from tests.samples.cluster import running_cluster
from tideline.samples.postgres import Login
from utils.errors import LayerFailed, SourceError

pytestmark = pytest.mark.long

VISITS = Rows(
    "visits", key=["event_id"], sequence="updated_at", table="visits", connections=3,
    columns=[
        Column("event_id", "bigint", "Visit."),
        Column("page", "string", "Page."),
        Column("updated_at", "timestamp", "Last change."),
    ],
)  # fmt: skip
CREATE = """
CREATE TABLE visits (event_id bigint PRIMARY KEY, page text, note text, updated_at timestamptz NOT NULL);
CREATE INDEX ON visits (updated_at);
"""
FILL = """
INSERT INTO visits SELECT i, 'page ' || i % 7, 'n', timestamptz '2023-06-01 00:00+00' + i * interval '1 second'
FROM generate_series(1, {n}) AS i
"""


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[Login, Login]]:
    with running_cluster() as cluster:
        yield cluster.ensure_database("shop")


@pytest.fixture
def world(spark: Any, database: tuple[Login, Login]) -> Iterator[SourcesWorld]:
    owner, reader = database
    execute(owner, "DROP TABLE IF EXISTS visits;" + CREATE)
    secrets = {"demo_url": reader.jdbc_url, "demo_user": reader.user, "demo_password": reader.password}
    world = SourcesWorld(spark, [VISITS], secrets)
    yield world
    world.drop()


def execute(owner: Login, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(owner.dsn) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def rows_read(owner: Login) -> tuple[int, int]:
    """Rows of `visits` that the database read by scanning, and by an index, ever; told when connections have ended."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    query = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'visits'"
    limit = time.monotonic() + 60
    with psycopg.connect(owner.dsn, autocommit=True) as connection:
        while connection.execute(others).fetchall() != [(0,)]:
            assert time.monotonic() < limit, "a connection does not end"
            time.sleep(0.05)
        scanned, fetched = connection.execute(query).fetchall()[0]
    return scanned, fetched


def test_only_what_changed_is_landed_and_everything_of_it(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=5_000))
    first = world.run()
    assert (first.counts.inserted, first.why) == (5_000, "1 connection(s), first run: everything")
    execute(owner, "UPDATE visits SET page = 'other', updated_at = '2023-06-01 05:00+00' WHERE event_id % 1000 = 0")
    second = world.run()
    # Ten minutes before the mark (01:23:20) are read again, and known.
    assert (second.counts.inserted, second.counts.read) == (5, 605)
    third = world.run()
    assert (third.status, third.counts.inserted) == ("nothing to do", 0)
    landed = world.raw("visits").selectExpr("event_id", "page", "cast(updated_at AS string)").collect()
    stored = execute(owner, "SELECT event_id, page, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM visits")
    assert {tuple(row) for row in stored} <= {tuple(row) for row in landed}
    assert len(landed) == len({tuple(row) for row in landed}) == 5_005


def test_a_large_read_is_cut_by_the_key_and_never_takes_more_connections_than_allowed(
    world: SourcesWorld, database: tuple[Login, Login], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _ = database
    monkeypatch.setattr(rows, "ROWS_PER_CONNECTION", 1_000)
    execute(owner, FILL.format(n=20_000))
    outcome = world.run()
    assert (outcome.counts.inserted, outcome.why.split(",")[0]) == (20_000, "3 connection(s)")
    assert world.raw("visits").select("event_id").distinct().count() == 20_000


def test_the_database_itself_filters_by_its_index(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=50_000))
    execute(owner, "ANALYZE visits")
    world.run()
    execute(owner, "UPDATE visits SET updated_at = '2023-06-02 00:00+00' WHERE event_id <= 50")
    before = rows_read(owner)
    assert world.run().counts.inserted == 50
    scanned, fetched = (now - then for now, then in zip(rows_read(owner), before, strict=True))
    assert scanned == 0, "the table was read as a whole"
    assert 0 < fetched < 4_000


def test_a_row_from_the_future_does_not_move_the_mark(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=10))
    execute(owner, "INSERT INTO visits VALUES (99, 'x', 'n', '2191-01-01')")
    assert world.run().counts.inserted == 11
    execute(owner, "INSERT INTO visits VALUES (100, 'y', 'n', '2023-06-01 00:01+00')")
    assert world.run().counts.inserted == 1


def test_a_row_that_no_run_brought_is_told_loudly(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=3_000))
    world.run()
    run = world.layer_run()
    refuse_missing(run, reconcile(run, days=1))
    execute(owner, "INSERT INTO visits VALUES (99999, 'late', 'n', '2023-06-01 00:05+00')")
    assert world.run().counts.inserted == 0
    with pytest.raises(SourceError, match="raw.visits lacks 1, such as event_id 99999"):
        refuse_missing(run, reconcile(run, days=1))


def test_a_daily_look_sees_what_the_daily_read_passed_over(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    insert = "INSERT INTO visits VALUES ({}, 'x', 'n', '2023-06-0{}+00')"
    execute(owner, insert.format(1, "1 07:00"))
    world.run()
    execute(owner, insert.format(2, "1 06:45"))
    execute(owner, insert.format(3, "2 07:00"))
    assert world.run().counts.inserted == 1
    run = world.layer_run()
    with pytest.raises(SourceError, match="raw.visits lacks 1, such as event_id 2"):
        refuse_missing(run, reconcile(run, days=1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE visits RENAME COLUMN page TO site", r"no column `page`.*It has event_id, site, note, updated_at"),
        ("ALTER TABLE visits ALTER COLUMN event_id TYPE text", r"column `event_id` is string, not bigint"),
        ("DROP TABLE visits", r"table visits: .*relation \"visits\" does not exist"),
        ("REVOKE SELECT ON visits FROM shop_reader", "permission denied for table visits"),
    ],
)
def test_a_table_that_is_not_as_declared_is_named(
    world: SourcesWorld, database: tuple[Login, Login], change: str, said: str
) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=10))
    world.run()
    version = world.version("raw.visits")
    execute(owner, change)
    with pytest.raises(LayerFailed, match=said):
        world.run()
    assert world.version("raw.visits") == version


def test_wrong_credentials_and_a_database_that_is_down_are_named(world: SourcesWorld, spark: Any) -> None:
    for secrets, said in (
        (world.secrets | {"demo_password": "guessed"}, r"password authentication failed.*`demo_user` and `demo_password`"),
        (world.secrets | {"demo_url": "jdbc:postgresql://127.0.0.1:9/shop"}, r"refused.*Is the database up"),
    ):
        broken = SourcesWorld(spark, [VISITS], secrets)
        with pytest.raises(LayerFailed, match=said) as caught:
            broken.run()
        assert "guessed" not in str(caught.value)
        assert world.secrets["demo_password"] not in str(caught.value)
        broken.drop()


def test_rows_that_the_database_itself_holds_twice_are_landed_once_and_then_nothing_is_committed(
    world: SourcesWorld, database: tuple[Login, Login]
) -> None:
    owner, _ = database
    execute(owner, "ALTER TABLE visits DROP CONSTRAINT visits_pkey;" + FILL.format(n=20))
    execute(owner, "INSERT INTO visits SELECT * FROM visits")
    assert world.run().counts.inserted == 20
    version = world.version("raw.visits")
    again = world.run()
    assert (again.status, again.counts.read, again.counts.inserted) == ("nothing to do", 40, 0)
    assert world.version("raw.visits") == version


def test_a_row_that_changes_back_is_another_version(world: SourcesWorld, database: tuple[Login, Login]) -> None:
    owner, _ = database
    execute(owner, FILL.format(n=1))
    world.run()
    for minute, page in ((1, "b"), (2, "page 1")):
        execute(owner, f"UPDATE visits SET page = '{page}', updated_at = '2023-06-01 00:0{minute}+00'")
        assert world.run().counts.inserted == 1
    assert [row["page"] for row in world.raw("visits").orderBy("updated_at").collect()] == ["page 1", "b", "page 1"]


def test_a_source_that_cannot_be_read_so_is_refused_when_it_is_declared() -> None:
    from utils.errors import SpecError

    for wrong in ({"table": "visits; drop"}, {"zone": "Mars"}, {"connections": 99}, {"key": ["page_id"]}, {"overlap_minutes": 0}):
        with pytest.raises(SpecError):
            replace(VISITS, **wrong)
