"""Where the change feed is no longer there, a run computes the table anew: nothing is lost, and the run log says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.baskets import TABLES, basket
from tests.engine.world import World


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    """Ten baskets, run to silver."""
    made = World(spark, tmp_path_factory.mktemp("feed"), TABLES)
    made.deliver("1.json", [basket(f"b{i}", 1, 1 + i, "apple", "pear") for i in range(10)])
    made.run("raw", "bronze", "silver")
    return made


def test_promise_16_files_of_the_feed_that_were_vacuumed_cost_a_rebuild_and_no_row(world):
    world.deliver("2.json", [basket("b3", 2, 20, "plum")])
    world.run("raw", "bronze")
    assert _files_of_the_feed(world, "bronze.lines")
    world.spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    world.sql("VACUUM {bronze.lines} RETAIN 0 HOURS")
    assert not _files_of_the_feed(world, "bronze.lines")
    outcome = world.run("silver")["silver.priced"]
    assert (outcome.path, outcome.why) == ("full", "the change feed of an input is gone")
    assert [row[2] for row in world.rows("silver.priced") if row[0] == "b3"] == ["plum"]
    assert len(world.rows("silver.priced")) == 19
    assert world.run("silver")["silver.priced"].path == "nothing"


def test_promise_16_a_feed_that_was_off_for_a_while_costs_a_rebuild_and_no_row(world):
    world.sql("ALTER TABLE {raw.records} SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'false')")
    world.deliver("3.json", [basket("b4", 2, 21, "plum")])
    world.run("raw")
    world.sql("ALTER TABLE {raw.records} SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')")
    outcome = world.run("bronze")["bronze.baskets"]
    assert (outcome.path, outcome.why) == ("full", "the change feed of the input is gone")
    assert ("b4", "2024-01-21") in world.rows("bronze.baskets", "id", "bought_on")
    assert len(world.rows("bronze.baskets")) == 10


def _files_of_the_feed(world: World, path: str) -> list[Path]:
    """What the table's commits wrote for its change feed, beside its data."""
    detail = world.sql(f"DESCRIBE DETAIL {{{path}}}")[0]
    folder = Path(detail["location"].removeprefix("file:"))
    return sorted(folder.glob("_change_data/**/*.parquet"))
