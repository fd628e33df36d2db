"""Rows by their texts: every row is found, in its order, and no other; in memory and from a file that is gone."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from utils.rows import Rows, packed_array

KEY = ["name", "day", "rule"]
DRAWN = [
    {"name": random.Random(n).choice(["b", "a", "é", "", "c d"]), "day": f"d{n % 7}", "rule": "xy"[n % 2],
     "n": n, "said": f"row {n}" if n % 9 else None, "nested": [{"id": str(n), "n": n * 1000, "x": None}] if n % 5 else None}
    for n in range(500)
]  # fmt: skip


def batches() -> list[pa.RecordBatch]:
    schema = pa.RecordBatch.from_pylist(DRAWN[1:2]).schema
    return [pa.RecordBatch.from_pylist(DRAWN[start : start + 60], schema=schema) for start in range(0, len(DRAWN), 60)]


@pytest.fixture(scope="module", params=["in memory", "from a file"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    made = Rows.of(batches(), KEY)
    if request.param == "in memory":
        return made
    folder: Path = tmp_path_factory.mktemp("rows") / "saved"
    made.save(folder)
    opened = Rows.open(folder)
    shutil.rmtree(folder)
    return opened


def expected(**values: str) -> list[dict[str, object]]:
    chosen = [row for row in DRAWN if all(row[name] == value for name, value in values.items())]
    return [{name: row[name] for name in ("n", "said", "nested")} for row in chosen]


def test_a_whole_key_finds_its_rows_in_their_order(rows: Rows) -> None:
    for row in DRAWN:
        found = rows.find(row["name"], row["day"], row["rule"])
        assert found == expected(name=row["name"], day=row["day"], rule=row["rule"])


def test_the_first_columns_of_a_key_find_all_rows_below(rows: Rows) -> None:
    by_n = sorted(rows.find("a"), key=lambda row: row["n"])
    assert by_n == expected(name="a")
    assert sorted(rows.find("a", "d3"), key=lambda row: row["n"]) == expected(name="a", day="d3")


@pytest.mark.parametrize("values", [("z", "d1", "x"), ("a", "d9", "x"), ("a", "d1", "z"), ("z",)])
def test_unknown_texts_find_nothing(values: tuple[str, ...], rows: Rows) -> None:
    assert rows.find(*values) == []


def test_texts_beside_are_those_of_some_row_in_their_order(rows: Rows) -> None:
    assert rows.texts_beside("é") == sorted({row["day"] for row in DRAWN if row["name"] == "é"})
    assert rows.texts_beside("z") == []
    assert list(rows.codes[0]) == sorted({row["name"] for row in DRAWN})


@pytest.mark.parametrize("given", [[], [batches()[0].slice(0, 0)]])
def test_no_rows_are_no_fault(given: list[pa.RecordBatch], tmp_path: Path) -> None:
    none = Rows.of(given, KEY)
    none.save(tmp_path / "saved")
    for found in (none, Rows.open(tmp_path / "saved")):
        assert found.find("a", "d1", "x") == [] and found.texts_beside("a") == []


@pytest.mark.parametrize(
    ("values", "bits"),
    [([-128, 127], 8), ([-129], 16), ([128, None], 16), ([32_768], 32), ([2**31], 64), ([-(2**31)], 32), ([None], 8)],
)
def test_integers_are_packed_as_narrow_as_they_allow(values: list[int | None], bits: int) -> None:
    packed = packed_array(pa.array(values, pa.int64()))
    assert packed.type.bit_width == bits and packed.to_pylist() == values
