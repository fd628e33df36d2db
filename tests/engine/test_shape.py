"""Promises 7 and 8: partial records, new columns, widening and conflicts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import DataFrame

from engine.spec import Column
from tests.engine.world import World, latest
from utils.errors import LayerFailed

pytestmark = pytest.mark.long


def things(records: DataFrame) -> DataFrame:
    return records


def strict_things(records: DataFrame) -> DataFrame:
    return records


def declared(*, n: str = "int", **options):
    columns = [
        Column("id", "string", "Key.", path="id"),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("a", "string", "A value.", path="a"),
        Column("n", n, "A number.", path="n"),
    ]
    return latest(things, columns, **options)


def record(id: str, day: int, **values: object) -> dict[str, object]:
    return {"id": id, "at": f"2024-01-{day:02d}T00:00:00Z"} | values


@pytest.fixture(scope="module")
def evolved(spark, tmp_path_factory):
    """One table through: first shape, a new nested field, a widening, a conflicting type."""
    world = World(spark, tmp_path_factory.mktemp("shape"), [declared(new_columns="evolve")])
    world.deliver("1.json", [record("x", 1, a="one", n=1)])
    world.run()
    world.deliver(
        "2.json",
        [record("y", 1, a="two", n=2, deep={"new": {"$date": "2024-05-01T00:00:00Z"}, "flag": True})],
    )
    outcomes = world.run()
    wide = world.with_tables(declared(n="bigint", new_columns="evolve"))
    wide.deliver(
        "3.json", [record("z", 1, n=3_000_000_000), record("w", 1, n=1, deep={"flag": "not a flag"})]
    )
    wide.run()
    return wide, outcomes["bronze.things"]


def test_promise_8_a_new_nested_field_becomes_a_column(evolved):
    world, outcome = evolved
    rows = {
        row["id"]: row
        for row in world.sql("SELECT id, deep_flag, cast(deep_new_date AS string) d FROM {bronze.things}")
    }
    assert (rows["x"]["deep_flag"], rows["y"]["deep_flag"], rows["y"]["d"]) == (
        None,
        True,
        "2024-05-01 00:00:00",
    )
    assert {(drift.column, drift.change) for drift in outcome.drifts} == {
        ("deep_flag", "added"),
        ("deep_new_date", "added"),
    }


def test_every_drift_is_a_row_that_a_person_sees(evolved):
    world, _ = evolved
    rows = world.sql("SELECT column_name, change, was, found FROM {ops.schema_changes}")
    assert ("n", "widened", "int", "bigint") in {tuple(row) for row in rows}


def test_int_widens_to_long(evolved):
    world, _ = evolved
    assert ("z", 3_000_000_000) in world.rows("bronze.things", "id", "n")


def test_promise_8_a_value_of_another_type_goes_to_quarantine_not_to_null(evolved):
    world, _ = evolved
    assert [row["reason"] for row in world.sql("SELECT reason FROM {raw.quarantine}")] == [
        "type conflict in deep_flag"
    ]
    assert "w" not in {row[0] for row in world.rows("bronze.things", "id")}


def test_promise_8_a_type_never_narrows(evolved):
    world, _ = evolved
    narrow = world.with_tables(declared(n="int", new_columns="evolve"))
    narrow.deliver("4.json", [record("v", 1, n=4)])
    outcome = failed(narrow)
    assert "type bigint is stored, int is declared" in outcome
    assert "v" not in {row[0] for row in world.rows("bronze.things", "id")}


def failed(world: World) -> str:
    with pytest.raises(LayerFailed) as error:
        world.run()
    return str(error.value)


PARTIAL = [
    [record("late for one column", 10, a="at 10", n=1), record("null is a value", 1, a="set", n=1)],
    [record("late for one column", 20, n=2), record("null is a value", 2, a=None)],
    [record("late for one column", 15, a="at 15"), record("unseen", 5, a="only a")],
]


def under(prefix: str, batch: list[dict[str, object]]) -> list[dict[str, object]]:
    return [given | {"id": f"{prefix}: {given['id']}"} for given in batch]


@pytest.fixture(scope="module")
def partial(spark, tmp_path_factory):
    """One table for both orders of the batches, told apart by their keys: a commit costs the same for one and for two."""
    world = World(spark, tmp_path_factory.mktemp("partial"), [declared(partial=True)])
    for number, (batch, other) in enumerate(zip(PARTIAL, PARTIAL[::-1], strict=True)):
        world.deliver(f"{number}.json", [*under("first to last", batch), *under("last to first", other)])
        world.run()
    return world


@pytest.mark.parametrize("order", ["first to last", "last to first"])
def test_promise_7_a_partial_record_leaves_absent_columns_and_sets_null_ones_in_any_order(partial, order):
    rows = {row[0]: row[1:] for row in partial.rows("bronze.things", "id", "a", "n") if row[0].startswith(order)}
    assert rows == {
        f"{order}: late for one column": ("at 15", 2),
        f"{order}: null is a value": (None, 1),
        f"{order}: unseen": ("only a", None),
    }


def test_partial_records_that_were_applied_make_no_commit(partial):
    version = partial.version("bronze.things")
    partial.deliver("again.json", under("first to last", [PARTIAL[0][0], PARTIAL[1][1]]))
    outcome = partial.run()["bronze.things"]
    assert (outcome.status, partial.version("bronze.things")) == ("nothing to do", version)


def test_an_undeclared_field_stops_a_table_that_says_so(partial):
    strict = partial.with_tables(replace(declared(new_columns="fail"), build=strict_things))
    strict.deliver("surprise.json", [record("x", 1, a="one", surprise=1)])
    assert "undeclared fields surprise" in failed(strict)
