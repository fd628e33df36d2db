"""The main promise: the tables depend only on the set of records delivered, never on order, batches, repetition or deaths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.drawn import TABLES, differences, draw, run
from tests.engine.world import World

TABLES_IN_DEPTH, PER_TABLE = 60, 40


def _tried(spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, size: int) -> tuple[int, int]:
    drawn = draw(number, size)
    world = World(spark, folder, TABLES)
    died = run(world, drawn, monkeypatch)
    found = differences(world, drawn)
    world.drop()
    assert found == [], "\n".join(found[:3])
    return len(drawn.histories), died


def test_drawn_histories_give_what_the_model_gives(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories, _ = _tried(spark, tmp_path, monkeypatch, 1, 100)
    assert histories == 100


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_thousands_of_drawn_histories_give_what_the_model_gives(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    histories = died = 0
    for number in range(TABLES_IN_DEPTH):
        tried, ended = _tried(spark, tmp_path / str(number), monkeypatch, 100 + number, PER_TABLE)
        histories, died = histories + tried, died + ended
    with capsys.disabled():
        print(f"\n{histories} histories of both kinds in {TABLES_IN_DEPTH} tables of each, {died} runs died")
    assert histories >= 2000
