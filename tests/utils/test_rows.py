"""Rows by their texts: every row is found, in its order, and no other."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from utils.gold import own
from utils.rows import Rows

DRAWN = [
    {"name": random.Random(n).choice(["b", "a", "é", "", "c d"]), "day": f"d{n % 7}", "rule": "xy"[n % 2],
     "n": n, "said": f"row {n}", "nested": [{"id": str(n)}]}
    for n in range(500)
]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> Rows:
    batches = (pa.RecordBatch.from_pylist(DRAWN[start : start + 60]) for start in range(0, len(DRAWN), 60))
    return Rows.of(own(batches), ["name", "day", "rule"])


def expected(**values: str) -> list[dict[str, object]]:
    chosen = [row for row in DRAWN if all(row[name] == value for name, value in values.items())]
    return [{name: row[name] for name in ("n", "said", "nested")} for row in chosen]


def test_a_whole_key_finds_its_rows_in_their_order(rows: Rows) -> None:
    for row in DRAWN:
        found = rows.find(row["name"], row["day"], row["rule"])  # type: ignore[arg-type]
        assert found == expected(name=row["name"], day=row["day"], rule=row["rule"])  # type: ignore[arg-type]


def test_the_first_columns_of_a_key_find_all_rows_below(rows: Rows) -> None:
    by_n = sorted(rows.find("a"), key=lambda row: row["n"])
    assert by_n == expected(name="a")
    assert sorted(rows.find("a", "d3"), key=lambda row: row["n"]) == expected(name="a", day="d3")


@pytest.mark.parametrize("values", [("z", "d1", "x"), ("a", "d9", "x"), ("a", "d1", "z"), ("z",)])
def test_unknown_texts_find_nothing(values: tuple[str, ...], rows: Rows) -> None:
    assert rows.find(*values) == []


def test_texts_beside_are_those_of_some_row_in_their_order(rows: Rows) -> None:
    assert rows.texts_beside("é") == sorted({row["day"] for row in DRAWN if row["name"] == "é"})  # type: ignore[type-var]
    assert rows.texts_beside("z") == []
    assert list(rows.codes[0]) == sorted({row["name"] for row in DRAWN})  # type: ignore[type-var]


def test_no_rows_are_no_fault() -> None:
    empty = pa.RecordBatch.from_pylist([], schema=pa.RecordBatch.from_pylist(DRAWN[:1]).schema)
    for batches in ([], [empty]):
        none = Rows.of(own(batches), ["name", "day", "rule"])
        assert none.find("a", "d1", "x") == [] and none.texts_beside("a") == []
