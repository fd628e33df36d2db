"""What a careless version does to users of two variants, to names without a slash, and to times that do not say their day."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from systems.ab_testing import bronze, silver
from systems.ab_testing.gold.experiment_funnel import experiment_funnel
from systems.ab_testing.gold.variant_results import variant_results

FIELDS = ("event_name", "item_id", "timestamp", "site", "experiments", "user_id", "_record_hash")
# Ann meets both variants of a/b, the second alone in her last hour; Bob buys what he saw, Cid something else.
EVENTS = [
    ("PRODUCT", "1", "2023-06-01T20:10:00.000-0400", "{a/b=1, oldPrice=9}", "Ann"),
    ("BUY", "1", "2023-06-01T20:20:00.000-0400", "{}", "Ann"),
    ("SEARCH", "", "2023-06-01T23:50:00.000-0400", "{a/b=2}", "Ann"),
    ("PRODUCT", "7", "2023-06-01T20:30:00.000-0400", "{a/b=1, oldPrice=10}", "Bob"),
    ("BUY", "7", "2023-06-02T09:00:00.000-0400", "{}", "Bob"),
    ("SEARCH", "", "2023-06-01T21:00:00.000-0400", "{oldPrice=9}", "Cid"),
    ("CHECKOUT_1", "", "2023-06-01T21:01:00.000-0400", "{}", "Cid"),
    ("BUY", "3", "2023-06-03T20:59:59.000-0400", "{}", "Cid"),
]
NO_TIMES = ["12:30:00", "2021", "2023-06-01", "2023-06-01T12:30:00.000", "2024-13-45T99:00:00.000-0400"]


@pytest.fixture(scope="module")
def tables(spark: Any) -> dict[str, pd.DataFrame]:
    """All tables of the events, by name."""
    rows = [(name, item, at, "SHP", tags, user, str(place)) for place, (name, item, at, tags, user) in enumerate(EVENTS)]
    events = bronze.events(spark.createDataFrame(rows, ", ".join(f"{name} string" for name in FIELDS)))
    exposures, purchases = silver.exposures(events), silver.purchases(events)
    results, funnels = variant_results(exposures, purchases), experiment_funnel(exposures, silver.user_steps(events))
    frames = {"exposures": exposures.drop("items"), "results": results, "funnels": funnels}
    return {name: frame.toPandas() for name, frame in frames.items()}


def test_a_user_of_two_variants_is_one_user_and_left_out_of_both(tables: dict[str, pd.DataFrame]) -> None:
    results = tables["results"]
    mine = results[(results["experiment"] == "a/b") & (results["day"] == "whole")].sort_values(["attribution", "variant"])
    names = ["attribution", "variant", "n_participants", "n_buyers", "n_participants_all", "n_buyers_all", "n_users"]
    assert mine[names].to_numpy().tolist() == [
        ["later_purchase", "1", 1, 1, 2, 2, 2], ["later_purchase", "2", 0, 0, 1, 0, 2],
        ["same_item", "1", 1, 1, 2, 2, 2], ["same_item", "2", 0, 0, 1, 0, 2],
    ]  # fmt: skip


def test_experiments_without_a_slash_in_their_name_are_not_lost(tables: dict[str, pd.DataFrame]) -> None:
    results = tables["results"]
    mine = results[(results["experiment"] == "oldPrice") & (results["day"] == "whole")].sort_values(["attribution", "variant"])
    assert mine[["attribution", "variant", "n_participants", "n_buyers"]].to_numpy().tolist() == [
        ["later_purchase", "10", 1, 1], ["later_purchase", "9", 2, 2],
        ["same_item", "10", 1, 1], ["same_item", "9", 2, 1],
    ]  # fmt: skip
    assert set(tables["funnels"]["experiment"]) == {"a/b", "oldPrice"}


def test_a_funnel_has_its_steps_wherever_there_is_a_result(tables: dict[str, pd.DataFrame]) -> None:
    results, funnels = tables["results"], tables["funnels"]
    places = [set(frame[["experiment", "variant", "day"]].itertuples(index=False, name=None)) for frame in (results, funnels)]
    assert places[0] == places[1] and len(funnels) == 6 * len(places[1])
    late = funnels[(funnels["experiment"] == "a/b") & (funnels["day"] == "2023-06-01 23")].sort_values("step_number")
    assert late[["variant", "step_number", "n_users", "n_participants", "share"]].to_numpy().tolist() == [
        ["2", step, 0, 0, 0.0] for step in range(1, 7)]  # fmt: skip
    assert set(funnels["attribution"]) == {"later_purchase"}


def test_an_exposure_says_by_each_rule_whether_a_purchase_followed(tables: dict[str, pd.DataFrame]) -> None:
    names = ["user_id", "experiment", "variant", "has_later_purchase", "has_same_item_purchase"]
    assert tables["exposures"].sort_values(names[:3])[names].to_numpy().tolist() == [
        ["Ann", "a/b", "1", True, True], ["Ann", "a/b", "2", False, False], ["Ann", "oldPrice", "9", True, True],
        ["Bob", "a/b", "1", True, True], ["Bob", "oldPrice", "10", True, True], ["Cid", "oldPrice", "9", True, False],
    ]  # fmt: skip


@pytest.mark.parametrize("text", NO_TIMES)
def test_a_time_without_its_day_or_offset_is_no_time_and_has_no_local_day(spark: Any, text: str) -> None:
    row = ("SEARCH", "", text, "SHP", "{a/b=1}", "Ann", "0")
    events = bronze.events(spark.createDataFrame([row], ", ".join(f"{name} string" for name in FIELDS)))
    assert [tuple(each) for each in events.select("event_at", "local_hour", "local_day").collect()] == [(None, None, None)]
