"""What models produce enters by one door: declaration, checks, difference and log are those of every other table."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from pyspark.sql import DataFrame

from engine.checks import Check, unique
from engine.publish import Publication, opened
from engine.spec import Column, Derived, Input, Published
from tests.engine.world import World, latest
from utils.errors import LayerFailed, SettingsError, SpecError

COLUMNS = [
    Column("id", "string", "Key.", path="id"),
    Column("at", "timestamp", "Sequence.", path="at"),
    Column("n", "bigint", "A number.", path="n"),
]


def things(records: DataFrame) -> DataFrame:
    return records


def forecast(things: pd.DataFrame, factor: float = 2.0) -> pd.DataFrame:
    """A model: so many times what it was."""
    return pd.DataFrame({"id": things["id"], "expected": things["n"] * factor, "note": None, "unasked": 1})


def totals(forecast: DataFrame) -> DataFrame:
    return forecast.groupBy().agg({"expected": "sum"}).selectExpr("1 AS one", "`sum(expected)` AS expected")


FORECAST = Published(
    build=forecast,
    inputs=["bronze.things"],
    key=["id"],
    grain="one row per thing",
    columns=[
        Column("id", "string", "Thing."),
        Column("expected", "double", "What the model expects."),
        Column("note", "string", "What else is known; null mostly."),
    ],
    checks=[Check("expected is not below 0", "expected >= 0", "fail"), unique("id")],
)
TOTALS = Derived(
    build=totals, layer="gold", inputs={"forecast": Input("gold.forecast")}, key=["one"], grain="one row",
    columns=[Column("one", "int", "1."), Column("expected", "double", "Sum.")],
)  # fmt: skip


def record(id: str, n: int, day: int = 1) -> dict[str, object]:
    return {"id": id, "at": f"2024-01-{day:02d}T00:00:00Z", "n": n}


def asked(world: World, **settings: object) -> Publication:
    return opened(world.spark, world.system, "gold.forecast", replace(world.settings, **settings))


@pytest.fixture
def world(spark, tmp_path):
    made = World(spark, tmp_path, [latest(things, COLUMNS), FORECAST, TOTALS])
    made.deliver("1.json", [record("a", 1), record("b", 2), record("c", 3)])
    made.run()
    yield made
    made.drop()


def test_a_model_publishes_once_per_change_of_what_it_learns_from(world):
    first = asked(world)
    assert first.why == "first run"
    outcome = first.publish(forecast(first.read("bronze.things").toPandas())).all[0]
    assert (outcome.counts.inserted, outcome.status) == (3, "written")
    assert world.rows("gold.forecast") == [("a", 2.0, None), ("b", 4.0, None), ("c", 6.0, None)]

    assert asked(world).why == ""
    assert asked(world, rebuild=True).why == "rebuild was asked for"

    world.deliver("2.json", [record("b", 5, day=2), record("d", 4)])
    world.run()
    again = asked(world)
    assert again.why == "bronze.things moved"
    rows = forecast(again.read("bronze.things").toPandas())
    outcome = again.publish(rows[rows["id"] != "a"]).all[0]
    assert (outcome.counts.inserted, outcome.counts.updated, outcome.counts.deleted) == (1, 1, 1)
    assert world.rows("gold.forecast") == [("b", 10.0, None), ("c", 6.0, None), ("d", 8.0, None)]


def test_a_layer_run_leaves_a_published_table_alone_and_reads_it(world):
    publication = asked(world)
    publication.publish(forecast(publication.read("bronze.things").toPandas()))
    version = world.version("gold.forecast")
    assert set(world.run("gold")) == {"gold.totals"}
    assert world.rows("gold.totals") == [(1, 12.0)]
    assert world.version("gold.forecast") == version


def test_equal_rows_make_no_commit_and_move_the_cursor(world):
    publication = asked(world)
    rows = forecast(publication.read("bronze.things").toPandas())
    publication.publish(rows)
    version = world.version("gold.forecast")
    world.deliver("2.json", [record("e", 5, day=2) | {"n": None}])
    world.run()
    due = asked(world)
    from_spark = world.spark.createDataFrame(rows[FORECAST.column_names], "id string, expected double, note string")
    assert due.publish(from_spark).all[0].status == "nothing to do"
    assert world.version("gold.forecast") == version
    assert asked(world).why == ""


def test_a_broken_check_leaves_the_table_as_it_was_and_the_model_due(world):
    publication = asked(world)
    things = publication.read("bronze.things").toPandas()
    publication.publish(forecast(things))
    world.deliver("2.json", [record("d", 4)])
    world.run()
    due = asked(world)
    with pytest.raises(LayerFailed, match="1 rows break `expected is not below 0`"):
        due.publish(forecast(things.assign(n=[1, 2, -3])))
    with pytest.raises(LayerFailed, match="6 rows for 3 keys"):
        due.publish(forecast(pd.concat([things, things])))
    assert world.rows("gold.forecast") == [("a", 2.0, None), ("b", 4.0, None), ("c", 6.0, None)]
    assert asked(world).why == "bronze.things moved"
    failed = world.sql("SELECT count(*) FROM {ops.table_runs} WHERE table_name = 'gold.forecast' AND status = 'failed'")
    assert failed[0][0] == 2


def test_another_task_opens_the_same_versions(world):
    first = asked(world)
    world.deliver("2.json", [record("d", 4)])
    world.run()
    carried = json.loads(json.dumps(first.versions))
    later = opened(world.spark, world.system, "gold.forecast", world.settings, carried)
    assert later.read("bronze.things").count() == 3
    later.publish(forecast(later.read("bronze.things").toPandas()))
    assert asked(world).why == "bronze.things moved"  # what came in between was not learned from


def test_mistakes_are_named(world):
    with pytest.raises(SettingsError, match=r"`bronze.others` is not an input; expected bronze.things"):
        asked(world).read("bronze.others")
    with pytest.raises(LayerFailed, match="the rows lack note; expected id, expected, note"):
        asked(world).publish(pd.DataFrame({"id": ["a"], "expected": [1.0]}))
    with pytest.raises(SpecError, match="a table that layer runs write"):
        opened(world.spark, world.system, "gold.totals", world.settings)
    empty = World(world.spark, world.landing, [latest(things, COLUMNS), FORECAST])
    try:
        with pytest.raises(SettingsError, match="demo_bronze.things does not exist. Run the layer that makes it first"):
            asked(empty)
    finally:
        empty.drop()


def test_a_declaration_without_inputs_or_with_a_personal_column_is_refused():
    with pytest.raises(SpecError, match="no inputs"):
        replace(FORECAST, inputs=[])
    with pytest.raises(SpecError, match="column `who` is personal"):
        replace(FORECAST, columns=[*FORECAST.columns, Column("who", "string", "A person.", personal=True)])
    with pytest.raises(SpecError, match="reads upward"):
        replace(FORECAST, layer="silver", inputs=["gold.totals"])
