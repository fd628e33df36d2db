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

pytestmark = pytest.mark.long

COLUMNS = [
    Column("id", "string", "Key.", path="id"),
    Column("at", "timestamp", "Sequence.", path="at"),
    Column("n", "bigint", "A number.", path="n"),
]


def things(records: DataFrame) -> DataFrame:
    return records


def not_yet(records: DataFrame) -> DataFrame:
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


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    """One story: each test goes on where the one before it ended."""
    made = World(spark, tmp_path_factory.mktemp("publish"), [latest(things, COLUMNS), FORECAST, TOTALS])
    made.deliver("1.json", [record("a", 1), record("b", 2), record("c", 3)])
    made.run()
    return made


@pytest.fixture(scope="module")
def published(world):
    """What the model made of the first delivery, and of the second one without `a`: (reasons, outcomes, rows after each)."""
    first = asked(world)
    outcomes = [first.publish(forecast(first.read("bronze.things").toPandas())).all[0]]
    rows = [world.rows("gold.forecast")]
    reasons = [first.why, asked(world).why, asked(world, rebuild=True).why]
    world.deliver("2.json", [record("b", 5, day=2), record("d", 4)])
    world.run()
    again = asked(world)
    made = forecast(again.read("bronze.things").toPandas())
    outcomes.append(again.publish(made[made["id"] != "a"]).all[0])
    return [*reasons, again.why], outcomes, [*rows, world.rows("gold.forecast")]


@pytest.fixture(scope="module")
def moved(world, published):
    """A delivery that changes no expectation: the model is due, and would say what stands there."""
    world.deliver("3.json", [record("a", 5, day=2) | {"n": None}])
    world.run()
    return world


STORED = [("b", 10.0, None), ("c", 6.0, None), ("d", 8.0, None)]


def test_a_model_publishes_once_per_change_of_what_it_learns_from(published):
    reasons, outcomes, rows = published
    assert reasons == ["first run", "", "rebuild was asked for", "bronze.things moved"]
    first, second = (outcome.counts for outcome in outcomes)
    assert (first.inserted, outcomes[0].status) == (3, "written")
    assert (second.inserted, second.updated, second.deleted) == (1, 1, 1)
    assert rows == [[("a", 2.0, None), ("b", 4.0, None), ("c", 6.0, None)], STORED]


def test_a_layer_run_leaves_a_published_table_alone_and_reads_it(world, published):
    version = world.version("gold.forecast")
    assert set(world.run("gold")) == {"gold.totals"}
    assert world.rows("gold.totals") == [(1, 24.0)]
    assert world.version("gold.forecast") == version


def test_a_broken_check_leaves_the_table_as_it_was_and_the_model_due(moved):
    things = pd.DataFrame({"id": ["a", "b", "c"], "n": [1, 2, 3]})
    due = asked(moved)
    with pytest.raises(LayerFailed, match="1 rows break `expected is not below 0`"):
        due.publish(forecast(things.assign(n=[1, 2, -3])))
    with pytest.raises(LayerFailed, match="6 rows for 3 keys"):
        due.publish(forecast(pd.concat([things, things])))
    assert moved.rows("gold.forecast") == STORED
    assert asked(moved).why == "bronze.things moved"
    failed = moved.sql("SELECT count(*) FROM {ops.table_runs} WHERE table_name = 'gold.forecast' AND status = 'failed'")
    assert failed[0][0] == 2


def test_equal_rows_make_no_commit_and_move_the_cursor(moved):
    version = moved.version("gold.forecast")
    due = asked(moved)
    assert due.why == "bronze.things moved"
    from_spark = moved.spark.createDataFrame(STORED, "id string, expected double, note string")
    assert due.publish(from_spark).all[0].status == "nothing to do"
    assert moved.version("gold.forecast") == version
    assert asked(moved).why == ""


def test_another_task_opens_the_same_versions(moved):
    first = asked(moved)
    moved.deliver("4.json", [record("e", 4)])
    moved.run()
    carried = json.loads(json.dumps(first.versions))
    later = opened(moved.spark, moved.system, "gold.forecast", moved.settings, carried)
    assert later.read("bronze.things").count() == 4
    later.publish(forecast(later.read("bronze.things").where("n IS NOT NULL").toPandas()))
    assert asked(moved).why == "bronze.things moved"  # what came in between was not learned from


def test_mistakes_are_named(world):
    with pytest.raises(SettingsError, match=r"`bronze.others` is not an input; expected bronze.things"):
        asked(world).read("bronze.others")
    with pytest.raises(LayerFailed, match="the rows lack note; expected id, expected, note"):
        asked(world).publish(pd.DataFrame({"id": ["a"], "expected": [1.0]}))
    with pytest.raises(SpecError, match="a table that layer runs write"):
        opened(world.spark, world.system, "gold.totals", world.settings)
    early = world.with_tables(latest(not_yet, COLUMNS), replace(FORECAST, inputs=["bronze.not_yet"]))
    with pytest.raises(SettingsError, match="demo_bronze.not_yet does not exist. Run the layer that makes it first"):
        asked(early)


def test_a_declaration_without_inputs_or_with_a_personal_column_is_refused():
    with pytest.raises(SpecError, match="no inputs"):
        replace(FORECAST, inputs=[])
    with pytest.raises(SpecError, match="column `who` is personal"):
        replace(FORECAST, columns=[*FORECAST.columns, Column("who", "string", "A person.", personal=True)])
    with pytest.raises(SpecError, match="reads upward"):
        replace(FORECAST, layer="silver", inputs=["gold.totals"])
