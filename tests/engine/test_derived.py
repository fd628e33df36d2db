"""Promises 9, 14 to 16, 18, 19 and 21: tables that are functions of others, recomputed where a change touches them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from tests.engine.baskets import ALL, EVERYTHING, PER_DAY, TABLES, basket
from tests.engine.world import World
from utils.errors import LayerFailed


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    """A hundred baskets on twenty days, run to gold."""
    made = World(spark, tmp_path_factory.mktemp("derived"), TABLES)
    made.deliver("1.json", [basket(f"b{i:03d}", 2, 1 + i % 20, "apple", "pear") for i in range(100)])
    made.run(*ALL)
    return made


def counts(world: World) -> dict[str, int]:
    return {str(day): n for day, n in world.rows("gold.per_day")}


def test_the_first_run_computes_everything(world):
    assert len(world.rows("silver.priced")) == 200
    assert set(counts(world).values()) == {10}


def test_promise_14_nothing_new_is_nothing_to_do_and_commits_nothing(world):
    before = world.versions()
    outcomes = world.run(*ALL)
    assert {outcome.status for outcome in outcomes.values()} == {"nothing to do"}
    assert world.versions() == before


def test_one_slice_of_a_hundred_is_recomputed_and_nothing_written_outside_it(world):
    before = {path: world.rows(path) for path in ("bronze.lines", "silver.priced")}
    world.deliver("2.json", [basket("b007", 3, 8, "apple", "plum")])
    outcomes = world.run(*ALL)
    for path in before:
        done = outcomes[path]
        assert (
            done.path,
            done.counts.slices,
            done.counts.inserted,
            done.counts.updated,
            done.counts.deleted,
        ) == ("sliced", 1, 0, 1, 0)
        changes = set(world.rows(path)) ^ set(before[path])
        assert {row[0] for row in changes} == {"b007"}


def test_promise_9_a_child_that_is_no_longer_there_disappears(world):
    world.deliver("3.json", [basket("b010", 3, 11, "pear")])
    world.run(*ALL)
    assert [row[2] for row in world.rows("bronze.lines") if row[0] == "b010"] == ["pear"]
    world.deliver("3-late.json", [basket("b010", 1, 11, "apple", "pear", "fig")])
    world.run(*ALL)
    assert [row[2] for row in world.rows("bronze.lines") if row[0] == "b010"] == ["pear"]


def test_children_of_a_deleted_parent_disappear(world):
    world.deliver("3-gone.json", [basket("b011", 3, 12, "apple", "pear", gone=True)])
    outcomes = world.run(*ALL)
    assert [row for row in world.rows("silver.priced") if row[0] == "b011"] == []
    assert outcomes["bronze.lines"].counts.deleted == 2


def test_a_row_that_moves_touches_the_slice_it_left(world):
    before = counts(world)
    world.deliver("4.json", [basket("b020", 3, 25, "apple", "pear")])
    outcome = world.run(*ALL)["gold.per_day"]
    assert outcome.counts.slices == 2
    after = counts(world)
    assert (after["2024-01-25"], after["2024-01-01"]) == (2, before["2024-01-01"] - 2)


def test_promise_19_a_late_record_reopens_its_period_and_only_that(world):
    before = counts(world)
    world.deliver("5.json", [basket("late", 1, 3, "apple")])
    outcome = world.run(*ALL)["gold.per_day"]
    after = counts(world)
    assert {day for day in after if after[day] != before.get(day)} == {"2024-01-03"}
    assert (outcome.path, outcome.counts.slices, outcome.counts.updated) == ("sliced", 1, 1)


def test_a_changed_lookup_touches_the_slices_that_look_it_up(world):
    world.deliver("6.json", [basket("plum", 1, 1, label="Plum")])
    outcome = world.run(*ALL)["silver.priced"]
    assert (outcome.path, outcome.counts.updated) == ("sliced", 1)
    assert [row[4] for row in world.rows("silver.priced") if row[2] == "plum"] == ["Plum"]


def test_a_table_without_a_slice_says_that_it_was_recomputed_and_why(world):
    world.deliver("7.json", [basket("one more", 1, 3, "apple")])
    outcome = world.run(*ALL)["gold.everything"]
    assert (outcome.path, outcome.why, outcome.counts.updated) == ("full", "no slice declared", 1)


def test_promise_14_optimize_upstream_moves_the_cursor_and_is_nothing_to_do(world):
    world.sql("OPTIMIZE {bronze.lines}")
    before = world.versions()
    outcome = world.run(*ALL)["silver.priced"]
    assert (outcome.status, outcome.path) == ("nothing to do", "sliced")
    assert world.versions() == before
    assert world.run("silver")["silver.priced"].path == "nothing"


def test_promise_18_incremental_equals_rebuild(world):
    before = {table.path: world.rows(table.path) for table in TABLES}
    versions = world.versions()
    outcomes = world.run("bronze", "silver", "gold", rebuild=True)
    assert {outcome.path for outcome in outcomes.values()} == {"full"}
    assert {table.path: world.rows(table.path) for table in TABLES} == before
    assert world.versions() == versions


def test_a_dropped_table_is_rebuilt(world):
    before = world.rows("silver.priced")
    world.sql("DROP TABLE {silver.priced}")
    outcome = world.run("silver")["silver.priced"]
    assert outcome.why == "the table was dropped or recreated"
    assert world.rows("silver.priced") == before


def test_a_recreated_input_voids_the_cursor(world):
    world.run(*ALL)
    world.sql("DROP TABLE {bronze.lines}")
    world.run("bronze")
    assert world.run("silver")["silver.priced"].why == "input bronze.lines was recreated"


def test_promise_21_a_broken_fail_check_leaves_the_table_as_it_was(world):
    world.run(*ALL)
    strict = world.with_tables(
        *TABLES[:3], replace(PER_DAY, checks=[Check("few items", "n < 3", "fail")]), EVERYTHING
    )
    before, version = world.rows("gold.per_day"), world.version("gold.per_day")
    world.deliver("8.json", [basket("fails", 1, 3, "apple")])
    world.run("raw", "bronze", "silver")
    with pytest.raises(LayerFailed, match="break `few items`"):
        strict.run("gold")
    assert (world.rows("gold.per_day"), world.version("gold.per_day")) == (before, version)
    logged = world.sql(
        "SELECT status, error FROM {ops.table_runs} WHERE table_name = 'gold.per_day' ORDER BY finished_at DESC LIMIT 1"
    )
    assert logged[0]["status"] == "failed"
    assert world.run("gold")["gold.per_day"].counts.slices == 1  # the failed run did not move the cursor


def test_a_builder_that_depends_on_more_than_its_slice_is_refused(world):
    def per_day(lines: DataFrame) -> DataFrame:
        total = lines.agg(F.count(F.lit(1)).alias("n"))
        return total.select(F.lit("2030-01-01").cast("date").alias("day"), "n")

    liar = world.with_tables(*TABLES[:3], replace(PER_DAY, build=per_day), EVERYTHING)
    world.deliver("9.json", [basket("liar", 1, 3, "apple")])
    world.run("raw", "bronze", "silver")
    with pytest.raises(LayerFailed, match="outside the touched slices"):
        liar.run("gold")
