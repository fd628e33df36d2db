"""Promises 9, 14 to 16, 18, 19 and 21: tables that are functions of others, recomputed where a change touches them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.outcomes import Outcome
from tests.engine.baskets import ALL, EVERYTHING, PER_DAY, TABLES, basket
from tests.engine.world import World
from utils.errors import LayerFailed

pytestmark = pytest.mark.long

SEEN = ("bronze.lines", "silver.priced", "gold.per_day", "gold.everything")


@dataclass(frozen=True)
class Step:
    """What a delivery did: rows per table before and after its run, and the run's outcomes."""

    before: dict[str, list[tuple[Any, ...]]]
    after: dict[str, list[tuple[Any, ...]]]
    outcomes: dict[str, Outcome]

    def items_of(self, id: str) -> list[str]:
        return [row[2] for row in self.after["silver.priced"] if row[0] == id]

    def changed(self, path: str) -> set[Any]:
        """First columns of the rows that are not what they were."""
        return {row[0] for row in set(self.after[path]) ^ set(self.before[path])}


def step(world: World, name: str, *records: dict[str, object]) -> Step:
    before = {path: world.rows(path) for path in SEEN}
    world.deliver(name, records)
    outcomes = world.run(*ALL)
    return Step(before, {path: world.rows(path) for path in SEEN}, outcomes)


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    """A hundred baskets on twenty days, run to gold."""
    made = World(spark, tmp_path_factory.mktemp("derived"), TABLES)
    made.deliver("1.json", [basket(f"b{i:03d}", 2, 1 + i % 20, "apple", "pear") for i in range(100)])
    made.run(*ALL)
    return made


@pytest.fixture(scope="module")
def changed(world):
    """One delivery that changes an item, takes one away, deletes a basket, moves one to another day, and adds a late one."""
    return step(
        world,
        "2.json",
        basket("b007", 3, 8, "apple", "plum"),
        basket("b010", 3, 11, "pear"),
        basket("b011", 3, 12, "apple", "pear", gone=True),
        basket("b020", 3, 25, "apple", "pear"),
        basket("late", 1, 3, "apple"),
    )


@pytest.fixture(scope="module")
def looked_up(world, changed):
    """Then a label for one item, and an older state of a basket."""
    return step(world, "3.json", basket("plum", 1, 1, label="Plum"), basket("b010", 1, 11, "apple", "pear", "fig"))


def per_day(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, int]:
    return {str(day): n for day, n in rows["gold.per_day"]}


def test_the_first_run_computes_everything(world):
    assert len(world.rows("silver.priced")) == 200
    assert {n for _, n in world.rows("gold.per_day")} == {10}


def test_promise_14_nothing_new_is_nothing_to_do_and_commits_nothing(world):
    before = world.versions()
    outcomes = world.run(*ALL)
    assert {outcome.status for outcome in outcomes.values()} == {"nothing to do"}
    assert world.versions() == before


def test_touched_slices_are_recomputed_and_nothing_is_written_outside_them(changed):
    for path in ("bronze.lines", "silver.priced"):
        done = changed.outcomes[path]
        counts = done.counts
        assert (done.path, counts.slices) == ("sliced", 5)
        # b007's plum is updated, b010's first item too; the second of b010 and both of b011 go; b020 moves; `late` is new.
        assert (counts.inserted, counts.updated, counts.deleted) == (1, 4, 3)
        assert changed.changed(path) == {"b007", "b010", "b011", "b020", "late"}


def test_promise_9_a_child_that_is_no_longer_there_disappears(changed, looked_up):
    assert changed.items_of("b010") == ["pear"]
    assert looked_up.items_of("b010") == ["pear"]  # what it held before comes too late


def test_children_of_a_deleted_parent_disappear(changed):
    assert changed.items_of("b011") == []


def test_a_row_that_moves_touches_the_slice_it_left(changed):
    before, after = per_day(changed.before), per_day(changed.after)
    assert (after["2024-01-25"], after["2024-01-01"]) == (2, before["2024-01-01"] - 2)


def test_promise_19_a_late_record_reopens_its_period_and_only_that(changed):
    before, after = per_day(changed.before), per_day(changed.after)
    assert after["2024-01-03"] == before["2024-01-03"] + 1
    days = {"2024-01-01", "2024-01-03", "2024-01-08", "2024-01-11", "2024-01-12", "2024-01-25"}
    assert changed.outcomes["gold.per_day"].path == "sliced"
    assert changed.outcomes["gold.per_day"].counts.slices == len(days)
    assert {str(day) for day in changed.changed("gold.per_day")} == days - {"2024-01-08"}  # as many items as before


def test_a_table_without_a_slice_says_that_it_was_recomputed_and_why(changed):
    outcome = changed.outcomes["gold.everything"]
    assert (outcome.path, outcome.why, outcome.counts.updated) == ("full", "no slice declared", 1)


def test_a_changed_lookup_touches_the_slices_that_look_it_up(looked_up):
    outcome = looked_up.outcomes["silver.priced"]
    assert (outcome.path, outcome.counts.updated) == ("sliced", 1)
    assert [row[4] for row in looked_up.after["silver.priced"] if row[2] == "plum"] == ["Plum"]


def test_promise_14_optimize_upstream_moves_the_cursor_and_is_nothing_to_do(world):
    world.sql("OPTIMIZE {bronze.lines}")
    before = world.versions()
    outcome = world.run("silver")["silver.priced"]
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
    world.sql("DROP TABLE {bronze.lines}")
    world.run("bronze")
    assert world.run("silver")["silver.priced"].why == "input bronze.lines was recreated"


@pytest.fixture(scope="module")
def pending(world):
    """Gold has seen all but one basket."""
    world.run("gold")
    world.deliver("4.json", [basket("fails", 1, 3, "apple")])
    world.run("raw", "bronze", "silver")
    return world


def test_a_builder_that_depends_on_more_than_its_slice_is_refused(pending):
    def per_day(lines: DataFrame) -> DataFrame:
        total = lines.agg(F.count(F.lit(1)).alias("n"))
        return total.select(F.lit("2030-01-01").cast("date").alias("day"), "n")

    liar = pending.with_tables(*TABLES[:3], replace(PER_DAY, build=per_day), EVERYTHING)
    with pytest.raises(LayerFailed, match="outside the touched slices"):
        liar.run("gold")


def test_promise_21_a_broken_fail_check_leaves_the_table_as_it_was(pending):
    strict = pending.with_tables(
        *TABLES[:3], replace(PER_DAY, checks=[Check("few items", "n < 3", "fail")]), EVERYTHING
    )
    before, version = pending.rows("gold.per_day"), pending.version("gold.per_day")
    with pytest.raises(LayerFailed, match="break `few items`"):
        strict.run("gold")
    assert (pending.rows("gold.per_day"), pending.version("gold.per_day")) == (before, version)
    logged = pending.sql(
        "SELECT status, error FROM {ops.table_runs} WHERE table_name = 'gold.per_day' ORDER BY finished_at DESC LIMIT 1"
    )
    assert logged[0]["status"] == "failed"
    assert pending.run("gold")["gold.per_day"].counts.slices == 1  # the failed run did not move the cursor
