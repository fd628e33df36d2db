"""How many connections a table is read over: the cap is the database's, whatever number of tables is landed at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.sources.rows import share_of
from engine.sources.spec import Rows
from engine.spec import Column
from engine.system import System
from utils.settings import Settings

VISITS = Rows(
    "visits", key=["id"], sequence="updated_at", table="visits", connections=4,
    columns=[Column("id", "bigint", "Visit."), Column("updated_at", "timestamp", "Last change.")],
)  # fmt: skip
SETTINGS = Settings("demo", date(2023, 6, 1), parallel_tables=4)


def share(n_tables: int, settings: Settings = SETTINGS, connections: int = 4) -> int:
    sources = [replace(VISITS, name=f"visits{number}", connections=connections) for number in range(n_tables)]
    return share_of(sources[0], System("demo", "Does it land?", "UTC", sources, []), settings)


@pytest.mark.parametrize(("n_tables", "expected"), [(1, 4), (2, 2), (3, 1), (4, 1), (8, 1)])
def test_tables_that_are_landed_at_once_share_the_connections(n_tables: int, expected: int) -> None:
    assert share(n_tables) == expected


def test_every_table_has_one_connection_at_least() -> None:
    assert share(4, connections=2) == 1


def test_tables_that_are_not_wanted_or_wait_for_their_turn_take_no_share() -> None:
    assert share(8, replace(SETTINGS, tables=("visits0",))) == 4
    assert share(8, replace(SETTINGS, parallel_tables=2)) == 2
