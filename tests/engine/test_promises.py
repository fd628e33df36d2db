"""Promises 4, 16, 21 to 25 where they cross tables: horizons, bounds, secrets, the log, and dying at every step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine import pipeline
from engine.checks import Check, in_range
from engine.latest import purge_tombstones
from engine.run import Run
from engine.run_log import RunLog
from engine.spec import Column, Derived, Input
from tests.engine.world import World, latest
from utils.pseudonyms import pseudonym_of

pytestmark = pytest.mark.long

SECRET = "a secret of the tests"
JUNE = "2024-06-15T00:00:00Z"  # within the tombstone horizon of the test before


def things(records: DataFrame) -> DataFrame:
    return records


def people(things: DataFrame, pseudonym) -> DataFrame:
    return things.select(pseudonym(F.col("id")).alias("person"), "n")


THINGS = latest(
    things,
    [
        Column("id", "string", "Key.", path="id", personal=True),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("n", "bigint", "A number.", path="n"),
        Column("gone", "boolean", "Deleted.", path="gone"),
    ],
    deleted_when="gone",
    tombstone_days=30,
    cluster_by=["id"],
    checks=[Check("n is not odd", "n % 2 = 0", "quarantine"), in_range("n", 0, 100, "warn")],
)
PEOPLE = Derived(
    build=people,
    layer="gold",
    inputs={"things": Input("bronze.things")},
    key=["person"],
    grain="one row per person",
    columns=[Column("person", "string", "Pseudonym."), Column("n", "bigint", "A number.")],
)
TABLES = [THINGS, PEOPLE]


def record(id: str, day: int, n: int = 2, **more: object) -> dict[str, object]:
    return {"id": id, "at": f"2024-01-{day:02d}T00:00:00Z", "n": n} | more


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    made = World(spark, tmp_path_factory.mktemp("promises"), TABLES)
    made.deliver(
        "1.json",
        [record("alice", 1), record("bob", 2, 200), record("odd", 1, 3), record("gone", 5, gone=True)],
    )
    made.run("raw", "bronze", "gold")
    return made


def test_personal_ids_are_pseudonyms_in_gold(world):
    assert [row[0] for row in world.rows("gold.people")] == sorted(
        pseudonym_of(SECRET, id) for id in ("alice", "bob")
    )


def test_the_secret_stands_in_no_plan_history_or_log(world):
    told = [
        str(row.asDict())
        for path in ("gold.people", "bronze.things")
        for row in world.sql(f"DESCRIBE HISTORY {{{path}}}")
    ]
    told += [str(row.asDict()) for row in world.sql("SELECT * FROM {ops.table_runs}")]
    run = Run(world.spark, world.settings, world.system)
    frame = people(run.read("bronze.things", world.version("bronze.things")), run.pseudonym)
    told.append(frame._explain_string(extended=True))
    told.append(repr(world.settings))
    assert told
    assert not [text for text in told if SECRET in text]


def test_a_row_that_breaks_a_check_is_set_aside_once_with_its_place(world):
    rows = world.sql("SELECT check_name, reason, source, position, status, record FROM {raw.quarantine}")
    assert [tuple(row)[:5] for row in rows] == [("n is not odd", "n is not odd", "drops/1.json", 2, "open")]
    assert '"id":"odd"' in rows[0]["record"]
    world.run("bronze", rebuild=True)
    assert len(world.sql("SELECT * FROM {raw.quarantine}")) == 1


def test_promise_23_check_results_are_kept_as_history(world):
    rows = world.sql(
        "SELECT check_name, severity, broken FROM {ops.checks} WHERE table_name = 'bronze.things'"
    )
    assert ("n is between 0 and 100", "warn", 1) in {tuple(row) for row in rows}


def test_promise_25_the_run_log_adds_up_for_every_table(world):
    rows = world.sql("SELECT * FROM {ops.table_runs} WHERE layer = 'bronze'")
    assert rows
    for row in rows:
        assert (
            row["read"]
            == row["inserted"] + row["updated"] + row["stale"] + row["duplicate"] + row["quarantined"]
        )


def test_promise_22_merge_reads_only_files_within_the_bounds_of_the_batch(world):
    world.deliver("2.json", [record(f"z{i}", 1) for i in range(20)])
    world.run()
    files = world.sql("DESCRIBE DETAIL {bronze.things}")[0]["numFiles"]
    world.deliver("3.json", [record("z1", 2, 4)])
    outcome = world.run()["bronze.things"]
    assert (outcome.counts.updated, outcome.counts.rows_copied) == (1, 0)
    assert outcome.counts.files_scanned < files


def test_promise_4_a_record_below_the_tombstone_horizon_is_reported_not_resurrected(world):
    run = Run(world.spark, replace(world.settings, as_of=date(2024, 6, 30)), world.system)
    assert purge_tombstones(run, THINGS) == 1
    world.deliver("4.json", [record("gone", 4), record("alice", 3, 8)])
    world.run()
    assert "gone" not in {row[0] for row in world.rows("bronze.things", "id")}
    assert ("alice", 8) in world.rows("bronze.things", "id", "n")
    reasons = {row["reason"] for row in world.sql("SELECT reason FROM {raw.quarantine}")}
    assert "older than the tombstone horizon" in reasons


class Died(BaseException):
    """Stands for the process that ends here."""


@pytest.mark.parametrize("step", ["set_aside", "append"])
def test_promise_16_dying_between_data_and_log_costs_a_repeat_and_never_a_row(world, monkeypatch, step):
    world.deliver(
        f"dies at {step}.json",
        [record(f"dies at {step}", 1, at=JUNE), record(f"odd at {step}", 1, 5, at=JUNE)],
    )
    world.run("raw")

    def dies(*_args: object, **_kwargs: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(pipeline if step == "set_aside" else RunLog, step, dies)
        with pytest.raises(Died):
            world.run("bronze")
    outcome = world.run("bronze")["bronze.things"]
    assert (outcome.counts.read, outcome.counts.stale, outcome.counts.quarantined) == (2, 1, 1)
    assert f"dies at {step}" in {row[0] for row in world.rows("bronze.things", "id")}
    kept = [
        row for row in world.sql("SELECT record FROM {raw.quarantine}") if f"odd at {step}" in row["record"]
    ]
    assert len(kept) == 1
