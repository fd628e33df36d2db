"""The database stops while visits are on their way: the run says so, nothing half read counts, the next run makes it good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.systems.funnel.funnel_world import World, funnel_world
from utils.errors import LayerFailed

pytestmark = pytest.mark.long

N_BEFORE, N_AFTER, STUCK_AT = 100, 60_000, 30_000
# The engine counts before it reads; only the query that reads has a subquery of this name.
STUCK = f"""
ALTER TABLE step2 RENAME TO step2_rows;
CREATE FUNCTION slow(page text, event_id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF event_id = {STUCK_AT} AND current_query() LIKE '%AS changed%' THEN PERFORM pg_sleep(300); END IF;
    RETURN page;
END $$;
CREATE VIEW step2 AS SELECT event_id, user_id, slow(page, event_id) AS page, updated_at FROM step2_rows ORDER BY event_id;
"""
UNSTUCK = "DROP VIEW step2; DROP FUNCTION slow; ALTER TABLE step2_rows RENAME TO step2;"
FILL = """
INSERT INTO {table} SELECT i, i, 'page', timestamptz '2023-06-{day} 00:00+00' + i * interval '1 millisecond'
FROM generate_series({first}, {last}) AS i;
"""


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A day's visits are landed; another day's stand at the source."""
    with funnel_world(spark, tmp_path_factory.mktemp("funnel")) as world:
        for table in ("step1", "step2"):
            world.execute(FILL.format(table=table, day="01", first=1, last=N_BEFORE))
        world.deployment.run("raw")
        for table in ("step1", "step2"):
            world.execute(FILL.format(table=table, day="02", first=N_BEFORE + 1, last=N_AFTER))
        yield world


def stop_while_it_reads(world: World) -> None:
    """End the server once rows before the one that waits are read, and that one is waited for."""
    until = time.monotonic() + 120
    with psycopg.connect(world.cluster.login("funnel").dsn, autocommit=True) as connection:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while connection.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < until, "nothing reads"
            time.sleep(0.05)
    assert world.cluster.stop()


def landed(world: World, table: str) -> tuple[Any, ...]:
    """Records, distinct visits among them, and the latest change."""
    return world.deployment.sql(f"SELECT count(*), count(DISTINCT event_id), max(_sequence) FROM {{raw.{table}}}")[0]


def commits(world: World, table: str) -> int:
    return len(world.deployment.sql(f"DESCRIBE HISTORY {{raw.{table}}}"))


def test_a_database_that_stops_in_the_middle_of_a_read_moves_no_mark_and_the_next_run_brings_everything(world: World) -> None:
    before, n_commits, port = landed(world, "step2"), commits(world, "step2"), world.cluster.port
    assert before[:2] == (N_BEFORE, N_BEFORE)
    world.execute(STUCK)
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(world.deployment.run, "raw")
        stop_while_it_reads(world)
        with pytest.raises(LayerFailed) as caught:
            run.result()
    said = next(line for line in str(caught.value).splitlines() if line.startswith("  raw.step2: "))
    assert "Is the database up" in said and "Traceback" not in said and len(said) < 500
    assert world.deployment.settings.secret("funnel_password") not in str(caught.value)
    assert (landed(world, "step2"), commits(world, "step2")) == (before, n_commits)
    assert landed(world, "step1")[0] in (N_BEFORE, N_AFTER), "half of a table"

    world.cluster.start(port)
    world.execute(UNSTUCK)
    outcome = world.deployment.run("raw")["raw.step2"]
    assert outcome.counts.inserted == N_AFTER - N_BEFORE
    for table in ("step1", "step2"):
        assert landed(world, table)[:2] == (N_AFTER, N_AFTER)
    assert {each.status for each in world.deployment.run("raw").values()} == {"nothing to do"}
