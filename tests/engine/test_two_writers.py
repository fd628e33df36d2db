"""Promise 20: two processes that run the same tables at once lose nothing and double nothing; every retry is logged."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException

from engine.catalog import create_table
from engine.conflicts import is_conflict
from engine.merge import first_load
from engine.spec import Column
from tests.engine.drawn import TABLES, differences, draw, parts
from tests.engine.one_run import start
from tests.engine.world import World


def _meet(spark: Any, server: Any, folder: Path, rounds: int) -> tuple[list[str], int]:
    """Parts delivered one by one, each landed and merged by two runs at once: what is not as it should be, and the retries."""
    drawn = draw(7, 30)
    world = World(spark, folder, TABLES)
    delivered = parts(drawn, rounds)
    for number, records in enumerate(delivered):
        world.deliver(f"{number}.json", records)
        go = folder / f"go{number}"
        writers = [start(world, server, "wait", str(go), layers=("raw", "bronze")) for _ in range(2)]
        while len(list(folder.glob(f"go{number}.*"))) < 2:
            assert all(writer.poll() is None for writer in writers), (folder / "one_run.log").read_text()
            time.sleep(0.02)
        go.touch()
        assert [writer.wait() for writer in writers] == [0, 0], (folder / "one_run.log").read_text()
    found = differences(world, drawn)
    (landed,) = world.sql("SELECT count(*) AS n, count(DISTINCT _file_hash, _position) AS n_distinct FROM {raw.records}")
    assert (landed["n"], landed["n_distinct"]) == (sum(map(len, delivered)),) * 2
    logged = world.sql("SELECT conflicts FROM {ops.table_runs}")
    assert len(logged) == rounds * 2 * (1 + len(TABLES))
    world.drop()
    return found, sum(row[0] for row in logged)


def test_promise_20_two_writers_at_once(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    found, _ = _meet(spark, spark_server, tmp_path, 2)  # whether they collide is chance here, and not in twenty rounds
    assert found == []


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_promise_20_two_writers_at_once_twenty_times(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    found, retries = _meet(spark, spark_server, tmp_path, 20)
    assert found == []
    assert retries > 0


def test_promise_20_a_first_load_ends_where_another_run_filled_the_table_meanwhile(spark: Any, schema_prefix: str) -> None:
    spark.sql(f"CREATE SCHEMA {schema_prefix}race").collect()
    target = f"{schema_prefix}race.filled"
    create_table(spark, target, [Column("id", "bigint", "Key."), Column("text", "string", "A value.")], comment="a race")
    slow = spark.range(1, 8_000_000, 1, 1).selectExpr("1L AS id", "max(sha2(sha2(string(id), 512), 512)) AS text")
    quick = spark.sql("SELECT 2L AS id, 'first' AS text")
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(first_load, spark, target, slow, columns=["id", "text"], n=1)
        time.sleep(1)
        assert first_load(spark, target, quick, columns=["id", "text"], n=1).inserted == 1
        with pytest.raises(PySparkException) as raised:
            late.result()
    assert is_conflict(raised.value)
    assert [row["id"] for row in spark.table(target).collect()] == [2]
