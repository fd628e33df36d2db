"""From daily counts to rows: what is found is told with the step, the people and the dimension that explains it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from systems.funnel import break_figures
from systems.funnel.found import FUNNEL_BREAKS, funnel_breaks
from systems.funnel.series import families_of
from tests.systems.funnel.counts import START, counted, people

NOTHING_RUNS = 60


def found(users: pd.DataFrame) -> pd.DataFrame:
    return funnel_breaks(families_of(counted(users)))


def test_a_break_of_one_device_is_found_by_device_and_a_random_column_explains_nothing() -> None:
    rows = found(people(60, 800, changes=[(30, 2, "mobile", 0.25)]))
    day = START + timedelta(days=30)
    assert set(rows["step"]) == {"search"} and set(rows["next_step"]) == {"product"}
    mobile = rows[rows["value"] == "mobile"].iloc[0]
    assert (mobile["dimension"], mobile["rank"], mobile["counting"]) == ("device", 1, "closed")
    assert mobile["earliest"] <= day <= mobile["latest"]
    assert "desktop" not in set(rows["value"])
    everybody = rows[rows["dimension"] == "everybody"].iloc[0]
    assert (everybody["explained_by"], everybody["explained_as"]) == ("device", "rates")
    assert everybody["explained_p_value"] < 0.001 and everybody["mix_share"] < 0.2
    assert everybody["moved"].startswith("mobile from ") and "desktop" not in everybody["moved"]
    assert rows[rows["dimension"] != "everybody"]["explained_by"].isna().all()
    said = break_figures.said(rows)["what changed"].tolist()
    assert "Everybody's rate changed by it." in said[0]
    assert any("It comes from device: mobile from" in sentence for sentence in said)


def test_where_nothing_changed_a_random_column_and_all_others_come_out_clean() -> None:
    alarms = sum(len(found(people(40, 200, seed=seed))) > 0 for seed in range(NOTHING_RUNS))
    assert alarms <= 7, alarms  # binomial(60, 0.05) exceeds 7 in 1 of 100 cases


def test_other_people_are_not_told_as_other_behaviour() -> None:
    rows = found(people(60, 3_000, mobile=0.1, mobile_later=0.9, changes=[(0, 1, "mobile", 0.2)]))
    everybody = rows[(rows["dimension"] == "everybody") & (rows["step"] == "landing")].iloc[0]
    assert (everybody["explained_by"], everybody["explained_as"]) == ("device", "mix")
    assert everybody["mix_share"] > 0.9
    assert everybody["moved"].startswith("share of ")
    assert "desktop" not in set(rows[rows["step"] == "landing"]["value"])
    assert "Other people came: it is the mix of device" in " ".join(break_figures.said(rows)["what changed"])


def test_a_change_of_everybody_alike_is_explained_by_nothing() -> None:
    rows = found(people(60, 800, seed=4, changes=[(0, 3, "all", 0.6), (30, 3, "all", 0.3)]))
    everybody = rows[rows["dimension"] == "everybody"]
    assert len(everybody) == 1 and everybody["explained_by"].isna().all()
    assert "No dimension explains it" in " ".join(break_figures.said(rows)["what changed"])


def test_rates_are_those_between_a_break_and_its_neighbours_and_so_is_the_explanation() -> None:
    users = people(90, 1_500, changes=[(30, 1, "mobile", 0.2), (60, 1, "desktop", 0.9)])
    rows = found(users)
    of_all = rows[(rows["dimension"] == "everybody") & (rows["step"] == "landing")].sort_values("day")
    days = [START + timedelta(days=place) for place in (30, 60)]
    assert of_all["day"].tolist() == days
    shares = [
        users[(users["day"] >= low) & (users["day"] < high)]["n_2"].mean()
        for low, high in zip([START, *days], [*days, START + timedelta(days=90 - 3)], strict=True)
    ]
    assert of_all["rate_before"].tolist() == pytest.approx(shares[:2], abs=0.003)
    assert of_all["rate_after"].tolist() == pytest.approx(shares[1:], abs=0.003)
    assert [text.split(" from ")[0] for text in of_all["moved"]] == ["mobile", "desktop"]


def test_days_whose_users_may_be_on_their_way_still_are_not_judged() -> None:
    """The last two days lack most of those who will go on: that is no change."""
    users = people(30, 2_000)
    users.loc[users["day"] >= START + timedelta(days=28), ["n_2", "n_3", "n_4", "n_5", "n_6"]] = False
    assert found(users).empty
    # The pages' journeys end on the day they begin: there the same counts are a change.
    there = funnel_breaks(families_of(counted(users, funnel="pages")))
    assert set(there["day"]) == {START + timedelta(days=28)}


def test_no_counts_and_no_breaks_give_the_declared_columns_and_say_so() -> None:
    nothing = found(people(3, 50))
    assert nothing.empty and list(nothing.columns) == FUNNEL_BREAKS.column_names
    no_counts = families_of(counted(people(2, 10))[:0])
    assert funnel_breaks(no_counts).empty
    assert break_figures.said(nothing)["what changed"].tolist() == ["No change found."]
    for figure in (break_figures.rates(no_counts, nothing), break_figures.sizes(nothing)):
        assert "No change found." in [text.get_text() for text in figure.axes[0].texts]
    assert break_figures.looked_at(no_counts)["series"].tolist() == [0, 0]
