"""Figures of the vouchers' dashboard: what they show, their units, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from matplotlib.figure import Figure

from systems.vouchers import figures, segment_figures
from systems.vouchers.gold import RULES
from utils.settings import checked_choice

DAY = date(2023, 6, 2)
PROFILE = pd.DataFrame(
    [("China", 900, 2, 1, 0, 120, 70, 66, 1, 9), ("Peru", 1500, 2, 3, 1, 80, 120, 110, 1, 20)],
    columns=["country", "n_rows", "n_files", "n_repeats", "n_misfits", "n_without_amount",
             "n_without_orders", "n_used_before_order", "n_first_after_last", "n_no_orders_two_dates"],
)  # fmt: skip
AMOUNTS = pd.DataFrame(
    [("Peru", 3520.0, 300), ("Peru", 2640.0, 900), ("China", 30.0, 500)], columns=["country", "voucher_amount", "n_rows"]
)
SEGMENTS = pd.DataFrame(
    [
        ("Peru", "frequent_segment", "none", "38+", 4400.0, 60, 0.6, 1, DAY),
        ("Peru", "frequent_segment", "none", "38+", 2640.0, 40, 0.4, 2, DAY),
        ("Peru", "frequent_segment", "none", "0-4", 2640.0, 10, 1.0, 1, DAY),
        ("Peru", "recency_segment", "voucher_time", "180+", 2640.0, 7, 0.7, 1, DAY),
        ("Peru", "recency_segment", "voucher_time", "180+", 3520.0, 3, 0.3, 2, DAY),
        ("Peru", "recency_segment", "as_of", "91-120", 3520.0, 10, 1.0, 1, DAY),
    ],
    columns=["country", "segment_type", "reference", "segment", "voucher_amount", "uses", "share", "rank", "as_of"],
).assign(total_amount=lambda rows: rows["uses"] * rows["voucher_amount"])
REPORT = pd.DataFrame(
    [("Peru", step, rule, 100 - 10 * step, 10, 90 - 10 * step, 5 * (step == 8), DAY) for step, rule in enumerate(RULES, 1)],
    columns=["country", "step", "rule", "rows_in", "rows_removed", "rows_out", "rows_flagged", "as_of"],
)
BY_USE = segment_figures.segments_of(SEGMENTS, "voucher_time")
DRAWN: dict[str, tuple[Callable[[], Figure], Callable[[], Figure]]] = {
    "rows": (lambda: figures.rows_by_country(PROFILE), lambda: figures.rows_by_country(PROFILE[:0])),
    "oddities": (lambda: figures.oddities(PROFILE), lambda: figures.oddities(PROFILE[:0])),
    "amounts": (lambda: figures.amounts(AMOUNTS), lambda: figures.amounts(AMOUNTS[:0])),
    "cleaning": (lambda: segment_figures.cleaning(REPORT), lambda: segment_figures.cleaning(REPORT[:0])),
    "frequency": (lambda: segment_figures.frequency(BY_USE), lambda: segment_figures.frequency(BY_USE[:0])),
    "recency": (
        lambda: segment_figures.recency(BY_USE, "voucher_time"), lambda: segment_figures.recency(BY_USE[:0], "as_of")),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_a_title_axis_labels_and_an_empty_state(name: str) -> None:
    full, empty = (draw().axes[0] for draw in DRAWN[name])
    for axes in (full, empty):
        assert axes.get_title(loc="left").strip() and axes.get_xlabel() and axes.get_ylabel()
    assert any(text.get_text() for text in empty.texts)
    assert not empty.patches and not empty.lines and full.patches


def test_segments_stand_in_their_order_with_the_answer_and_its_confidence() -> None:
    table = segment_figures.answer_table(BY_USE)
    assert table["segment"].tolist() == ["0-4", "38+", "180+"]
    assert table["voucher_amount"].tolist() == [2640.0, 4400.0, 2640.0]
    assert table["share"].tolist() == [1.0, 0.6, 0.7]


def test_one_reference_s_days_are_not_mixed_with_the_other_s() -> None:
    assert set(BY_USE["segment"]) == {"38+", "0-4", "180+"}
    assert set(segment_figures.segments_of(SEGMENTS, "as_of")["segment"]) == {"38+", "0-4", "91-120"}


def test_a_day_that_the_tables_are_not_as_of_shows_nothing() -> None:
    assert figures.of_day(SEGMENTS, date(2023, 6, 1)).empty
    assert len(figures.of_day(SEGMENTS, DAY)) == len(figures.of_day(SEGMENTS, None)) == 6


def test_a_country_s_rows_are_its_own_and_all_means_all() -> None:
    assert figures.countries_of(PROFILE) == ["all", "China", "Peru"]
    assert figures.countries_of(PROFILE[:0]) == ["all"]
    assert figures.of_country(AMOUNTS, "China")["n_rows"].tolist() == [500]
    assert len(figures.of_country(AMOUNTS, figures.ALL)) == 3
    assert checked_choice("country_code", "Peru", figures.countries_of(PROFILE)) == "Peru"


def test_the_countries_of_interest_stand_out() -> None:
    axes = figures.rows_by_country(PROFILE).axes[0]
    colours = {label.get_text(): patch.get_facecolor() for label, patch in zip(axes.get_yticklabels(), axes.patches, strict=True)}
    assert colours["Peru"] != colours["China"]


def test_a_segment_without_uses_is_shown_as_one() -> None:
    labels = [label.get_text() for label in segment_figures.frequency(BY_USE).axes[0].get_yticklabels()]
    assert labels == ["0-4 (n=10)", "5-13 (n=0)", "14-37 (n=0)", "38+ (n=100)"]


def test_the_report_is_drawn_by_what_every_rule_leaves_and_named_by_what_it_takes_out() -> None:
    axes = segment_figures.cleaning(REPORT).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [90, *REPORT["rows_out"]]
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["as delivered", "delivered again (−10)"]


def test_an_amount_has_one_colour_in_every_figure() -> None:
    drawn = (segment_figures.frequency(SEGMENTS), segment_figures.recency(BY_USE, "voucher_time"))
    colours = [dict(zip(*reversed(figure.axes[0].get_legend_handles_labels()), strict=True)) for figure in drawn]
    assert colours[0]["2,640"].patches[0].get_facecolor() == colours[1]["2,640"].patches[0].get_facecolor()
    assert colours[0]["4,400"].patches[0].get_facecolor() != colours[1]["3,520"].patches[0].get_facecolor()
