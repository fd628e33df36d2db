"""Promises 10 to 13: every version of a key with its validity, whatever the order in which its records come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.history import join_as_of
from engine.run import Run
from engine.spec import Column, Derived, History, Input
from tests.engine import model
from tests.engine.world import World

pytestmark = pytest.mark.long


def versions(records: DataFrame) -> DataFrame:
    return records


def values_by_month(versions: DataFrame) -> DataFrame:
    return versions.groupBy(F.date_format("valid_from", "yyyy-MM").alias("month")).agg(
        F.count(F.lit(1)).alias("n"), F.count_if("is_current").alias("n_current")
    )


VERSIONS = History(
    build=versions,
    source="raw.records",
    key=["id"],
    sequence="at",
    grain="one row per version of a thing",
    columns=[
        Column("id", "string", "Key.", path="id"),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("v", "string", "Tracked.", path="v"),
        Column("note", "string", "Not tracked.", path="note"),
        Column("gone", "boolean", "Deleted.", path="gone"),
    ],
    tracked=["v"],
    deleted_when="gone",
)
MONTHS = Derived(
    build=values_by_month,
    layer="silver",
    inputs={"versions": Input("bronze.versions", slice_by="date_format(valid_from, 'yyyy-MM')")},
    slice_by="month",
    key=["month"],
    grain="one row per month in which versions began",
    columns=[
        Column("month", "string", "Month."),
        Column("n", "bigint", "Versions that began in it."),
        Column("n_current", "bigint", "Of them those that are true still."),
    ],
)


def on(day: int, v: str | None = None, **more: object) -> dict[str, object]:
    return {"at": f"2024-01-{day:02d}T00:00:00Z", "v": v} | more


def at(time: str, v: str | None = None) -> dict[str, object]:
    return {"at": f"2024-01-01T00:00:{time}Z", "v": v}


GONE = {"gone": True}
# What each batch delivers of a key, and the versions after all of them: day from, day to, value.
CASES: dict[str, tuple[list[list[dict[str, object]]], list[tuple[object, ...]]]] = {
    "one version": ([[on(1, "a")]], [(1, None, "a")]),
    "newer in another batch": ([[on(1, "a")], [on(2, "b")]], [(1, 2, "a"), (2, None, "b")]),
    "several in one batch in any order": (
        [[on(3, "c"), on(1, "a"), on(2, "b")]],
        [(1, 2, "a"), (2, 3, "b"), (3, None, "c")],
    ),
    "late into the middle": ([[on(1, "a"), on(5, "c")], [on(3, "b")]], [(1, 3, "a"), (3, 5, "b"), (5, None, "c")]),
    "late before the first": ([[on(5, "b")], [on(1, "a")]], [(1, 5, "a"), (5, None, "b")]),
    "late before the first with its value": ([[on(5, "a")], [on(1, "a")]], [(1, None, "a")]),
    "late between equal neighbours": (
        [[on(1, "a"), on(3, "a")], [on(2, "b")]],
        [(1, 2, "a"), (2, 3, "b"), (3, None, "a")],
    ),
    "late and equal to what it falls into": ([[on(1, "a"), on(5, "b")], [on(3, "a")]], [(1, 5, "a"), (5, None, "b")]),
    "late and equal to its successor": ([[on(1, "a"), on(5, "b")], [on(3, "b")]], [(1, 3, "a"), (3, None, "b")]),
    "confirmed in three batches": ([[on(1, "a")], [on(2, "a")], [on(3, "a")]], [(1, None, "a")]),
    "there and back again": ([[on(1, "a"), on(2, "b"), on(3, "a")]], [(1, 2, "a"), (2, 3, "b"), (3, None, "a")]),
    "there and back in batches": ([[on(1, "a")], [on(2, "b")], [on(3, "a")]], [(1, 2, "a"), (2, 3, "b"), (3, None, "a")]),
    "the same twice": ([[on(1, "a"), on(1, "a")], [on(1, "a")]], [(1, None, "a")]),
    "to null and back": ([[on(1, "a")], [on(2, None)], [on(3, "a")]], [(1, 2, "a"), (2, 3, None), (3, None, "a")]),
    "null stays null": ([[on(1, None)], [on(2, None)]], [(1, None, None)]),
    "empty is not null": ([[on(1, None), on(2, "")]], [(1, 2, None), (2, None, "")]),
    "delete closes": ([[on(1, "a")], [on(2, **GONE)]], [(1, 2, "a")]),
    "delete and return": ([[on(1, "a")], [on(2, **GONE)], [on(4, "a")]], [(1, 2, "a"), (4, None, "a")]),
    "delete before the insert arrives": ([[on(2, **GONE)], [on(1, "a")]], [(1, 2, "a")]),
    "delete twice and late between": ([[on(1, "a"), on(2, **GONE), on(6, **GONE)], [on(4, "b")]], [(1, 2, "a"), (4, 6, "b")]),
    "late before a delete": ([[on(1, "a"), on(5, **GONE)], [on(3, "b")]], [(1, 3, "a"), (3, 5, "b")]),
    "only deleted": ([[on(1, **GONE)]], []),
}
WITHIN_A_SECOND = [[at("00.000001", "a"), at("00.000003", "c")], [at("00.000002", "b")]]


def day(value: datetime | None) -> object:
    return None if value is None else value.day


def by_batch(number: int) -> list[dict[str, object]]:
    records = [
        {"id": name} | record
        for name, (batches, _) in CASES.items()
        for record in (batches[number] if number < len(batches) else [])
    ]
    if number < 2:
        records += [{"id": "within a second"} | record for record in WITHIN_A_SECOND[number]]
        records += [{"id": "not tracked"} | on(3 - number, "a", note=f"note of day {3 - number}")]
        records += [{"id": "tie"} | on(1, f"value {number}")]
    return records


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    """All cases in one table, batch by batch, with what each run did."""
    made = World(spark, tmp_path_factory.mktemp("history"), [VERSIONS, MONTHS])
    made.outcomes = []
    for number in range(3):
        made.deliver(f"{number}.json", by_batch(number))
        made.outcomes.append(made.run("raw", "bronze", *(["silver"] if number != 1 else [])))
    return made


@pytest.fixture(scope="module")
def shown(world) -> dict[str, list[tuple[object, ...]]]:
    """The live versions of every key in their order: one query for all cases."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for row in world.sql("SELECT id, valid_from, valid_to, v FROM {bronze.versions_live} ORDER BY id, valid_from"):
        found.setdefault(row["id"], []).append(tuple(row)[1:])
    return found


