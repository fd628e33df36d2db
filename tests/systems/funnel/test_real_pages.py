"""The real four pages, from the files through a database to gold, against an independent count over the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.systems.funnel.funnel_world import World, funnel_world
from tideline.samples import funnel

pytestmark = pytest.mark.skipif(
    not os.environ.get("TIDELINE_REAL_DATA"), reason="TIDELINE_REAL_DATA is not set: no real files to read"
)
STEPS = ("home_page", "search_page", "payment_page", "payment_confirmation")


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with funnel_world(spark, tmp_path_factory.mktemp("funnel")) as world:
        with psycopg.connect(world.owner.dsn) as connection:
            funnel.load_pages(connection, folder())
        world.run()
        yield world


def folder() -> Path:
    return Path(os.environ["TIDELINE_REAL_DATA"]) / "funnel"


def counted() -> dict[tuple[str, str, str], list[int]]:
    """(month, device, sex) -> users at each of the four pages, from the files."""
    files = [f"'{folder()}/{step}_table.csv.gz'" for step in STEPS]
    visits = " UNION ALL ".join(f"SELECT DISTINCT user_id, {n} AS step FROM {file}" for n, file in enumerate(files))
    query = f"""
    WITH users AS (SELECT * FROM '{folder()}/user_table.csv.gz'), visits AS ({visits})
    SELECT strftime(date_trunc('month', date::date), '%Y-%m-%d'), lower(device), lower(sex),
           {", ".join(f"count(*) FILTER (step = {n})" for n in range(4))}
    FROM users JOIN visits USING (user_id) GROUP BY ALL
    """
    return {row[:3]: list(row[3:]) for row in duckdb.sql(query).fetchall()}


def test_every_cell_agrees_with_the_files(world: World) -> None:
    rows = world.deployment.sql(
        "SELECT cast(period_start AS string), device, sex, counting, step_number, n_entered, n_skipped, channel "
        "FROM {gold.funnel_steps} WHERE funnel = 'pages' ORDER BY step_number"
    )
    for counting in ("open", "closed"):
        found: dict[tuple[str, str, str], list[int]] = {}
        for row in rows:
            if row[3] == counting:
                found.setdefault(row[:3], []).append(row[5])
        assert found == counted()
    assert {row[6] for row in rows} == {0}
    assert {row[7] for row in rows} == {"none"}
    assert len(counted()) == 16


def test_the_whole_is_90400_45200_6030_452(world: World) -> None:
    rows = world.deployment.sql(
        "SELECT step, sum(n_entered), 100 - 100 * sum(n_continued) / sum(n_entered) FROM {gold.funnel_steps} "
        "WHERE funnel = 'pages' AND counting = 'closed' GROUP BY step, step_number ORDER BY step_number"
    )
    assert [row[:2] for row in rows] == [("home", 90_400), ("search", 45_200), ("payment", 6_030), ("confirmation", 452)]
    assert [round(float(row[2]), 2) for row in rows[:3]] == [50.0, 86.66, 92.5]


def test_a_second_run_has_nothing_to_do(world: World) -> None:
    assert {outcome.status for outcome in world.run().values()} == {"nothing to do"}
