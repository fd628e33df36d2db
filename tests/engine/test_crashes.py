"""Promise 16: a run killed between any two of its side effects, and then repeated, leaves what an undisturbed one does."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.effects import EFFECTS
from tests.engine.drawn import TABLES, Drawn, differences, draw, parts, passed_effects
from tests.engine.one_run import start
from tests.engine.world import World

LAYERS = ("raw", "bronze")
IN_A_LAYER_RUN = [effect for effect in EFFECTS if effect != "settle quarantined rows"]
BAD = {"id": None, "at": "2024-01-01T00:00:00Z", "v": None, "n": None, "note": None, "gone": None}
KILLS, SEED = 50, 11


def _deliver(world: World, number: int, records: list[dict[str, Any]]) -> None:
    world.deliver(f"{number}.json", [*records, BAD | {"note": f"bad row of {number}"}])


def _settled(world: World, drawn: Drawn, deliveries: int) -> None:
    """The tables are what the model says, every bad row is kept once, and nothing is left to do."""
    assert differences(world, drawn) == []
    assert world.sql("SELECT count(*), count(DISTINCT record) FROM {raw.quarantine}")[0][0] == deliveries * len(TABLES)
    assert {outcome.status for outcome in world.run(*LAYERS).values()} == {"nothing to do"}


def _killed_before_each(effects: Sequence[str], spark: Any, spark_server: Any, tmp_path: Path) -> None:
    drawn = draw(3, 25)
    world = World(spark, tmp_path, TABLES)
    dealt = parts(drawn, len(effects))
    for number, (effect, records) in enumerate(zip(effects, dealt, strict=True)):
        _deliver(world, number, records)
        passed = 1 if effect == "write a table" else 0  # between the two tables
        runner = start(world, spark_server, "die", effect, str(passed), layers=LAYERS)
        ended = runner.wait()
        has_effect = effect != "log schema changes"  # no drift here
        assert ended == (-signal.SIGKILL if has_effect else 0), (effect, (tmp_path / "one_run.log").read_text()[-2000:])
    world.run(*LAYERS)  # each was killed on what the one before it left
    _settled(world, drawn, len(dealt))
    world.drop()


def test_promise_16_sigkill_between_what_landed_what_was_written_and_what_was_logged(
    spark: Any, spark_server: Any, tmp_path: Path
) -> None:
    _killed_before_each(["append to the file ledger", "write a table", "log table runs"], spark, spark_server, tmp_path)


@pytest.mark.deep
def test_promise_16_sigkill_before_every_named_side_effect(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    _killed_before_each(IN_A_LAYER_RUN, spark, spark_server, tmp_path)


def test_every_commit_of_a_run_is_a_named_side_effect(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(spark, tmp_path, TABLES)
    first, second = parts(draw(5, 10), 2)
    _deliver(world, 0, first)
    world.run(*LAYERS)
    paths = ["raw.records", "raw.quarantine", "ops.table_runs", "ops.checks", "ops.schema_changes", "ops.files"]
    paths += [table.path for table in TABLES]
    made = {f"{path.replace('.', '/')}" for path in paths}
    before = {path: world.version(path) for path in paths}
    _deliver(world, 1, second)
    seen = passed_effects(monkeypatch, lambda: world.run(*LAYERS))
    commits = sum(world.version(path) - before[path] for path in paths)
    assert len(seen) == commits, seen
    stored = {
        f"{row['namespace'].removeprefix(world.settings.schema_prefix).removeprefix('demo_')}/{row['tableName']}"
        for schema in ("demo_raw", "demo_bronze", "ops")
        for row in spark.sql(f"SHOW TABLES IN {world.settings.schema_prefix}{schema}").collect()
    }
    views = {"bronze/things_live", "bronze/versions_live", "ops/cursors"}
    assert stored - views == made
    world.drop()


@pytest.mark.deep
@pytest.mark.timeout(2400)
def test_promise_16_fifty_runs_killed_at_any_time(spark: Any, spark_server: Any, tmp_path: Path) -> None:
    drawn, moments = draw(9, 60), random.Random(SEED)
    world = World(spark, tmp_path, TABLES)
    dealt, killed = parts(drawn, KILLS), 0
    for number, records in enumerate(dealt):
        _deliver(world, number, records)
        runner = start(world, spark_server, layers=LAYERS)
        time.sleep(moments.uniform(1.5, 7.0))
        runner.kill()
        killed += runner.wait() == -signal.SIGKILL
        if number % 5 == 4:  # otherwise the next one is killed on what this one left
            world.run(*LAYERS)
    world.run(*LAYERS)
    assert killed > KILLS // 2
    _settled(world, drawn, len(dealt))
    world.drop()
