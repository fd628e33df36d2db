"""What was known of payments at a moment, where their company was corrected: the history is by id and company."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import functions as F

from systems.payments.silver import client_company, known_at

HOUR = "timestamp'2023-06-01' + make_interval(0, 0, 0, 0, {})"
VERSIONS = """
    (1, 'A', 1, null, 1), (1, 'B', 3, null, 3),                    -- corrected to B
    (2, 'A', 1, null, 5), (2, 'B', 3, null, 3),                    -- and back: A is told again without a change
    (3, 'A', 1, 3, 1),    (3, 'A', 3, null, 3)                     -- an ordinary change
"""


def versions(spark: Any) -> Any:
    rows = spark.sql(f"SELECT * FROM VALUES {VERSIONS} AS t (id, company_code, began, ended, told)")
    moments = {"valid_from": "began", "valid_to": "ended", "updated_at": "told", "created_at": "1"}
    return rows.selectExpr(
        "id", "company_code", *[f"{HOUR.format(value)} AS {name}" for name, value in moments.items()],
        "'confirmed' AS status", "repeat('a', 64) AS external_client_id", "timestamp'2023-06-01' AS payment_at",
        "10.00BD AS amount",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hour", "known"), [(2, {1: "A", 2: "A", 3: "A"}), (4, {1: "B", 2: "B", 3: "A"}), (6, {1: "B", 2: "A", 3: "A"})]
)
def test_a_payment_has_one_company_at_a_time_the_one_that_was_told_last(spark: Any, hour: int, known: dict[int, str]) -> None:
    rows = known_at(versions(spark), F.expr(HOUR.format(hour))).select("id", "company_code").collect()
    assert sorted((row["id"], row["company_code"]) for row in rows) == sorted(known.items())


def test_a_payment_whose_company_was_corrected_counts_once(spark: Any) -> None:
    since = "timestamp'2023-05-01' AS valid_from, cast(null AS timestamp) AS valid_to, timestamp'2023-05-01' AS updated_at"
    companies = spark.sql(f"SELECT id, company_code, {since} FROM VALUES (10, 'A'), (20, 'B') AS t (id, company_code)")
    rows = client_company(versions(spark), companies, date(2023, 6, 1)).select("company_id", "n_payments").collect()
    assert sorted(tuple(row) for row in rows) == [(10, 2), (20, 1)]
