"""What notebooks hand over about tables."""

from __future__ import annotations

import json

import pytest

from tideline.workspace.jobs.tables import is_nothing_to_do, rows_written, table_rows


def test_rows_come_with_what_stands_beside_them() -> None:
    given = json.dumps(
        {"system": "shop", "layer": "gold", "tables": [{"table": "sales", "inserted": 3, "updated": 1}]}
    )
    rows = table_rows(given)
    assert rows == [{"system": "shop", "layer": "gold", "table": "sales", "inserted": 3, "updated": 1}]
    assert rows_written(rows) == 4


@pytest.mark.parametrize("given", [None, "", "done", "[1]", "{}", '{"tables": 3}', '{"tables": [1]}'])
def test_any_other_exit_value_has_no_rows(given: str | None) -> None:
    assert table_rows(given) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], False),
        ([{"path": "nothing", "status": "nothing to do"}], True),
        ([{"path": "sliced", "status": "nothing to do"}], True),
        ([{"path": "nothing", "status": "nothing to do"}, {"path": "full", "status": "written"}], False),
        ([{"path": "nothing", "status": "failed"}], False),
    ],
)
def test_nothing_to_do_is_said_only_where_no_table_worked_or_failed(
    rows: list[dict[str, object]], expected: bool
) -> None:
    assert is_nothing_to_do(rows) is expected
