"""Promises 14, 17 and 24: ranges of raw once more, quarantined rows once more, and upkeep that moves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame

from engine import maintenance
from engine.again import backfill, replay_quarantine
from engine.checks import Check
from engine.spec import Column
from tests.engine.world import World, latest
from utils.errors import SettingsError

pytestmark = pytest.mark.long


def things(records: DataFrame) -> DataFrame:
    return records


def declared(rule: str):
    columns = [
        Column("id", "string", "Key.", path="id"),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("n", "bigint", "A number.", path="n"),
        Column("gone", "boolean", "Deleted.", path="gone"),
    ]
    checks = [Check("n is allowed", rule, "quarantine"), Check("n is not a thousand", "n <> 1000", "quarantine")]
    return latest(things, columns, checks=checks, deleted_when="gone", tombstone_days=10)


STRICT, LAX = declared("n < 100"), declared("n < 1000000")


def record(id: str | None, day: int, n: int, **more: object) -> dict[str, object]:
    return {"id": id, "at": f"2024-01-{day:02d}T00:00:00Z", "n": n} | more


def statuses(world: World) -> dict[str, str]:
    rows = world.sql("SELECT get_json_object(record, '$.id') AS id, check_name, status FROM {raw.quarantine}")
    return {f"{row['id']}: {row['check_name']}": row["status"] for row in rows}


@pytest.fixture(scope="module")
def world(spark, tmp_path_factory):
    made = World(spark, tmp_path_factory.mktemp("again"), [STRICT])
    good = [record("a", 1, 1), record("b", 5, 2), record("c", 9, 3)]
    made.deliver("1.json", [*good, record("big", 2, 500), record("newer", 2, 501)])
    made.deliver("2.json", [record("thousand", 3, 1000), record(None, 3, 1), record("dead", 3, 1, gone=True)])
    made.run()
    made.deliver("3.json", [record("newer", 3, 7)])
    made.run()
    return made


def test_promise_17_a_backfill_brings_back_its_range_only_and_leaves_the_cursor_alone(world):
    world.sql("DELETE FROM {bronze.things} WHERE id IN ('a', 'b', 'c')")
    cursors = world.sql("SELECT seen FROM {ops.cursors} WHERE layer = 'bronze'")
    outcome = backfill(world.spark, world.system, world.settings, date(2024, 1, 1), date(2024, 1, 9)).all[0]
    assert (outcome.counts.inserted, outcome.path, outcome.status) == (2, "backfill", "written")
    assert {row[0] for row in world.rows("bronze.things", "id")} == {"a", "b", "newer"}
    assert world.sql("SELECT seen FROM {ops.cursors} WHERE layer = 'bronze'") == cursors
    outcome = backfill(world.spark, world.system, world.settings, date(2024, 1, 9), date(2024, 1, 10)).all[0]
    assert outcome.counts.inserted == 1


def test_promise_17_a_backfill_twice_and_an_empty_one_commit_nothing(world):
    before = world.version("bronze.things")
    for start, end in ((date(2024, 1, 1), date(2024, 1, 10)), (date(2023, 1, 1), date(2023, 2, 1))):
        outcome = backfill(world.spark, world.system, world.settings, start, end).all[0]
        assert (outcome.status, outcome.counts.changed) == ("nothing to do", 0)
    assert world.version("bronze.things") == before


def test_a_backfill_of_no_days_is_refused(world):
    with pytest.raises(SettingsError, match="a start before the end"):
        backfill(world.spark, world.system, world.settings, date(2024, 1, 2), date(2024, 1, 2))


def test_promise_24_a_replay_by_unchanged_rules_changes_nothing(world):
    before = world.versions() | {"quarantine": world.version("raw.quarantine")}
    outcome = replay_quarantine(world.spark, world.system, world.settings).all[0]
    assert (outcome.counts.read, outcome.counts.quarantined, outcome.status) == (4, 4, "nothing to do")
    assert world.versions() | {"quarantine": world.version("raw.quarantine")} == before


def test_promise_24_a_replay_brings_in_what_passes_today_and_never_over_a_newer_row(world):
    mended = world.with_tables(LAX)
    outcome = replay_quarantine(world.spark, mended.system, world.settings).all[0]
    assert (outcome.counts.read, outcome.counts.inserted, outcome.counts.stale, outcome.counts.quarantined) == (4, 1, 1, 2)
    rows = dict(mended.rows("bronze.things", "id", "n"))
    assert (rows["big"], rows["newer"]) == (500, 7)
    assert statuses(mended) == {
        "big: n is allowed": "replayed",
        "newer: n is allowed": "replayed",
        "thousand: n is allowed": "replaced",
        "thousand: n is not a thousand": "open",
        "None: key id is null": "open",
    }


def test_promise_24_replaying_twice_does_nothing_more(world):
    mended = world.with_tables(LAX)
    before = mended.versions() | {"quarantine": mended.version("raw.quarantine")}
    assert replay_quarantine(world.spark, mended.system, world.settings).all[0].status == "nothing to do"
    assert mended.versions() | {"quarantine": mended.version("raw.quarantine")} == before


def test_only_runs_move_cursors(world):
    kinds = {row[0] for row in world.sql("SELECT DISTINCT kind FROM {ops.table_runs}")}
    assert kinds >= {"run", "backfill", "replay"}


def test_promise_14_maintenance_decides_from_history_and_moves_no_row(world, monkeypatch):
    monkeypatch.setattr(maintenance, "MANY_SMALL_FILES", 5)
    for number in range(4):
        world.deliver(f"many {number}.json", [record(f"many {number}", 1, 1)])
        world.run_one("raw")
    mended = world.with_tables(LAX)
    mended.run("bronze")
    rows = mended.rows("bronze.things")
    settings = replace(world.settings, as_of=date(2024, 6, 30))
    done = {outcome.table: outcome for outcome in maintenance.maintain(world.spark, mended.system, settings).all}
    assert "files compacted" in done["raw.records"].why
    assert "tombstones purged (1)" in done["bronze.things"].why
    assert (done["raw.quarantine"].status, done["raw.quarantine"].why) == ("nothing to do", "few files, none outdated")
    assert mended.rows("bronze.things") == rows
    outcome = mended.run("bronze")["bronze.things"]
    assert (outcome.status, outcome.counts.read) == ("nothing to do", 0)
    again = {outcome.table: outcome.status for outcome in maintenance.maintain(world.spark, mended.system, settings).all}
    assert (again["raw.records"], again["bronze.things"]) == ("nothing to do", "nothing to do")
