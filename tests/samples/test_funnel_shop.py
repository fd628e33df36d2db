"""The sampled shop and the four pages in a real database: counts, keys, the planted change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.samples.cluster import running_cluster
from tideline.samples import funnel
from tideline.samples.funnel.database import PAGES, STEPS
from tideline.samples.tables import Connection
from tideline.workspace.errors import WorkspaceError

START = date(2023, 6, 1)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with running_cluster() as cluster, psycopg.connect(cluster.ensure_database("funnel")[0].dsn) as connection:
        funnel.make_tables(connection)
        yield connection


def one(connection: Connection, sql: str) -> object:
    return connection.execute(sql).fetchall()[0][0]


def test_days_bring_visits_duplicates_skips_corrections_and_late_steps(connection: Connection) -> None:
    shop = funnel.sample(7, 0.1, START)
    written = [funnel.write_day(connection, shop, day) for day in (1, 2, 3)]
    assert all(written)
    assert funnel.write_day(connection, shop, 3) == 0
    counts = [one(connection, f"SELECT count(DISTINCT user_id) FROM {name}") for name in STEPS]
    assert one(connection, "SELECT count(*) FROM users") == 1_500
    assert 1_480 < counts[0] < 1_500, "who comes at midnight sees the first page on the next day"
    assert counts == sorted(counts, reverse=True)
    assert one(connection, "SELECT count(*) - count(DISTINCT user_id) FROM step1") > 50
    skipped = "SELECT count(*) FROM step3 WHERE user_id NOT IN (SELECT user_id FROM step2)"
    assert one(connection, skipped) > 0
    assert one(connection, "SELECT count(*) FROM users WHERE updated_at::date > date") > 5
    late = "SELECT count(*) FROM step6 JOIN users USING (user_id) WHERE step6.updated_at::date > date"
    assert one(connection, late) > 0


def test_the_planted_change_shows_on_its_device_from_its_day_on_and_nowhere_else() -> None:
    shop, planted = funnel.sample(7, 2, START), funnel.PLANTED

    def rate(device: str, days: range) -> float:
        before = after = 0
        for day in days:
            users = {user.user_id for user in shop.users_changed_on(day) if user.device == device}
            at = {visit.user_id for visit in shop.visits_on(planted.step, day)} & users
            on = {visit.user_id for visit in shop.visits_on(planted.step + 1, day)} & at
            before, after = before + len(at), after + len(on)
        return after / before

    early, late = range(planted.day - 3, planted.day), range(planted.day, planted.day + 3)
    assert rate(planted.device, late) / rate(planted.device, early) == pytest.approx(planted.ratio, abs=0.08)
    assert rate("desktop", late) / rate("desktop", early) == pytest.approx(1, abs=0.1)


@pytest.mark.skipif(not os.environ.get("TIDELINE_REAL_DATA"), reason="TIDELINE_REAL_DATA is not set: no real files to read")
def test_the_four_pages_are_loaded_as_they_are(connection: Connection) -> None:
    folder = Path(os.environ["TIDELINE_REAL_DATA"]) / "funnel"
    loaded = funnel.load_pages(connection, folder)
    assert (loaded.users, *loaded.pages.values()) == (90_400, 90_400, 45_200, 6_030, 452)
    again = funnel.load_pages(connection, folder)
    assert (again.users, sum(again.pages.values())) == (0, 0)
    assert one(connection, "SELECT min(date) FROM page_users") == date(2015, 1, 1)
    assert one(connection, "SELECT max(date) FROM page_users") == date(2015, 4, 30)
    assert [one(connection, f"SELECT max(event_id) FROM {name}") for name in PAGES] == [90_400, 45_200, 6_030, 452]


def test_files_that_are_not_the_four_pages_are_refused(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no such file"):
        funnel.load_pages(connection, tmp_path)
    import gzip

    (tmp_path / "user_table.csv.gz").write_bytes(gzip.compress(b"id,date\n1,2015-01-01\n"))
    with pytest.raises(WorkspaceError, match="header is id, date, expected user_id, date, device, sex"):
        funnel.load_pages(connection, tmp_path)
