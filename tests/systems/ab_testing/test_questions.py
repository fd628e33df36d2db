"""Questions that take in several rows: all experiments of a period, all days of an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from systems.ab_testing.questions import TABLES, Experiments, Unknown
from tests.apps.experiments_gold import World, write_gold
from utils.gold import DeltaGold

WORLD = World(
    {
        "b/even": {"1": (2000, 200), "2": (2000, 201)}, "a/won": {"1": (900, 90), "2": (900, 190)},
        "c/large": {"DEFAULT": (9000, 900)},
    },
    days={"2021-08-02": 0.5, "2021-08-01": 0.5}, only_whole=("c/large",),
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Experiments:
    return experiments_of(WORLD, tmp_path_factory.mktemp("gold"))


def experiments_of(world: World, folder: Path) -> Experiments:
    write_gold(folder, world)
    gold = DeltaGold(folder)
    version = gold.version(TABLES)
    assert version is not None
    return Experiments.read(gold, version)


def test_all_results_of_a_period_have_winners_first_then_by_participants(asked: Experiments) -> None:
    rows = asked.all_results("whole")
    assert [(row["experiment"], row["winner"]) for row in rows] == [("a/won", "2"), ("c/large", None), ("b/even", None)]
    assert rows[0] | {"experiment": "a/won"} == asked.result("a/won", "whole") | {"experiment": "a/won"}


def test_experiments_without_data_in_the_period_are_left_out(asked: Experiments) -> None:
    assert [row["experiment"] for row in asked.all_results("2021-08-01")] == ["a/won", "b/even"]
    assert asked.all_results("2020-01-01") == []


def test_the_rule_is_that_which_is_asked_for(asked: Experiments) -> None:
    buyers = {rule: asked.all_results("whole", rule)[0]["variants"][1]["n_buyers"] for rule in ("later_purchase", "same_item")}
    assert buyers == {"later_purchase": 190, "same_item": 95}


def test_days_come_oldest_first_and_hold_no_hour_and_no_whole(asked: Experiments) -> None:
    found = asked.by_day("a|won")
    assert list(found) == ["2021-08-01", "2021-08-02"]
    assert found["2021-08-02"] == asked.result("a/won", "2021-08-02")
    assert asked.by_day("c/large") == {}
    with pytest.raises(Unknown, match="Unknown experiment 'no'"):
        asked.by_day("no")


def test_periods_are_whole_then_days_then_hours_newest_first(asked: Experiments) -> None:
    assert asked.periods == ["whole", "2021-08-02", "2021-08-01", "2021-08-01 23"]
    assert asked.days("c/large") == ["whole"]


def test_a_variant_that_only_contaminated_users_met_has_a_funnel_without_users(tmp_path: Path) -> None:
    mixed = experiments_of(World({"d/mixed": {"1": (0, 0)}}), tmp_path)
    steps = mixed.funnel("d/mixed", "whole")
    assert [(row["step_number"], row["n_users"], row["n_participants"], row["share"]) for row in steps] == [
        (step, 0, 0, 0.0) for step in range(1, 7)]  # fmt: skip
    assert mixed.result("d/mixed", "whole")["verdict"] == "single variant"
