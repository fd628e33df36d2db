"""The six steps from a database to gold: what a careless version gets wrong, and what follows a change at the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.systems.funnel.funnel_world import World, funnel_world
from tideline.samples import funnel
from tideline.samples.funnel.database import STEPS

pytestmark = pytest.mark.long

START = date(2023, 6, 1)


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days; each is brought into the tables by a run of its own."""
    with funnel_world(spark, tmp_path_factory.mktemp("funnel")) as world:
        shop = funnel.sample(7, 0.05, START)
        for day in (1, 2):
            with psycopg.connect(world.owner.dsn) as connection:
                funnel.write_day(connection, shop, day)
            world.run()
        yield world


def at_source(world: World, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(world.owner.dsn) as connection:
        return connection.execute(sql).fetchall()


def reached(world: World, counting: str) -> list[int]:
    query = (
        "SELECT sum(n_entered) FROM {gold.funnel_steps} "
        f"WHERE funnel = 'purchase' AND counting = '{counting}' GROUP BY step_number ORDER BY step_number"
    )
    return [row[0] for row in world.deployment.sql(query)]


def test_open_counts_whoever_was_there_and_duplicates_multiply_nothing(world: World) -> None:
    query = "SELECT count(DISTINCT user_id) FROM {} JOIN users USING (user_id)"
    expected = [at_source(world, query.format(step))[0][0] for step in STEPS]
    assert reached(world, "open") == expected


def test_closed_asks_for_every_step_before_and_who_skipped_is_reported(world: World) -> None:
    passed, expected = "SELECT user_id FROM step1", []
    for step in STEPS:
        passed = f"SELECT DISTINCT user_id FROM {step} WHERE user_id IN ({passed})"
        expected.append(at_source(world, f"SELECT count(*) FROM ({passed}) AS p")[0][0])
    assert reached(world, "closed") == expected
    skipped = world.deployment.sql(
        "SELECT sum(n_skipped), sum(IF(counting = 'open', n_entered, 0)) - sum(IF(counting = 'closed', n_entered, 0)), "
        "sum(IF(counting = 'open', n_skipped, 0)) FROM {gold.funnel_steps} WHERE funnel = 'purchase'"
    )[0]
    assert skipped[1] == skipped[2] > 0


def test_nobody_going_on_is_100_and_nobody_there_is_null_with_a_reason(world: World) -> None:
    rows = world.deployment.sql("SELECT n_entered, n_continued, next_step, drop_off_pct, reason FROM {gold.funnel_steps}")
    assert any(entered > 0 and continued == 0 and pct == 100 for entered, continued, step, pct, _ in rows if step)
    nobody = {(pct, reason) for entered, _, step, pct, reason in rows if step and entered == 0}
    assert nobody == {(None, "nobody was at the step")}
    assert {(pct, reason) for _, _, step, pct, reason in rows if not step} == {(None, "last step")}
    for entered, continued, step, pct, _ in rows:
        if step and entered:
            assert pct == pytest.approx(100 - 100 * continued / entered)


def test_a_user_keeps_every_version_and_is_counted_by_the_current_one(world: World) -> None:
    changed = at_source(world, "SELECT user_id, channel FROM users WHERE updated_at::date > date ORDER BY 1")
    assert changed
    versions = world.deployment.sql(
        "SELECT user_id, version, channel, valid_to IS NULL, is_current FROM {silver.dim_user} WHERE version > 1 ORDER BY 1"
    )
    assert [(row[0], row[2]) for row in versions] == changed
    assert {row[1:2] + row[3:] for row in versions} == {(2, True, True)}
    per_channel = dict(world.deployment.sql(
        "SELECT channel, sum(n_entered) FROM {gold.funnel_steps} "
        "WHERE funnel = 'purchase' AND counting = 'open' AND step_number = 1 GROUP BY channel"
    ))
    expected = at_source(world, "SELECT channel, count(DISTINCT user_id) FROM users JOIN step1 USING (user_id) GROUP BY 1")
    assert per_channel == dict(expected)


def test_a_late_visit_changes_its_own_month_only_and_a_second_run_of_a_day_does_nothing(world: World) -> None:
    assert {outcome.status for outcome in world.run().values()} == {"nothing to do"}
    before = reached(world, "open")
    world.execute(
        "INSERT INTO step6 SELECT 1, user_id, 'confirmation', timestamptz '2023-06-20 00:00+00' FROM users "
        "WHERE user_id NOT IN (SELECT user_id FROM step6) AND user_id IN (SELECT user_id FROM step1) ORDER BY user_id LIMIT 1"
    )
    outcomes = world.run()
    assert reached(world, "open") == [*before[:5], before[5] + 1]
    gold = outcomes["gold.funnel_steps"]
    # Both steps of the open funnel, and the number of those who skipped, which the closed one shows, too.
    assert (gold.path, gold.counts.updated) == ("sliced", 3)


def test_no_date_of_a_run_decides_what_is_read(world: World) -> None:
    """Neither the run's date nor a folder of it: a row is read once, by when it changed, in whatever run comes next."""
    deployment, before = world.deployment, reached(world, "open")
    world.execute(
        "INSERT INTO step6 SELECT 2, user_id, 'confirmation', timestamptz '2023-06-21 00:00+00' FROM users "
        "WHERE user_id NOT IN (SELECT user_id FROM step6) AND user_id IN (SELECT user_id FROM step1) ORDER BY user_id LIMIT 1"
    )
    given = deployment.settings
    try:
        for as_of in (date(1999, 1, 1), date(2031, 1, 1), date(1999, 1, 1)):
            deployment.settings = replace(given, as_of=as_of)
            world.run()
            assert reached(world, "open") == [*before[:5], before[5] + 1]
    finally:
        deployment.settings = given


def test_what_was_built_by_increments_is_what_a_rebuild_gives(world: World) -> None:
    before = {layer: world.deployment.fingerprint(layer) for layer in ("bronze", "silver", "gold")}
    world.deployment.run("bronze", "silver", "gold", rebuild=True)
    assert {layer: world.deployment.fingerprint(layer) for layer in before} == before


def test_days_and_periods_carry_their_year(world: World) -> None:
    days = world.deployment.sql(
        "SELECT cast(date AS string), year, cast(month_start AS string), iso_weekday FROM {silver.dim_date} ORDER BY 1"
    )
    assert days == [("2023-06-01", 2023, "2023-06-01", 4), ("2023-06-02", 2023, "2023-06-01", 5)]
