"""The write step by itself, for batches that are fetched and for those that stay a plan."""

from __future__ import annotations

import pytest

from engine.catalog import create_table
from engine.merge import merge_ordered
from engine.outcomes import Counts
from engine.settle import FEW_ROWS
from engine.spec import Column

COLUMNS = [
    Column("id", "bigint", "Key."),
    Column("_sequence", "timestamp", "Orders versions."),
    Column("_content_hash", "string", "Orders versions of one sequence."),
]
NAMES = [column.name for column in COLUMNS]
STORED = "timestamp'2024-01-10 00:00:00'"
OLDER, NEWER = "2024-01-05 00:00:00", "2024-01-20 00:00:00"


def rows(spark, n, sequence, content="'stored'"):
    return spark.range(n).selectExpr("id", f"{sequence} AS _sequence", f"{content} AS _content_hash")


@pytest.fixture
def target(spark, schema_prefix):
    """Ten thousand rows of the tenth of January."""
    spark.sql(f"CREATE SCHEMA {schema_prefix}merge").collect()
    name = f"{schema_prefix}merge.things"
    create_table(spark, name, COLUMNS, comment="things", cluster_by=["id"])
    rows(spark, 10_000, STORED).write.format("delta").mode("append").saveAsTable(name)
    return name


@pytest.mark.parametrize("n", [300, 3 * FEW_ROWS], ids=["fetched", "a plan"])
def test_promise_2_of_a_mixed_batch_only_newer_and_new_rows_are_written(spark, target, n):
    day = f"CASE id % 3 WHEN 0 THEN timestamp'{OLDER}' WHEN 1 THEN timestamp'{NEWER}' ELSE {STORED} END"
    batch = rows(spark, n, day).union(rows(spark, 5, f"timestamp'{OLDER}'").selectExpr("id + 20000", *NAMES[1:]))
    counts = merge_ordered(
        spark, target, batch, key=["id"], columns=NAMES, bounds=" AND t.id BETWEEN 0 AND 20005", at_most=n + 5, oldest=OLDER
    )
    inside = min(n, 10_000)
    assert (counts.updated, counts.inserted) == ((inside + 1) // 3, n - inside + 5)
    newer = spark.table(target).where(f"_sequence = timestamp'{NEWER}' AND id < 10000")
    assert {row["id"] for row in newer.collect()} == set(range(1, inside, 3))
    assert spark.table(target).where(f"_sequence = timestamp'{OLDER}' AND id < 10000").isEmpty()


@pytest.mark.parametrize("n", [300, 9_000], ids=["fetched", "a plan"])
def test_promise_15_a_batch_that_is_all_stale_makes_no_commit(spark, target, n):
    stale = rows(spark, n, f"timestamp'{OLDER}'")
    done = merge_ordered(spark, target, stale, key=["id"], columns=NAMES, at_most=n, oldest=OLDER)
    assert done == Counts()
    history = spark.sql(f"DESCRIBE HISTORY {target}").collect()
    assert [row["operation"] for row in history if row["operation"] == "MERGE"] == []
