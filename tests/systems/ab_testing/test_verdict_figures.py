"""Verdicts and funnels as readers see them."""

from __future__ import annotations

import pandas as pd
import pytest

from systems.ab_testing import verdict_figures, verdicts
from systems.ab_testing.config import EVENT_NAMES
from tests.systems.ab_testing.test_verdicts import counts

ROWS = verdicts.judge(counts(
    won={"DEFAULT": (1000, 100), "7": (1000, 160)}, alone={"1": (5000, 50)}, even={"1": (2000, 100), "2": (2000, 101)},
)).assign(n_contaminated=0)  # fmt: skip
BY_NAME = {row["experiment"]: row for row in ROWS.to_dict("records")}
STEPS = pd.DataFrame(
    [("won", variant, place, name, share) for variant in ("7", "DEFAULT")
     for place, (name, share) in enumerate(zip(EVENT_NAMES, [0.1, 0.9, 0.5, 0.4, 0.3, 0.2], strict=True), start=1)],
    columns=["experiment", "variant", "step_number", "step", "share"],
)  # fmt: skip


def test_a_winner_is_named_in_words_and_nobody_else_is() -> None:
    assert verdict_figures.in_words(BY_NAME["won"]).startswith("Variant 7 won")
    assert "may be chance" in verdict_figures.in_words(BY_NAME["even"])
    assert "nothing to compare" in verdict_figures.in_words(BY_NAME["alone"])
    assert "No data" in verdict_figures.in_words(None)
    assert set(verdict_figures.WORDS) == set(verdicts.VERDICTS)


def test_winners_come_first_then_the_largest() -> None:
    assert verdict_figures.verdict_table(ROWS)["experiment"].tolist() == ["won", "alone", "even"]


def test_the_difference_stands_beside_zero_with_its_interval() -> None:
    axes = verdict_figures.differences(BY_NAME["won"]).axes[0]
    (label,) = [each.get_text() for each in axes.get_yticklabels()]
    assert label == "7 (best with 100%)"
    ((low, _), (high, _)) = axes.collections[0].get_segments()[0]
    assert 0 < low < 0.06 < high


@pytest.mark.parametrize("row", [None, BY_NAME["alone"]])
def test_without_anything_to_compare_the_figure_says_why(row: object) -> None:
    axes = verdict_figures.differences(row).axes[0]
    assert axes.get_title(loc="left") and len(axes.texts) == 1


def test_the_funnel_keeps_the_order_of_its_steps_whatever_their_size() -> None:
    axes = verdict_figures.funnel(STEPS).axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == list(EVENT_NAMES)
    assert axes.yaxis_inverted() and [round(each.get_width(), 1) for each in axes.patches[:6]] == [0.1, 0.9, 0.5, 0.4, 0.3, 0.2]
    assert "later_purchase" in "".join(each.get_text() for each in axes.texts)
    assert verdict_figures.funnel(STEPS[:0]).axes[0].texts
