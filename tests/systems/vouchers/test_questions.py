"""Questions to the vouchers of one version of gold: real Delta files, no web and no Spark."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from systems.vouchers.questions import (
    TABLES,
    AfterAsOf,
    Answer,
    NoAnswer,
    NotOfInterest,
    Vouchers,
    select_voucher,
)
from utils.gold import DeltaGold

ROOT = Path(__file__).resolve().parents[3]
AS_OF = date(2023, 6, 2)
ROWS = [
    ("Peru", "frequent_segment", "none", "38+", 3520.0, 40, 0.4, 2),
    ("Peru", "frequent_segment", "none", "38+", 4400.0, 60, 0.6, 1),
    ("Peru", "recency_segment", "voucher_time", "91-120", 2640.0, 9, 1.0, 1),
    ("Peru", "recency_segment", "as_of", "91-120", 3520.0, 8, 1.0, 1),
    ("Latvia", "frequent_segment", "none", "0-4", 3.0, 5, 1.0, 1),
]
COLUMNS = ["country", "segment_type", "reference", "segment", "voucher_amount", "uses", "share", "rank"]


def vouchers_of(warehouse: Path, rows: list[tuple[Any, ...]]) -> Vouchers:
    table = pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) | {"as_of": [AS_OF] * len(rows)})
    write_deltalake(warehouse / "vouchers_gold.db" / "segment_vouchers", table, mode="overwrite")
    gold = DeltaGold(warehouse)
    version = gold.version(TABLES)
    assert version is not None
    return Vouchers.read(gold, version)


@pytest.fixture(scope="module")
def vouchers(tmp_path_factory: pytest.TempPathFactory) -> Vouchers:
    return vouchers_of(tmp_path_factory.mktemp("warehouse"), ROWS)


def asked(vouchers: Vouchers, **given: Any) -> Answer | NoAnswer:
    question = {
        "country": "Peru", "total_orders": 38, "last_order_at": datetime(2023, 3, 1), "segment_name": "frequent_segment", **given,
    }  # fmt: skip
    return select_voucher(vouchers, **question)


def test_the_voucher_of_the_first_rank_is_the_answer_wherever_it_stands(vouchers: Vouchers) -> None:
    assert asked(vouchers) == Answer(4400.0, "38+", 60, 0.6, "none")
    assert vouchers.as_of == AS_OF


@pytest.mark.parametrize(("reference", "amount"), [("voucher_time", 2640.0), ("as_of", 3520.0)])
def test_the_past_is_cut_by_the_reference_that_is_asked_for(vouchers: Vouchers, reference: str, amount: float) -> None:
    found = asked(vouchers, segment_name="recency_segment", reference=reference)
    assert isinstance(found, Answer)
    assert (found.voucher_amount, found.segment, found.reference) == (amount, "91-120", reference)


def test_a_segment_without_uses_has_no_answer_and_the_reason(vouchers: Vouchers) -> None:
    found = asked(vouchers, total_orders=3)
    assert found == NoAnswer("no voucher was used in Peru by the frequent_segment 0-4 until 2023-06-02")


def test_a_country_that_is_not_of_interest_is_refused_though_gold_has_rows_of_it(vouchers: Vouchers) -> None:
    with pytest.raises(NotOfInterest, match="these are: Peru"):
        asked(vouchers, country="Latvia", total_orders=3)


def test_a_last_order_after_the_day_of_the_tables_has_no_recency(vouchers: Vouchers) -> None:
    assert isinstance(asked(vouchers, segment_name="recency_segment", last_order_at=datetime(2023, 6, 2, 23, 59)), NoAnswer)
    with pytest.raises(AfterAsOf, match="after 2023-06-02"):
        asked(vouchers, segment_name="recency_segment", last_order_at=datetime(2023, 6, 3))


HOSTILE = ["Peru' OR '1'='1", "Peru`", "${Peru}", "%", "*", "Peru\0", "'; DROP TABLE segment_vouchers; --"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_request_is_looked_up_and_never_part_of_a_filter(text: str, vouchers: Vouchers) -> None:
    with pytest.raises(NotOfInterest):
        asked(vouchers, country=text)
    assert vouchers.rows.find(text) == [] and vouchers.rows.find("Peru", text) == []


def test_answering_needs_no_spark_at_all() -> None:
    """Not a session per request: the routes do not even load its client."""
    code = "import sys; import apps.api.vouchers; print(sorted({'pyspark', 'engine'} & set(sys.modules)))"
    paths = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=paths, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
