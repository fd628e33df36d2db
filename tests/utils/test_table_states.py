"""What an app can say of the pipeline's tables: the last run, the last change, and what may not be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.experiments_gold import RAN_AT, World, run, write_gold, write_run_log
from utils.errors import SourceError
from utils.gold import DeltaGold, Description
from utils.table_states import TableState, tables_of, version


class GoldAlone(DeltaGold):
    """A place that shows one layer and refuses the others, as a catalogue does to an app's service principal."""

    def describe(self, table: str) -> Description | None:
        if "_gold." not in table:
            raise SourceError("SQL statements", "INSUFFICIENT_PERMISSIONS")
        return super().describe(table)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TableState]:
    folder = tmp_path_factory.mktemp("warehouse")
    write_gold(folder, World({"a": {"1": (10, 1)}}))
    write_run_log(folder, [
        run("gold.experiment_results", 9, status="nothing to do", inserted=0), run("gold.experiment_results", 3),
        run("raw.events", 1), run("bronze.events", 4, status="failed", error="broken"), run("silver.exposures", 2),
        run("gold.votes", 5, system="community"), run("ops.table_runs", 6, layer="ops"), run("gold.gone", 7),
    ])  # fmt: skip
    gold = GoldAlone(folder)
    found = version(gold)
    assert found == "ops.table_runs@0"
    return {state.name: state for state in tables_of(gold, "ab_testing", found)}


def test_tables_come_by_layer_and_only_those_of_the_system(states: dict[str, TableState]) -> None:
    assert list(states) == ["raw.events", "bronze.events", "silver.exposures", "gold.experiment_results", "gold.gone"]
    assert [state.layer for state in states.values()] == ["raw", "bronze", "silver", "gold", "gold"]


def test_the_last_run_and_the_last_change_are_told_apart(states: dict[str, TableState]) -> None:
    results = states["gold.experiment_results"]
    assert (results.last_run["status"], (results.last_run["finished_at"] - RAN_AT).seconds) == ("nothing to do", 9 * 60)
    assert results.last_change and (results.last_change["finished_at"] - RAN_AT).seconds == 3 * 60
    assert states["bronze.events"].last_change is None and states["bronze.events"].last_run["error"] == "broken"


def test_a_table_that_may_be_seen_describes_itself(states: dict[str, TableState]) -> None:
    described = states["gold.experiment_results"].described
    assert described and (described.comment, described.commit) == ("one row per experiment_results key", 0)
    assert described.n_rows == 2 * len(World({}).periods)
    assert ("experiment", "string", "") in described.fields


def test_what_cannot_be_seen_has_its_reason(states: dict[str, TableState]) -> None:
    assert (states["raw.events"].described, states["raw.events"].unseen) == (None, "INSUFFICIENT_PERMISSIONS")
    assert (states["gold.gone"].described, states["gold.gone"].unseen) == (None, "the table is not there")


def test_before_any_run_there_is_no_version(tmp_path: Path) -> None:
    assert version(DeltaGold(tmp_path)) is None
