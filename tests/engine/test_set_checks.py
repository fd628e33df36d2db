"""Promises 21 and 23: rules over a whole table are judged on what the write would leave, before it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import continuous, is_fresh, reconciles, refers_to, unique
from engine.spec import Column, Derived, History, Input
from tests.engine.world import World, latest
from utils.errors import LayerFailed

pytestmark = pytest.mark.long


def things(records: DataFrame) -> DataFrame:
    return records


def versions(records: DataFrame) -> DataFrame:
    return records


def sums(things: DataFrame) -> DataFrame:
    return things.groupBy("owner").agg(F.sum("n").alias("n"))


COLUMNS = [
    Column("id", "string", "Key.", path="id"),
    Column("at", "timestamp", "Sequence.", path="at"),
    Column("email", "string", "A second identity.", path="email"),
    Column("owner", "string", "Whose it is.", path="owner"),
    Column("n", "bigint", "A number.", path="n"),
]
THINGS = latest(things, COLUMNS, checks=[unique("email")])
VERSIONS = History(
    build=versions, source="raw.records", key=["id"], sequence="at", grain="one row per version", columns=COLUMNS,
    checks=[continuous("id")],
)  # fmt: skip
SUMS = Derived(
    build=sums,
    layer="silver",
    inputs={"things": Input("bronze.things")},
    slice_by="owner",
    key=["owner"],
    grain="one row per owner",
    columns=[Column("owner", "string", "Owner."), Column("n", "bigint", "Sum.")],
    checks=[reconciles("sum(n)", "things"), refers_to("owner", "things"), is_fresh("to_timestamp('2024-06-29')", 24)],
)


def record(id: str, day: int, email: str, n: int = 1) -> dict[str, object]:
    return {"id": id, "at": f"2024-01-{day:02d}T00:00:00Z", "email": email, "owner": id[0], "n": n}


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    made = World(spark, tmp_path_factory.mktemp("sets"), [THINGS, VERSIONS, SUMS])
    made.deliver("1.json", [record("a1", 1, "a@x"), record("a2", 1, "b@x"), record("b1", 1, "c@x", 5)])
    made.run("raw", "bronze", "silver")
    return made


def results(world: World) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in world.sql("SELECT check_name, broken FROM {ops.checks} ORDER BY checked_at"):
        found.setdefault(row[0], []).append(row[1])
    return found


def test_good_sets_pass_and_their_results_are_kept(world):
    assert results(world) == {
        "email is unique": [0],
        "versions of id have no gap and no overlap": [0],
        "sum(n) is that of things": [0],
        "owner refers to things": [0],
        "to_timestamp('2024-06-29') is at most 24 hours old": [1],
    }


def test_promise_21_a_batch_that_breaks_a_set_leaves_the_table_as_it_was(world):
    before = world.versions()
    world.deliver("2.json", [record("c1", 2, "a@x")])  # good by itself, double with what is stored
    with pytest.raises(LayerFailed, match="1 rows break `email is unique`"):
        world.run("raw", "bronze")
    assert world.versions() | {"raw.records": 0, "bronze.versions": 0} == before | {"raw.records": 0, "bronze.versions": 0}
    world.deliver("3.json", [record("a1", 3, "other@x")])  # makes room: the same run now passes
    assert world.run("raw", "bronze")["bronze.things"].counts.inserted == 1


def test_promise_21_a_sum_is_reconciled_over_all_slices_not_only_those_touched(world):
    world.sql("UPDATE {silver.sums} SET n = 6 WHERE owner = 'b'")
    with pytest.raises(LayerFailed, match=r"sum\(n\) is that of things"):
        world.run("silver")
    world.run("silver", rebuild=True)
    assert world.rows("silver.sums") == [("a", 2), ("b", 5), ("c", 1)]


def test_a_history_that_was_broken_by_hand_is_seen(world):
    world.sql("UPDATE {bronze.versions} SET valid_to = null WHERE id = 'a1' AND NOT is_current")
    world.deliver("4.json", [record("d1", 1, "d@x")])
    with pytest.raises(LayerFailed, match="no gap and no overlap"):
        world.with_tables(VERSIONS).run("raw", "bronze")
    mended = world.with_tables(replace(VERSIONS, checks=()))
    mended.run("bronze", rebuild=True)
    assert world.with_tables(VERSIONS).run("bronze", rebuild=True)["bronze.versions"].checks[0].broken == 0
