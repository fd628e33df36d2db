"""Questions that take in several rows: all experiments of a period, all days of an experiment."""

from __future__ import annotations

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
    folder = tmp_path_factory.mktemp("gold")
    write_gold(folder, WORLD)
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
