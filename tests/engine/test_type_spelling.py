"""A declared type may be written with blanks and capitals that the catalogue does not keep."""

from __future__ import annotations

import pytest

from engine.catalog import follow_declaration
from engine.spec import Column
from utils.errors import DriftError


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ("array<struct<item_id: string, at: timestamp>>", "array<struct<item_id:string,at:timestamp>>"),
        ("DECIMAL(18, 2)", "decimal(18,2)"),
        ("map<string, string>", "map<string,string>"),
    ],
)
def test_another_spelling_is_no_change(declared: str, stored: str) -> None:
    assert follow_declaration(None, "a.table", [_column(declared)], {"c": _column(stored)}, "one row") == []


def test_another_type_is_one() -> None:
    with pytest.raises(DriftError):
        follow_declaration(None, "a.table", [_column("array<int>")], {"c": _column("array<string>")}, "one row")


def _column(kind: str) -> Column:
    return Column("c", kind, "A value.")
