"""Which voucher is a segment's, where several were used equally often; and uses whose time cannot be right."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from systems.vouchers.gold import segment_vouchers
from systems.vouchers.silver import voucher_uses

DAY = date(2023, 6, 2)
ORDER = datetime(2023, 3, 1)
SCHEMA = (
    "content_hash string, country string, used_at timestamp, last_order_at timestamp, total_orders int, voucher_amount double"
)


def silver(spark: Any, *uses: tuple[Any, ...]) -> Any:
    """Uses of Peru: (used at, orders, amount)."""
    rows = [(str(n), "Peru", used, ORDER, orders, amount) for n, (used, orders, amount) in enumerate(uses)]
    return voucher_uses(spark.createDataFrame(rows, SCHEMA))


def ranked(spark: Any, *amounts: float) -> list[tuple[float, int, int]]:
    """Amount, uses, rank in the segment of those without orders."""
    uses = silver(spark, *[(datetime(2023, 3, 2), 0, amount) for amount in amounts])
    found = segment_vouchers(uses, DAY).where("segment_type = 'frequent_segment'").orderBy("rank").collect()
    return [(row["voucher_amount"], row["uses"], row["rank"]) for row in found]


@pytest.mark.parametrize("turn", [1, -1])
def test_of_vouchers_used_equally_often_the_larger_total_amount_comes_first_in_any_order(spark: Any, turn: int) -> None:
    amounts = [2640.0, 4400.0, 3520.0, 4400.0, 2640.0, 3520.0][::turn]
    assert ranked(spark, *amounts) == [(4400.0, 2, 1), (3520.0, 2, 2), (2640.0, 2, 3)]


def test_more_uses_beat_a_larger_amount(spark: Any) -> None:
    assert ranked(spark, 4400.0, 2640.0, 2640.0) == [(2640.0, 2, 1), (4400.0, 1, 2)]


def test_a_voucher_of_nothing_is_a_voucher(spark: Any) -> None:
    assert ranked(spark, 0.0, 0.0, 2640.0) == [(0.0, 2, 1), (2640.0, 1, 2)]


def test_a_use_before_its_order_is_flagged_has_no_recency_and_counts_by_orders(spark: Any) -> None:
    uses = silver(spark, (datetime(2020, 3, 1), 38, 2640.0), (datetime(2023, 2, 28, 23, 59), 38, 2640.0), (ORDER, 38, 2640.0))
    found = [(row["recency_segment"], row["is_time_impossible"], row["frequent_segment"]) for row in uses.collect()]
    assert sorted(found, key=str) == [("0-29", False, "38+"), (None, True, "38+"), (None, True, "38+")]
    by_orders, at_use, at_day = (
        segment_vouchers(uses, DAY).where(f"reference = '{name}'").collect() for name in ("none", "voucher_time", "as_of")
    )
    assert [(row["segment"], row["uses"]) for row in by_orders] == [("38+", 3)]
    assert [(row["segment"], row["uses"]) for row in at_use] == [("0-29", 1)]
    assert [(row["segment"], row["uses"]) for row in at_day] == [("91-120", 3)]


def test_the_two_references_put_the_same_use_into_different_segments(spark: Any) -> None:
    """It was used 75 days after the order, which is 93 days before the day of the tables."""
    found = segment_vouchers(silver(spark, (datetime(2023, 5, 15), 5, 2640.0)), DAY).where("reference <> 'none'").collect()
    assert {row["reference"]: row["segment"] for row in found} == {"voucher_time": "61-90", "as_of": "91-120"}


def test_an_order_after_the_day_of_the_tables_has_no_recency_at_that_day(spark: Any) -> None:
    found = segment_vouchers(silver(spark, (ORDER, 5, 2640.0)), date(2023, 2, 1))
    assert found.count() == 0  # the use is later still
    later = segment_vouchers(silver(spark, (datetime(2020, 3, 1), 5, 2640.0)), date(2023, 2, 1)).collect()
    assert {row["reference"] for row in later} == {"none"}
