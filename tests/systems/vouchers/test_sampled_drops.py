"""Sampled drops of three days in two runs: every number by DuckDB over the files, and gold as a rebuild has it.

Both runs are of the second day: the third day's drop brings uses that are later than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from systems.vouchers.config import FREQUENCY, RECENCY, REFERENCES
from tests.systems.deployment import deployed
from tests.systems.vouchers.drops_reckoning import PROFILE, reckon, report, segments
from tideline.samples import write_day

pytestmark = pytest.mark.timeout(900)
SCALE, SEED = 0.006, 5
AS_OF, RUNS = date(2023, 6, 2), {1: (1,), 2: (2, 3)}
DAYS, LAST = (1, 2, 3), 2
LAYERS = ("raw", "bronze", "silver", "gold")


@pytest.fixture(scope="module")
def story(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "vouchers", "drops") as deployment:
        files: list[Path] = []
        told: dict[str, Any] = {"files": {}, "dirt": {}, "outcomes": {}, "segments": {}, "report": {}, "deployment": deployment}
        deployment.settings = replace(deployment.settings, as_of=AS_OF)
        for run, days in RUNS.items():
            for day in days:
                delivery = write_day("vouchers", deployment.landing, day, scale=SCALE, seed=SEED)
                files += delivery.files
                told["dirt"][day] = delivery.dirt
            told["outcomes"][run], told["files"][run] = deployment.run(*LAYERS), [*files]
            told["segments"][run] = sorted(deployment.sql("SELECT * FROM {gold.segment_vouchers}"))
            told["report"][run] = deployment.sql("SELECT * FROM {gold.cleaning_report} ORDER BY country, step")
        yield told


@pytest.mark.parametrize("run", RUNS)
def test_vouchers_of_every_segment_equal_the_reckoning_of_all_files(story: dict[str, Any], run: int) -> None:
    with reckon(story["files"][run], AS_OF) as reckoned:
        expected = segments(reckoned, AS_OF)
    assert story["segments"][run] == expected
    assert len(expected) > 40


@pytest.mark.parametrize("run", RUNS)
def test_the_cleaning_report_adds_up_row_by_row_and_equals_the_reckoning(story: dict[str, Any], run: int) -> None:
    found: dict[str, tuple[list[int], int]] = {}
    for country, step, _, rows_in, removed, rows_out, flagged, as_of in story["report"][run]:
        left, _ = found.setdefault(country, ([rows_in], 0))
        assert (len(left), rows_in - removed, rows_in, as_of) == (step, rows_out, left[-1], AS_OF)
        found[country] = ([*left, rows_out], flagged)
    with reckon(story["files"][run], AS_OF) as reckoned:
        expected = report(reckoned, AS_OF)
    assert {country: (left[:8], flagged) for country, (left, flagged) in found.items()} == expected
    peru, flagged = expected["Peru"]
    assert peru[4] > peru[5] > peru[6] > flagged > 0  # amounts, counts and repeats were taken out, impossible times kept


def test_what_is_used_after_the_day_of_the_tables_waits_for_its_day(story: dict[str, Any]) -> None:
    late = {row[0]: row for row in story["report"][LAST] if row[2].startswith("used after")}
    before = {row[0]: row for row in story["report"][1] if row[2].startswith("used after")}
    assert late["Peru"][4] > 0 == before["Peru"][4]


def test_a_late_drop_changes_gold_by_the_countries_it_touches_as_a_rebuild_has_it(story: dict[str, Any]) -> None:
    deployment = story["deployment"]
    outcomes = story["outcomes"][LAST]
    sliced = [table.path for table in deployment.system.tables if table.layer in ("silver", "gold")]
    assert {outcomes[path].path for path in sliced} == {"sliced"}
    before = {layer: deployment.fingerprint(layer) for layer in ("silver", "gold")}
    rebuilt = deployment.run(*before, rebuild=True)
    assert {outcome.path for outcome in rebuilt.values()} == {"full"}
    assert {layer: deployment.fingerprint(layer) for layer in before} == before


def test_records_that_break_a_rule_are_set_aside_with_the_rule(story: dict[str, Any]) -> None:
    rules = {
        "timestamp is a time": ("bad_timestamp", "time_without_a_date"),
        "last_order_ts is a time": ("last_order_missing",),
        "country_code names a country": ("country_missing",),
        "total_orders is a whole number or empty": ("orders_in_words", "half_an_order"),
        "total_orders is not negative": ("negative_orders",),
        "voucher_amount is not negative": ("negative_amount",),
        "the first order is not after the last one": ("first_order_after_last",),
    }
    reasons = [row[0] for row in story["deployment"].sql("SELECT reason FROM {raw.quarantine}")]
    for rule, kinds in rules.items():
        planted = sum(story["dirt"][day][kind] for day in DAYS for kind in kinds)
        assert sum(rule in reason for reason in reasons) == planted > 0, rule
    assert len(reasons) == sum(story["dirt"][day][kind] for day in DAYS for kinds in rules.values() for kind in kinds)


def test_exact_repeats_count_once_within_a_file_and_between_files(story: dict[str, Any]) -> None:
    kinds = ("exact_duplicate_in_file", "exact_duplicate_in_two_files")
    planted = sum(story["dirt"][day].get(kind, 0) for day in DAYS for kind in kinds)
    total = story["deployment"].sql("SELECT sum(n_repeats) FROM {gold.drop_profile}")[0][0]
    assert total == planted > 0


def test_a_cut_file_and_one_more_column_are_told_and_stop_nothing(story: dict[str, Any]) -> None:
    notes = story["deployment"].sql("SELECT status, note FROM {ops.files} WHERE note IS NOT NULL")
    assert ("landed", "not declared and not kept: channel") in notes
    assert [status for status, note in notes if "Parquet" in note] == ["unreadable"]
    assert story["outcomes"][LAST]["raw.drops"].counts.inserted > 0


def test_the_profile_of_the_drops_equals_the_reckoning(story: dict[str, Any]) -> None:
    found = story["deployment"].sql("""
        SELECT country, n_rows, n_files, n_repeats, n_without_amount, n_without_orders, n_used_before_order,
               n_first_after_last, n_no_orders_two_dates, median_orders, most_orders FROM {gold.drop_profile} ORDER BY country""")
    amounts = story["deployment"].sql("SELECT country, voucher_amount, n_rows FROM {gold.amount_rows}")
    columns = story["deployment"].sql("""
        SELECT country, n_null, n_empty, n_distinct, greatest FROM {gold.drop_columns} WHERE column_name = 'total_orders'""")
    with reckon(story["files"][LAST], AS_OF) as reckoned:
        assert found == reckoned.execute(PROFILE).fetchall()
        assert sorted(amounts) == sorted(reckoned.execute("""
            SELECT country, voucher_amount, count(*) FROM delivered WHERE voucher_amount IS NOT NULL GROUP BY ALL""").fetchall())
        assert sorted(columns) == sorted(reckoned.execute("""
            SELECT country, count(*) FILTER (total_orders IS NULL), count(*) FILTER (total_orders = ''),
                   count(DISTINCT total_orders), max(n)::int::text FROM delivered GROUP BY country""").fetchall())


def test_every_segment_with_data_has_an_answer_the_best_customers_among_them(story: dict[str, Any]) -> None:
    answered = {(row[1], row[2], row[3]) for row in story["segments"][LAST] if row[8] == 1}
    assert answered == {(row[1], row[2], row[3]) for row in story["segments"][LAST]}
    assert {segment for kind, _, segment in answered if kind == FREQUENCY.name} == set(FREQUENCY.names)
    for reference in REFERENCES:
        assert {segment for _, by, segment in answered if by == reference} == set(RECENCY.names)


def test_recency_is_measured_from_the_use_and_the_day_of_the_tables_never_from_the_wall_clock(story: dict[str, Any]) -> None:
    """By the wall clock every last order of the samples lies more than 180 days back."""
    assert (date.today() - AS_OF).days > 180
    for reference in REFERENCES:
        uses = {row[3]: 0 for row in story["segments"][LAST] if row[2] == reference}
        for row in story["segments"][LAST]:
            if row[2] == reference:
                uses[row[3]] += row[5]
        assert uses["180+"] < sum(uses.values()) / 2


def test_shares_of_a_segment_add_up_to_1(story: dict[str, Any]) -> None:
    shares: dict[tuple[Any, ...], float] = {}
    for row in story["segments"][LAST]:
        shares[row[:4]] = shares.get(row[:4], 0.0) + row[7]
    assert shares and all(abs(share - 1) < 1e-12 for share in shares.values())
