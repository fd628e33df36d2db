"""The sampled drops: native shape, dirt, determinism, and the proportions of the real ones."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tideline.samples import write_day
from tideline.samples.delivery import Delivery
from tideline.samples.vouchers.days import BROKEN
from tideline.samples.vouchers.uses import COLUMNS, COUNTRIES

START = date(2024, 6, 3)
TYPES = [pa.string(), pa.string(), pa.string(), pa.timestamp("us", "UTC"), pa.string(), pa.float64()]


def deliver(landing: Path, day: int, *, scale: float = 0.02) -> Delivery:
    return write_day("vouchers", landing, day, scale=scale, seed=7, start=START)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    landing = tmp_path_factory.mktemp("drops")
    return [deliver(landing, day) for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first drop at a tenth of the real size, as DuckDB reads it."""
    return str(deliver(tmp_path_factory.mktemp("history"), 1, scale=0.1).files[0])


def numbers(query: str, file: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as found:
        return found.execute(query, {"file": file}).fetchall()


def test_the_same_seed_gives_the_same_bytes_whatever_was_written_before(deliveries: list[Delivery], tmp_path: Path) -> None:
    alone = deliver(tmp_path, 3)
    assert [path.name for path in alone.files] == [path.name for path in deliveries[2].files]
    assert [path.read_bytes() for path in alone.files] == [path.read_bytes() for path in deliveries[2].files]
    assert alone.dirt == deliveries[2].dirt
    other = write_day("vouchers", tmp_path / "other", 3, scale=0.02, seed=8, start=START)
    assert other.files[0].read_bytes() != alone.files[0].read_bytes()


def test_a_drop_has_the_columns_and_types_of_the_real_one(deliveries: list[Delivery]) -> None:
    schema = pq.read_schema(deliveries[0].files[0])
    assert (tuple(schema.names), schema.types) == (COLUMNS, TYPES)
    late = pq.read_schema(deliveries[1].files[1])
    assert late.names == [*COLUMNS, "channel"]


def test_a_file_is_as_old_as_the_night_that_brought_it(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        for path in delivery.files:
            assert datetime.fromtimestamp(path.stat().st_mtime, UTC).date().day == delivery.date.day + 1
            assert path.match("vouchers-*.parquet")


def test_every_kind_of_dirt_is_in_a_delivery(deliveries: list[Delivery]) -> None:
    always = {*BROKEN, "exact_duplicate_in_file"}
    later = {"late_row", "exact_duplicate_in_two_files", "undeclared_column"}
    assert [set(each.dirt) for each in deliveries] == [always, always | later, always | later | {"truncated_file"}]


def test_a_truncated_file_is_none_that_can_be_read(deliveries: list[Delivery]) -> None:
    with pytest.raises(pa.ArrowInvalid):
        pq.read_schema(deliveries[2].files[2])


def test_shares_are_those_of_the_real_drop(history: str) -> None:
    found = numbers("""
        SELECT count(*), avg((total_orders = '')::int), median(try_cast(total_orders AS double)),
               max(try_cast(total_orders AS double)),
               avg((try_cast(timestamp AS timestamptz) < try_cast(last_order_ts AS timestamp))::int),
               count(*) FILTER (total_orders = '0.0' AND first_order_ts::date < last_order_ts[:10]::date),
               count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM read_parquet($file) WHERE last_order_ts <> ''))
        FROM read_parquet($file) WHERE last_order_ts <> ''""", history)[0]  # fmt: skip
    n, empty, median, most, too_early, two_dates, repeats = found
    assert 50_000 <= n < 50_200
    assert abs(empty - 0.08) < 0.01 and abs(too_early - 0.08) < 0.01
    assert median < 10 and 300 < most <= 700
    assert two_dates > 100 and 10 < repeats < 100


def test_amounts_are_few_and_missing_by_country(history: str) -> None:
    found = numbers("""
        SELECT country_code, avg((voucher_amount IS NULL)::int),
               list_sort(list(DISTINCT voucher_amount) FILTER (voucher_amount > 0)) AS amounts
        FROM read_parquet($file) WHERE country_code IS NOT NULL GROUP BY country_code""", history)  # fmt: skip
    assert {name: tuple(amounts) for name, _, amounts in found} == {each.name: each.amounts for each in COUNTRIES}
    assert {name for name, _, _ in found} == {"Peru", "China", "Australia", "Latvia"}
    assert all(0.02 < share < 0.145 for _, share, _ in found)


def test_uses_too_early_are_about_three_years_too_early(history: str) -> None:
    found = numbers("""
        SELECT min(days), max(days) FROM (
            SELECT date_diff('day', try_cast(timestamp AS timestamptz)::date, try_cast(last_order_ts AS date)) AS days
            FROM read_parquet($file)) WHERE days > 0""", history)[0]  # fmt: skip
    assert 2.8 * 365 < found[0] <= found[1] < 3.2 * 365


def test_a_tenth_of_the_real_size_is_made_in_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    deliver(tmp_path, 1, scale=0.1)
    assert time.process_time() - began < 5
