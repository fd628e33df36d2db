"""How many connections a table is read over: the cap is the database's, whatever number of tables is landed at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.run import Run
from engine.sources.rows import ROWS_PER_CONNECTION, Bounds, _parts
from engine.sources.spec import Rows
from engine.spec import Column
from engine.system import System
from utils.settings import Settings

VISITS = Rows(
    "visits", key=["id"], sequence="updated_at", table="visits", connections=4,
    columns=[Column("id", "bigint", "Visit."), Column("updated_at", "timestamp", "Last change.")],
)  # fmt: skip
SETTINGS = Settings("demo", date(2023, 6, 1), parallel_tables=4)


def parts(n_tables: int, n_rows: int, settings: Settings = SETTINGS, connections: int = 4) -> int:
    sources = [replace(VISITS, name=f"visits{number}", connections=connections) for number in range(n_tables)]
    run = Run(None, settings, System("demo", "Does it land?", "UTC", sources, []))
    return _parts(run, sources[0], Bounds(n_rows, n_rows, 0, n_rows))


@pytest.mark.parametrize(("n_tables", "expected"), [(1, 4), (2, 2), (3, 1), (4, 1), (8, 1)])
def test_tables_that_are_landed_at_once_share_the_connections(n_tables: int, expected: int) -> None:
    assert parts(n_tables, 10 * ROWS_PER_CONNECTION) == expected


def test_every_table_has_one_connection_at_least() -> None:
    assert parts(4, 10 * ROWS_PER_CONNECTION, connections=2) == 1


def test_tables_that_are_not_wanted_or_wait_for_their_turn_take_no_share() -> None:
    n_rows = 10 * ROWS_PER_CONNECTION
    assert parts(8, n_rows, replace(SETTINGS, tables=("visits0",))) == 4
    assert parts(8, n_rows, replace(SETTINGS, parallel_tables=2)) == 2


def test_a_small_read_is_one_query() -> None:
    assert parts(1, ROWS_PER_CONNECTION - 1) == 1
