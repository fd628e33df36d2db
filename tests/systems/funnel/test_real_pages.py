"""The real four pages, from the files through a database to gold, against an independent count over the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from pyspark.sql import functions as F

from engine.changes import head_of
from engine.publish import opened
from systems.funnel.config import DIMENSIONS
from systems.funnel.found import funnel_breaks
from systems.funnel.series import daily_counts, families_of
from tests.systems.funnel.funnel_world import World, funnel_world
from tideline.samples import funnel

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not os.environ.get("TIDELINE_REAL_DATA"), reason="TIDELINE_REAL_DATA is not set: no real files to read"
    ),
]
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


def test_the_published_breaks_are_those_of_the_first_of_march_by_device(world: World) -> None:
    publication = opened(world.deployment.spark, world.deployment.system, "gold.funnel_breaks", world.deployment.settings)
    users, visits = publication.read("silver.dim_user"), publication.read("silver.fct_step_visit")
    coin = F.when(F.abs(F.xxhash64("user_id")) % 2 == 0, "heads").otherwise("tails")
    with_coin = daily_counts(users.withColumn("coin", coin), visits, (*DIMENSIONS, "coin")).toPandas()
    assert set(funnel_breaks(families_of(with_coin))["explained_by"].dropna()) == {"device"}
    publication.publish(funnel_breaks(families_of(daily_counts(users, visits).toPandas())))

    rows = world.deployment.sql(
        "SELECT step, next_step, dimension, value, cast(day AS string), rate_before, rate_after, explained_by, moved, p_value, "
        "explained_p_value, mix_share, date_diff(latest, earliest) FROM {gold.funnel_breaks} ORDER BY rank"
    )
    assert {(row[0], row[4]) for row in rows} == {("home", "2015-03-01"), ("search", "2015-03-01")}
    by_device = {(row[0], row[1], row[3]): row[5:7] for row in rows if row[2] == "device"}
    assert by_device == {
        ("home", "search", "mobile"): (pytest.approx(0.80, abs=0.005), pytest.approx(0.20, abs=0.005)),
        ("search", "payment", "desktop"): (pytest.approx(0.16, abs=0.005), pytest.approx(0.04, abs=0.005)),
    }
    explained = {row[0]: row[7:9] for row in rows if row[2] == "everybody"}
    assert explained == {
        "home": ("device", "mobile from 80.0 % to 20.0 %"), "search": ("device", "desktop from 15.9 % to 4.0 %"),
    }  # fmt: skip
    assert all(row[9] < 1e-100 for row in rows)
    # A quarter of the change at `search` is another mix: fewer mobile users came that far.
    assert all(row[10] < 1e-20 and row[11] < 0.3 for row in rows if row[2] == "everybody")
    assert max(row[12] for row in rows) <= 2
    # Both sexes changed as everybody did, and explain nothing; every rate is that of the files.
    assert {row[3] for row in rows if row[2] == "sex"} == {"female", "male"}
    for step, _, dimension, value, _, *rates in (row[:7] for row in rows):
        assert rates == pytest.approx(rates_of(step, dimension, value))


def rates_of(step: str, dimension: str, value: str) -> list[float]:
    """Before March and from then on: who went on from a step, from the files; a page's users were at the page before."""
    at, to = {"home": ("home_page", "search_page"), "search": ("search_page", "payment_page")}[step]
    whose = "true" if dimension == "everybody" else f"lower({dimension}) = '{value}'"
    query = f"""
    SELECT avg((user_id IN (SELECT user_id FROM '{folder()}/{to}_table.csv.gz'))::int) FROM '{folder()}/user_table.csv.gz'
    WHERE {whose} AND user_id IN (SELECT user_id FROM '{folder()}/{at}_table.csv.gz') GROUP BY date::date >= DATE '2015-03-01'
    ORDER BY max(date)
    """
    return [row[0] for row in duckdb.sql(query).fetchall()]


def test_a_second_publication_makes_no_commit(world: World) -> None:
    settings, spark = world.deployment.settings, world.deployment.spark
    name = settings.name_of("gold.funnel_breaks")
    before = head_of(spark, name)
    assert opened(spark, world.deployment.system, "gold.funnel_breaks", settings).why == ""
    again = opened(spark, world.deployment.system, "gold.funnel_breaks", replace(settings, rebuild=True))
    counts = daily_counts(again.read("silver.dim_user"), again.read("silver.fct_step_visit")).toPandas()
    assert again.publish(funnel_breaks(families_of(counts))).all[0].status == "nothing to do"
    assert head_of(spark, name) == before
