"""A funnel whose period is the visit's: months are those of the first visit, also when it comes long after the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest

from systems.funnel import silver
from systems.funnel.config import PAGES, PURCHASE, Funnel
from tests.systems.funnel.funnel_world import World, funnel_world
from utils.errors import SpecError

pytestmark = pytest.mark.long

STEPS = PURCHASE.tables
CELLS = """
WITH steps AS (SELECT unnest(range(1, 8)) AS step),
     first AS (SELECT user_id, CAST(min(moment) AS DATE) AS day FROM visits GROUP BY 1),
     people AS (SELECT users.*, strftime(date_trunc('month', coalesce(day, date)), '%Y-%m-%d') AS month,
                       (SELECT min(step) FROM steps
                        WHERE (users.user_id, step) NOT IN (SELECT (user_id, step) FROM visits)) AS missed
                FROM users LEFT JOIN first USING (user_id)),
     seen AS (SELECT DISTINCT user_id, step FROM visits)
SELECT month, device, 'open', s.step, count(seen.user_id)
FROM people CROSS JOIN steps s LEFT JOIN seen ON seen.user_id = people.user_id AND seen.step = s.step
WHERE s.step < 7 GROUP BY ALL
UNION ALL
SELECT month, device, 'closed', step, count(*) FILTER (step < missed) FROM people CROSS JOIN steps WHERE step < 7 GROUP BY ALL
"""


class Shop:
    """Users of January to March whose visits come up to forty days later, in no order; user 0 has none yet."""

    def __init__(self, world: World) -> None:
        self.world, draw = world, np.random.default_rng(3)
        self.users = [(i, date(2023, 1, 1) + timedelta(days=int(draw.integers(90))), "md"[i % 2]) for i in range(200)]
        self.visits: list[tuple[int, int, int, datetime]] = []
        for i, day, _ in self.users:
            for step in range(1, 7):
                if i and draw.random() < 0.6:  # user 0 comes later
                    self.visit(i, step, datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
                        seconds=int(draw.integers(40 * 86_400))))

    def visit(self, user: int, step: int, at: datetime) -> None:
        self.visits.append((len(self.visits), user, step, at))

    def write(self, *, since: int = 0) -> None:
        """Rows of the database; each changed when this was called, whenever the visit was."""
        with psycopg.connect(self.world.owner.dsn) as connection, connection.cursor() as cursor:
            if not since:
                rows = [(i, day, device, "female", "ads", at_noon(day)) for i, day, device in self.users]
                cursor.executemany("INSERT INTO users VALUES (%s, %s, %s, %s, %s, %s)", rows)
            for event, user, step, at in self.visits[since:]:
                cursor.execute(f"INSERT INTO {STEPS[step - 1]} VALUES (%s, %s, 'p', %s)", (event, user, at))

    def expected(self) -> list[tuple[Any, ...]]:
        users = pd.DataFrame(self.users, columns=["user_id", "date", "device"])
        rows = [(user, step, at.replace(tzinfo=None)) for _, user, step, at in self.visits]
        visits = pd.DataFrame(rows, columns=["user_id", "step", "moment"])
        with duckdb.connect() as connection:
            connection.register("users", users)
            connection.register("visits", visits)
            return sorted(connection.execute(CELLS).fetchall())


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def found(world: World) -> list[tuple[Any, ...]]:
    return sorted(world.deployment.sql(
        "SELECT cast(period_start AS string), device, counting, step_number, n_entered FROM {gold.funnel_steps}"
    ))


@pytest.fixture
def world(spark: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(silver, "FUNNELS", (replace(PURCHASE, period="visit"), PAGES))
    with funnel_world(spark, tmp_path) as world:
        yield world


def test_months_are_those_of_the_first_visit_and_a_user_moves_to_the_month_in_which_it_comes(world: World) -> None:
    shop = Shop(world)
    shop.write()
    world.run()
    assert found(world) == shop.expected()
    by_user = world.deployment.sql("SELECT count(*), count_if(period_date > date) FROM {silver.dim_user}")[0]
    assert by_user[0] == 200 and by_user[1] > 150

    n, last = len(shop.visits), max(at for _, _, _, at in shop.visits)
    shop.visit(0, 1, last + timedelta(days=40))
    shop.write(since=n)
    outcomes = world.run()
    assert found(world) == shop.expected()
    assert (outcomes["silver.dim_user"].counts.updated, outcomes["gold.funnel_steps"].path) == (1, "sliced")
    days = world.deployment.sql("SELECT cast(max(date) AS string) FROM {silver.dim_date}")
    assert days == [(str((last + timedelta(days=40)).date()),)]

    before = {layer: world.deployment.fingerprint(layer) for layer in ("silver", "gold")}
    world.deployment.run("silver", "gold", rebuild=True)
    assert {layer: world.deployment.fingerprint(layer) for layer in before} == before


def test_a_funnel_counts_for_users_or_for_visits() -> None:
    with pytest.raises(SpecError, match="funnel `f`: period `week`; expected user or visit"):
        Funnel("f", "users", (("a", "a"),), has_channel=False, period="week")
