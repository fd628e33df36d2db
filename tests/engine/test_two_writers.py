"""Promise 20: two processes that run the same tables at once lose nothing and double nothing; every retry is logged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.drawn import TABLES, differences, draw, parts
from tests.engine.one_run import start
from tests.engine.world import World


def _meet(spark: Any, server: Any, folder: Path, rounds: int) -> tuple[list[str], int]:
    """Parts delivered one by one, each brought in by two runs at once: what the model says otherwise, and the retries logged."""
    drawn = draw(7, 30)
    world = World(spark, folder, TABLES)
    for number, records in enumerate(parts(drawn, rounds)):
        world.deliver(f"{number}.json", records)
        world.run_one("raw")
        go = folder / f"go{number}"
        writers = [start(world, server, "wait", str(go)) for _ in range(2)]
        while len(list(folder.glob(f"go{number}.*"))) < 2:
            assert all(writer.poll() is None for writer in writers), (folder / "one_run.log").read_text()
            time.sleep(0.02)
        go.touch()
        assert [writer.wait() for writer in writers] == [0, 0], (folder / "one_run.log").read_text()
    found = differences(world, drawn)
    logged = world.sql("SELECT conflicts FROM {ops.table_runs} WHERE layer = 'bronze'")
    assert len(logged) == rounds * 2 * len(TABLES)
    world.drop()
    return found, sum(row[0] for row in logged)


def test_promise_20_two_writers_at_once(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    found, _ = _meet(spark, spark_server, tmp_path, 3)  # whether they collide is chance here, and not in twenty rounds
    assert found == []


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_promise_20_two_writers_at_once_twenty_times(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    found, retries = _meet(spark, spark_server, tmp_path, 20)
    assert found == []
    assert retries > 0
