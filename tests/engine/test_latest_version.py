"""Promises 1 to 6 and 15: the latest version per key, whatever the order, the batches and the repetitions."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column
from tests.engine.world import World, latest


def things(records: DataFrame) -> DataFrame:
    return records.withColumn("kind", F.lit("thing"))


THINGS = latest(
    things,
    [
        Column("id", "string", "Key.", path="id"),
        Column("part", "string", "Second part of the key.", path="part"),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("value", "string", "A value.", path="value"),
        Column("n", "int", "A number.", path="n"),
        Column("gone", "boolean", "Deleted.", path="gone"),
        Column("kind", "string", "Made by the builder."),
    ],
    key=["id", "part"],
    deleted_when="gone",
    normalise={"part": "lower(trim(part))"},
)


def record(id: str | None, at: str | None, value: str | None = None, **more: object) -> dict[str, object]:
    return {"id": id, "part": "p", "at": at and f"2024-01-{at}T00:00:00Z", "value": value} | more


FIRST = [
    record("newer after older", "01", "old"),
    record("older after newer", "05", "new"),
    record("three in one batch", "02", "b"),
    record("three in one batch", "03", "c"),
    record("three in one batch", "01", "a"),
    record("tie", "01", "x"),
    record("repeated", "01", "same"),
    record("same microsecond", None, "a") | {"at": "2024-01-01T00:00:00.000001Z"},
    record("deleted last", "01", "alive"),
    record("deleted before the insert", "05", gone=True),
    record("deleted and returned", "02", gone=True),
    record("old delete", "05", "stays"),
    record("year one", None, "ancient") | {"at": "0001-01-01T00:00:00Z"},
    record("null and empty", "01", None),
    record("normalised", "01", "one", part="  P "),
    record("case differs", "01", "lower"),
    record("CASE DIFFERS", "01", "upper"),
    record("composite", "01", "left", part="a"),
    record("composite", "01", "right", part="b"),
    record("7", "01", "text"),
    record(None, "01", "null key"),
    record("null part", "01", "null part", part=None),
    record("null sequence", None, "no sequence"),
    record("year 9999", None, "future") | {"at": "9999-12-31T00:00:00Z"},
    record("not a number", "01", "conflict", n="many"),
    record("beyond int", "01", "conflict", n=3_000_000_000),
]
SECOND = [
    record("newer after older", "02", "new"),
    record("older after newer", "01", "old"),
    record("tie", "01", "y"),
    record("repeated", "01", "same"),
    record("repeated", "01", "same"),
    record("same microsecond", None, "b") | {"at": "2024-01-01T00:00:00.000001Z"},
    record("deleted last", "02", gone=True),
    record("deleted before the insert", "01", "late"),
    record("deleted and returned", "03", "back"),
    record("old delete", "01", gone=True),
    record("null and empty", "02", ""),
    record("normalised", "02", "two", part="p"),
    record("7", "02", "still text"),
    record("late and unseen", "01", "lands"),
]


@pytest.fixture(scope="module")
def done(spark, tmp_path_factory):
    """Two batches, then the second one again under another name and order: (world, outcomes of each run)."""
    world = World(spark, tmp_path_factory.mktemp("latest"), [THINGS])
    outcomes = []
    for name, records in {"a.json": FIRST, "b.json": SECOND, "c.json": SECOND[::-1]}.items():
        world.deliver(name, records)
        before = world.version("bronze.things") if outcomes else -1
        outcomes.append((world.run()["bronze.things"], before))
    return world, outcomes


@pytest.fixture(scope="module")
def values(done):
    world, _ = done
    return {row[0]: row[1] for row in world.rows("bronze.things", "id", "value")}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("newer after older", "new"),
        ("older after newer", "new"),
        ("three in one batch", "c"),
        ("repeated", "same"),
        ("deleted and returned", "back"),
        ("old delete", "stays"),
        ("late and unseen", "lands"),
        ("year one", "ancient"),
        ("null and empty", ""),
        ("normalised", "two"),
        ("case differs", "lower"),
        ("CASE DIFFERS", "upper"),
        ("7", "still text"),
    ],
)
def test_promises_2_and_3_the_winner_is_the_newest_record_of_its_key(values, key, expected):
    assert values[key] == expected


@pytest.fixture(scope="module")
def other_order(spark, tmp_path_factory):
    """The same records, the batches the other way round and each in reverse."""
    world = World(spark, tmp_path_factory.mktemp("other"), [THINGS])
    for name, records in {"b.json": SECOND, "a.json": FIRST}.items():
        world.deliver(name, records[::-1])
        world.run()
    return world


def test_the_table_does_not_depend_on_order_or_batches(done, other_order):
    world, _ = done
    assert other_order.rows("bronze.things") == world.rows("bronze.things")


@pytest.mark.parametrize("key", ["tie", "same microsecond"])
def test_promise_1_a_tie_is_decided_by_content_whatever_the_order(done, other_order, key):
    world, _ = done
    mine = [row for row in world.rows("bronze.things") if row[0] == key]
    assert mine == [row for row in other_order.rows("bronze.things") if row[0] == key]
    assert len(mine) == 1


@pytest.mark.parametrize("key", ["deleted last", "deleted before the insert"])
def test_promise_4_a_deleted_key_is_not_seen_and_not_resurrected(values, key):
    assert key not in values


def test_tombstones_stay_behind_the_live_view(done):
    world, _ = done
    kept = {row["id"] for row in world.sql("SELECT id FROM {bronze.things} WHERE _is_deleted")}
    live = {row["id"] for row in world.sql("SELECT id FROM {bronze.things_live}")}
    assert kept == {"deleted last", "deleted before the insert"}
    assert not kept & live


def test_promise_6_parts_of_a_composite_key_are_told_apart(done):
    world, _ = done
    assert [row for row in world.rows("bronze.things", "id", "part", "value") if row[0] == "composite"] == [
        ("composite", "a", "left"),
        ("composite", "b", "right"),
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("null key", "key id is null"),
        ("null part", "key part is null"),
        ("no sequence", "sequence at is null"),
        ("future", "sequence at lies in the future of its landing"),
        ("conflict", "type conflict in n"),
    ],
)
def test_promise_5_a_record_that_breaks_a_rule_is_in_quarantine_with_the_reason(done, value, reason):
    world, _ = done
    found = world.sql("SELECT reason, source, record FROM {raw.quarantine}")
    mine = [row for row in found if f'"value":"{value}"' in row["record"]]
    assert {row["reason"] for row in mine} == {reason}
    assert {row["source"] for row in mine} == {"drops/a.json"}


def test_every_record_is_counted_once(done):
    _, outcomes = done
    for outcome, _ in outcomes:
        counts = outcome.counts
        assert (
            counts.read
            == counts.inserted + counts.updated + counts.stale + counts.duplicate + counts.quarantined
        )
    first, second, third = (outcome.counts for outcome, _ in outcomes)
    assert (first.read, first.quarantined, first.duplicate) == (len(FIRST), 6, 2)
    assert (second.read, second.inserted, second.duplicate) == (len(SECOND), 1, 1)
    assert (third.read, third.inserted, third.updated, third.stale, third.duplicate) == (
        len(SECOND),
        0,
        0,
        len(SECOND) - 1,
        1,
    )


def test_promise_15_a_batch_that_was_applied_before_makes_no_commit(done):
    world, outcomes = done
    last, version_before = outcomes[-1]
    assert last.status == "nothing to do"
    assert world.version("bronze.things") == version_before


def test_rebuilding_from_raw_gives_the_same_rows_and_no_commit(done):
    world, _ = done
    before, version = world.rows("bronze.things"), world.version("bronze.things")
    outcome = world.run("bronze", rebuild=True)["bronze.things"]
    assert (outcome.path, outcome.why) == ("full", "rebuild was asked for")
    assert world.rows("bronze.things") == before
    assert world.version("bronze.things") == version
