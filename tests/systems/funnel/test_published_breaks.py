"""A month of the sample shop, whose mobile users go on from the third step less often from the fifteenth day on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from pyspark.sql import functions as F

from engine.changes import head_of
from engine.outcomes import Outcome
from engine.publish import Publication, opened
from systems.funnel.config import DIMENSIONS
from systems.funnel.found import FUNNEL_BREAKS, funnel_breaks
from systems.funnel.series import daily_counts, families_of
from tests.systems.funnel.funnel_world import World, funnel_world
from tideline.samples import funnel
from tideline.samples.funnel.database import STEPS
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.long

START, DAYS, SCALE = date(2023, 6, 1), 30, 0.1
CHANGED = START + timedelta(days=funnel.PLANTED.day - 1)


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with funnel_world(spark, tmp_path_factory.mktemp("funnel")) as world:
        shop = funnel.sample(7, SCALE, START)
        with psycopg.connect(world.owner.dsn) as connection:
            for day in range(1, DAYS + 1):
                funnel.write_day(connection, shop, day)
        world.run()
        yield world


@pytest.fixture(scope="module")
def pool(spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[KernelPool]:
    with KernelPool(spark_server, Layout(tmp_path_factory.mktemp("home")), repository, size=1) as pool:
        yield pool


def asked(world: World, *, rebuild: bool = False) -> Publication:
    settings = replace(world.deployment.settings, run_id=uuid.uuid4().hex, rebuild=rebuild)
    return opened(world.deployment.spark, world.deployment.system, "gold.funnel_breaks", settings)


def looked(publication: Publication) -> pd.DataFrame:
    users, visits = publication.read("silver.dim_user"), publication.read("silver.fct_step_visit")
    return funnel_breaks(families_of(daily_counts(users, visits).toPandas()))


def published(world: World) -> Outcome:
    publication = asked(world, rebuild=True)
    return publication.publish(looked(publication)).all[0]


def version(world: World) -> int:
    head = head_of(world.deployment.spark, world.deployment.settings.name_of("gold.funnel_breaks"))
    assert head is not None
    return head.version


def notebook(world: World, pool: KernelPool, repository: Path, name: str, **parameters: str) -> NotebookResult:
    given = {"catalog": "spark_catalog", "schema_prefix": world.deployment.settings.schema_prefix, **parameters}
    task = NotebookTask(path=repository / "notebooks" / name, root=repository, parameters=given, timeout_seconds=180)
    return pool.run(task, on_event=lambda event: None, cancel=None)


def test_daily_counts_are_those_of_the_database(world: World) -> None:
    publication = asked(world)
    counts = daily_counts(publication.read("silver.dim_user"), publication.read("silver.fct_step_visit")).toPandas()
    for dimension, column in (("everybody", "'everybody'"), ("device", "device"), ("channel", "channel")):
        passed = [f"user_id IN (SELECT user_id FROM {step})" for step in STEPS]
        sums = ", ".join(f"count(*) FILTER (WHERE {' AND '.join(passed[:n])})" for n in range(1, len(STEPS) + 1))
        with psycopg.connect(world.owner.dsn) as connection:
            expected = connection.execute(f"SELECT date, {column}, {sums} FROM users GROUP BY 1, 2").fetchall()
        mine = counts[counts["dimension"] == dimension][["day", "value", *[f"n_{n}" for n in range(1, 7)]]]
        assert sorted(mine.itertuples(index=False, name=None)) == sorted(expected)
    assert set(counts["funnel"]) == {"purchase"}


def test_nothing_found_is_an_empty_table_that_a_dashboard_can_read(world: World) -> None:
    first = asked(world)
    assert first.why == "first run"
    first.publish(funnel_breaks([]))
    assert world.deployment.sql("SELECT count(*) FROM {gold.funnel_breaks}") == [(0,)]
    table = world.deployment.spark.table(world.deployment.settings.name_of("gold.funnel_breaks"))
    assert table.columns == FUNNEL_BREAKS.column_names
    assert asked(world).why == ""


def test_the_planted_break_is_published_with_its_device_and_a_second_time_makes_no_commit(world: World) -> None:
    assert published(world).status == "written"
    rows = world.deployment.sql(
        "SELECT dimension, value, step_number, next_step, earliest, latest, explained_by, moved, counting, rank "
        "FROM {gold.funnel_breaks} ORDER BY rank"
    )
    assert rows[0][:4] == ("device", "mobile", funnel.PLANTED.step, "basket")
    assert rows[0][4] <= CHANGED <= rows[0][5] and (rows[0][5] - rows[0][4]).days <= 7
    assert {(row[2], row[8]) for row in rows} == {(funnel.PLANTED.step, "closed")}
    (everybody,) = [row for row in rows if row[0] == "everybody"]
    assert everybody[6] == "device" and everybody[7].startswith("mobile from ")
    assert [row[6:8] for row in rows if row[0] != "everybody"] == [(None, None)] * (len(rows) - 1)
    assert [row[9] for row in rows] == list(range(1, len(rows) + 1))
    before, after, change, low, high = world.deployment.sql(
        "SELECT rate_before, rate_after, change, change_low, change_high FROM {gold.funnel_breaks} WHERE value = 'mobile'"
    )[0]
    assert after - before == pytest.approx(change) and low < change < high < 0
    assert low < before * (funnel.PLANTED.ratio - 1) < high

    at = version(world)
    assert asked(world).why == ""
    assert published(world).status == "nothing to do"
    assert version(world) == at
    assert world.run()["gold.funnel_steps"].status == "nothing to do"


def test_a_random_column_comes_out_clean(world: World) -> None:
    publication = asked(world)
    coin = F.when(F.abs(F.xxhash64("user_id")) % 2 == 0, "heads").otherwise("tails")
    users = publication.read("silver.dim_user").withColumn("coin", coin)
    counts = daily_counts(users, publication.read("silver.fct_step_visit"), (*DIMENSIONS, "coin")).toPandas()
    assert set(counts[counts["dimension"] == "coin"]["value"]) == {"heads", "tails"}
    rows = funnel_breaks(families_of(counts))
    assert set(rows["explained_by"].dropna()) <= {"device"}
    assert set(rows["step_number"]) == {funnel.PLANTED.step}
    assert set(rows[rows["dimension"] == "device"]["value"]) == {"mobile"}


def test_the_notebook_publishes_what_its_functions_find_and_then_has_nothing_to_do(
    world: World, pool: KernelPool, repository: Path
) -> None:
    published(world)
    at, rows = version(world), world.deployment.sql("SELECT * FROM {gold.funnel_breaks} ORDER BY rank")
    result = notebook(world, pool, repository, "ml/funnel_breaks.py", rebuild="true")
    assert result.state == "SUCCESS", result.error
    kinds = [output["data"] for cell in result.cells for output in cell.outputs if output.get("data")]
    assert sum("image/png" in data for data in kinds) == 2
    assert "Of device mobile at product" in str(kinds)
    assert (version(world), world.deployment.sql("SELECT * FROM {gold.funnel_breaks} ORDER BY rank")) == (at, rows)
    again = notebook(world, pool, repository, "ml/funnel_breaks.py")
    assert again.state == "SUCCESS" and "nothing to do" in str(again.exit_value)
    assert not any("image/png" in output.get("data", {}) for cell in again.cells for output in cell.outputs)


def test_the_dashboard_reads_what_was_published(world: World, pool: KernelPool, repository: Path) -> None:
    published(world)
    result = notebook(world, pool, repository, "dashboards/funnel.py", funnel="purchase", breakdown="device")
    assert result.state == "SUCCESS", result.error
    assert "Of device mobile at product" in str([cell.outputs for cell in result.cells])
