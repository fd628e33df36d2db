"""Figures of the experiments' dashboard: what they show, their units, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.figure import Figure

from systems.ab_testing import figures

COLUMNS = ["experiment", "variant", "day", "attribution", *figures.SHOWN[1:]]
RESULTS = pd.DataFrame(
    [
        ("search/order", "7", "whole", "later_purchase", 100, 10, 12, 0.10, 0.05, 0.17, 104, 11, 13),
        ("search/order", "8", "whole", "later_purchase", 90, 18, 20, 0.20, 0.13, 0.29, 94, 19, 21),
        ("search/order", "7", "2024-06-01", "later_purchase", 60, 6, 6, 0.10, 0.04, 0.20, 62, 6, 6),
        ("search/order", "8", "2024-06-02", "later_purchase", 50, 5, 5, 0.10, 0.04, 0.21, 50, 5, 5),
        ("search/order", "7", "whole", "same_item", 100, 4, 4, 0.04, 0.01, 0.10, 104, 4, 4),
        ("oldPrice", "DEFAULT", "whole", "later_purchase", 500, 50, 60, 0.10, 0.08, 0.13, 500, 50, 60),
    ],
    columns=COLUMNS,
).assign(period=lambda rows: rows["day"].map(lambda day: "whole" if day == "whole" else "day"))
VARIANTS = figures.chosen(RESULTS, "search/order", "whole", "later_purchase")
DRAWN: dict[str, tuple[Callable[[], Figure], Callable[[], Figure]]] = {
    "conversion": (lambda: figures.conversion(VARIANTS), lambda: figures.conversion(VARIANTS[:0])),
    "by day": (
        lambda: figures.conversion_by_day(RESULTS, "search/order", "later_purchase"),
        lambda: figures.conversion_by_day(RESULTS, "oldPrice", "later_purchase"),
    ),
    "participants": (lambda: figures.participants(VARIANTS), lambda: figures.participants(VARIANTS[:0])),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_a_title_axis_labels_and_an_empty_state(name: str) -> None:
    full, empty = (draw().axes[0] for draw in DRAWN[name])
    for axes in (full, empty):
        assert axes.get_title(loc="left").strip() and axes.get_xlabel() and axes.get_ylabel()
    assert any("data" in text.get_text() for text in empty.texts)
    assert not empty.patches and not empty.lines and (full.patches or full.lines)


def test_an_experiment_with_two_variants_is_shown_before_a_larger_one_with_a_single_variant() -> None:
    assert figures.most_compared(RESULTS) == "search/order"
    assert figures.most_compared(RESULTS[5:]) == "oldPrice"
    assert figures.most_compared(RESULTS[:0]) == ""


def test_periods_start_with_the_whole_then_the_newest_day() -> None:
    assert figures.periods_of(RESULTS) == ["whole", "2024-06-02", "2024-06-01"]
    assert figures.periods_of(RESULTS[:0]) == ["whole"]
    assert figures.experiments_of(RESULTS) == ["oldPrice", "search/order"]


def test_a_rule_s_numbers_are_not_mixed_with_the_other_s() -> None:
    same_item = figures.chosen(RESULTS, "search/order", "whole", "same_item")
    assert figures.variant_table(same_item)["n_buyers"].tolist() == [4]
    assert "same_item within 48 h" in "".join(
        text.get_text() for text in figures.conversion(same_item).axes[0].texts
    )


def test_variants_keep_their_names_and_order_as_text() -> None:
    labels = [label.get_text() for label in figures.conversion(VARIANTS).axes[0].get_yticklabels()]
    assert labels == ["7 (n=100)", "8 (n=90)"]


def test_variants_stand_in_one_order_everywhere_nine_before_ten() -> None:
    ten = RESULTS.assign(variant=RESULTS["variant"].replace({"7": "10", "8": "9"}))
    chosen = figures.chosen(ten, "search/order", "whole", "later_purchase")
    assert chosen["variant"].tolist() == ["9", "10"]
    legend = figures.conversion_by_day(ten, "search/order", "later_purchase").axes[0].get_legend()
    assert legend is not None and [each.get_text() for each in legend.get_texts()] == ["9", "10"]


def test_contaminated_users_stand_apart_from_participants() -> None:
    widths = [patch.get_width() for patch in figures.participants(VARIANTS).axes[0].patches]
    assert widths == [100, 90, 4, 4]