@pytest.mark.parametrize("case", CASES)
def test_promises_10_and_11_the_versions_of_a_key(shown, case):
    found = [(day(start), day(end), v) for start, end, v in shown.get(case, [])]
    assert found == CASES[case][1]


def test_promise_11_changes_within_one_second_are_versions(shown):
    assert [(start.microsecond, v) for start, _, v in shown["within a second"]] == [(1, "a"), (2, "b"), (3, "c")]


def test_promise_12_a_column_that_is_not_tracked_makes_no_version_and_shows_the_latest(world):
    rows = world.sql("SELECT valid_from, note, at FROM {bronze.versions_live} WHERE id = 'not tracked'")
    assert [(day(row[0]), row[1], day(row[2])) for row in rows] == [(2, "note of day 3", 3)]


def test_of_one_sequence_the_greatest_content_wins(shown):
    records = [{"id": "tie"} | on(1, f"value {number}") for number in range(2)]
    assert [v for _, _, v in shown["tie"]] == [max(records, key=model.order)["v"]]


def test_promise_10_exactly_one_current_row_per_live_key_and_no_gap_or_overlap(world):
    rows = world.sql(
        "SELECT id, count_if(is_current), count_if(valid_to <= valid_from), "
        "count_if(valid_to > next) FROM (SELECT *, lead(valid_from) OVER (PARTITION BY id ORDER BY valid_from) AS next "
        "FROM {bronze.versions_live}) GROUP BY id"
    )
    closed = {name for name, (_, expected) in CASES.items() if expected and expected[-1][1] is not None}
    assert {row[0]: row[1] for row in rows} == {row[0]: int(row[0] not in closed) for row in rows}
    assert [row for row in rows if row[2] or row[3]] == []


def test_promise_13_every_batch_was_one_commit(world):
    writes = [row for row in world.sql("DESCRIBE HISTORY {bronze.versions}") if row["operation"] in ("MERGE", "WRITE")]
    assert len(writes) == 3


def test_the_counts_of_a_history_add_up(world):
    for row in world.sql("SELECT * FROM {ops.table_runs} WHERE table_name = 'bronze.versions'"):
        assert row["read"] == row["applied"] + row["stale"] + row["duplicate"] + row["quarantined"]
    assert sum(outcome["bronze.versions"].counts.stale for outcome in world.outcomes) >= 1


def test_a_derived_table_sees_versions_that_a_late_record_ended(world):
    rows = {row[0]: (row[1], row[2]) for row in world.rows("silver.values_by_month")}
    expected = world.sql("SELECT count(*), count_if(is_current) FROM {bronze.versions_live}")[0]
    assert rows == {"2024-01": tuple(expected)}


def test_promise_15_a_repeated_batch_commits_nothing(world):
    before = world.versions()
    world.deliver("again.json", by_batch(0) + by_batch(1))
    outcome = world.run("raw", "bronze")["bronze.versions"]
    assert outcome.counts.changed == 0
    assert outcome.counts.stale == outcome.counts.read - outcome.counts.duplicate
    assert world.version("bronze.versions") == before["bronze.versions"]


def test_promise_18_a_rebuild_gives_the_same_rows(world):
    query = "SELECT * EXCEPT (_run_id) FROM {bronze.versions} ORDER BY id, _sequence"
    before = [tuple(row) for row in world.sql(query)]
    outcome = world.run("bronze", rebuild=True)["bronze.versions"]
    assert (outcome.path, outcome.counts.changed) == ("full", 0)
    assert [tuple(row) for row in world.sql(query)] == before


def test_join_as_of_takes_the_version_that_was_valid(world):
    run = Run(world.spark, world.settings, world.system)
    history = run.read("bronze.versions", world.version("bronze.versions")).select("id", "v", "valid_from", "valid_to")
    facts = world.spark.createDataFrame(
        [("delete and return", datetime(2024, 1, n, tzinfo=UTC)) for n in range(1, 6)]
        + [("late before the first", datetime(2023, 12, 31, tzinfo=UTC)), ("unknown", datetime(2024, 1, 1, tzinfo=UTC))],
        "id string, bought_at timestamp",
    )
    rows = join_as_of(facts, history, on=["id"], at="bought_at").collect()
    found = [(row["id"], day(row["bought_at"]), row["v"]) for row in rows]
    assert sorted(found) == sorted(
        [("delete and return", n, v) for n, v in ((1, "a"), (2, None), (3, None), (4, "a"), (5, "a"))]
        + [("late before the first", 31, None), ("unknown", 1, None)]
    )
