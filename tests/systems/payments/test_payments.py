"""Payments from the real API to gold over two days: what a careless version gets wrong, counted against the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import combinations
from math import sqrt
from typing import Any

import psycopg
import pytest

from systems.payments.config import MOST_COMPANIES_PER_CLIENT
from tests.samples.payments_api import Service, payments_service
from tests.systems.deployment import Deployment, deployed
from tideline.samples.payments import sample, write_day
from tideline.samples.payments.database import FUTURE_ID, upsert
from tideline.samples.payments.life import Version

pytestmark = pytest.mark.long

START, SINCE = date(2023, 6, 1), "2023-05-02"
LAYERS = ("raw", "bronze", "silver", "gold")
WORLD = sample(7, 0.05, START).world


@dataclass(frozen=True)
class World:
    """A deployment and the service that it reads."""

    deployment: Deployment
    service: Service

    def on(self, day: date) -> Deployment:
        self.deployment.settings = replace(self.deployment.settings, as_of=day)
        return self.deployment

    def at_source(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.service.owner.dsn) as connection:
            return connection.execute(sql).fetchall()

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.deployment.sql(query)


@pytest.fixture(scope="module")
def world(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days, a run after each."""
    folder = tmp_path_factory.mktemp("payments")
    with payments_service() as service, deployed(spark, folder, "payments", "none") as deployment:
        secrets = {"payments_url": service.served.url, "payments_token": service.served.token}
        deployment.settings = replace(deployment.settings, secret=secrets.__getitem__)
        world = World(deployment, service)
        for day in (1, 2):
            with psycopg.connect(service.owner.dsn) as connection:
                write_day(connection, sample(7, 0.05, START), day)
            world.on(date(2023, 6, day)).run(*LAYERS)
        yield world


def test_every_payment_of_the_window_stands_as_the_source_has_it(world: World) -> None:
    columns = "id, {0}, company_code, status, {1}, external_client_id, {2}, {3}"
    times = ("payment_at", "created_at", "updated_at")
    utc = "{0} AT TIME ZONE 'America/Argentina/Buenos_Aires' AT TIME ZONE 'UTC'"
    theirs = [f"to_char({utc.format(name)}, 'YYYY-MM-DD HH24:MI:SS.US')" for name in times]
    ours = [f"date_format({name}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')" for name in times]
    source = columns.format(theirs[0], "amount::text", *theirs[1:])
    stored = columns.format(ours[0], "cast(amount AS string)", *ours[1:])
    expected = world.at_source(f"SELECT {source} FROM payments WHERE updated_at >= '{SINCE}' AND id <> {FUTURE_ID}")
    found = world.sql(f"SELECT {stored} FROM {{bronze.payments}}")
    assert len(found) > 10_000
    assert sorted(found) == sorted(expected)


def test_a_row_from_the_future_is_set_aside_and_moves_no_mark(world: World) -> None:
    rows = world.sql("SELECT table_name, reason FROM {raw.quarantine} ORDER BY table_name")
    assert [row[0] for row in rows] == ["bronze.payments", "bronze.payments_history"]
    assert all("lies in the future" in row[1] for row in rows)
    why = world.sql("SELECT why FROM {ops.table_runs} WHERE table_name = 'raw.payments' ORDER BY finished_at DESC")[0][0]
    assert "changed since 2023-06-0" in why


def test_versions_have_no_gap_no_overlap_and_one_is_current(world: World) -> None:
    overlaps = """
    SELECT count(*) FROM (SELECT valid_to, is_current,
        lead(valid_from) OVER (PARTITION BY id, company_code ORDER BY valid_from) AS next FROM {bronze.payments_history})
    WHERE valid_to IS DISTINCT FROM next OR is_current <> (next IS NULL)
    """
    assert world.sql(overlaps) == [(0,)]
    most = world.sql("SELECT max(n) FROM (SELECT count(*) AS n FROM {bronze.payments_history} GROUP BY id)")[0][0]
    assert most >= 2
    current = "SELECT id, status, amount, updated_at FROM {{{0}}} {1} ORDER BY id"
    latest = world.sql(current.format("bronze.payments", ""))
    assert world.sql(current.format("bronze.payments_history", "WHERE is_current")) == latest


def test_two_changes_in_one_second_and_one_later_on_the_day_of_a_run_are_all_stored(world: World) -> None:
    number, code = 910_000_001, WORLD.company_code(20)
    client, noon = WORLD.client_id(0), datetime(2023, 6, 2, 23, 58)
    for microsecond, status in ((1, "pending"), (2, "confirmed"), (3, "reversed")):
        version = Version(number, noon, code, status, "10.00", client, noon, noon.replace(microsecond=microsecond))
        with psycopg.connect(world.service.owner.dsn) as connection:
            upsert(connection, [version])
        world.on(date(2023, 6, 2)).run("raw")
    outcome = world.deployment.run("bronze")["bronze.payments_history"]
    assert outcome.counts.inserted == 3, "versions of a batch"
    rows = world.sql(f"SELECT status, is_current FROM {{bronze.payments_history}} WHERE id = {number} ORDER BY valid_from")
    assert rows == [("pending", False), ("confirmed", False), ("reversed", True)]
    world.deployment.run("silver", "gold")


def test_companies_have_trimmed_names_and_every_version(world: World) -> None:
    names = [row[0] for row in world.sql("SELECT company_name FROM {bronze.companies}")]
    assert len(names) == 400
    assert all(name == name.strip() for name in names)
    assert len(set(names)) < len(names), "names are not unique"
    changed = world.at_source("SELECT id FROM companies WHERE updated_at >= '2023-06-02' ORDER BY id")
    versions = world.sql("SELECT id FROM {bronze.companies_history} GROUP BY id HAVING count(*) = 2 ORDER BY id")
    assert versions == changed
    closed = world.at_source("SELECT id FROM companies WHERE closed_at IS NOT NULL ORDER BY id")
    assert closed
    assert world.sql("SELECT company_id FROM {silver.company_features} WHERE is_closed ORDER BY 1") == closed


def _paid_at_source(world: World) -> list[tuple[Any, ...]]:
    return world.at_source(f"""
    SELECT external_client_id, c.id, count(*), sum(amount)::text FROM payments p JOIN companies c USING (company_code)
    WHERE p.updated_at >= '{SINCE}' AND p.updated_at < '2023-06-03' AND status = 'confirmed' AND external_client_id IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    """)


def test_who_paid_whom_is_what_the_database_says(world: World) -> None:
    found = world.sql(
        "SELECT external_client_id, company_id, n_payments, cast(amount AS string) FROM {silver.client_company} ORDER BY 1, 2"
    )
    assert found == _paid_at_source(world)


def test_features_keep_large_amounts_in_scale_and_categories_as_names(world: World) -> None:
    rows = world.sql("SELECT mean_log10_amount, category, median_gap_days, n_clients FROM {silver.company_features}")
    logs = [row[0] for row in rows if row[0] is not None]
    assert 2 < min(logs) < max(logs) < 6.2
    assert {"unknown"} < {row[1] for row in rows}
    assert not any(row[1].isdigit() for row in rows)
    assert all(row[2] is None or row[2] > 0 for row in rows)


def test_what_changes_after_the_end_of_a_day_does_not_reach_it(world: World) -> None:
    code, client, at = WORLD.company_code(21), WORLD.client_id(1), datetime(2023, 6, 3)
    version = Version(910_000_002, None, code, "confirmed", "10.00", client, at, at)
    with psycopg.connect(world.service.owner.dsn) as connection:
        upsert(connection, [version])
    before = world.deployment.fingerprint("silver")
    world.on(date(2023, 6, 2)).run("raw", "bronze", "silver")
    assert world.deployment.fingerprint("silver") == before


def test_similarity_is_the_cosine_of_presence(world: World) -> None:
    clients: dict[str, set[int]] = defaultdict(set)
    for client, company, _, _ in _paid_at_source(world):
        clients[client].add(company)
    payers: dict[int, set[str]] = defaultdict(set)
    together: dict[tuple[int, int], int] = defaultdict(int)
    for client, companies in clients.items():
        for company in companies:
            payers[company].add(client)
        if len(companies) <= MOST_COMPANIES_PER_CLIENT:
            for pair in combinations(sorted(companies), 2):
                together[pair] += 1
    rows = world.sql("SELECT company_id, neighbour_id, n_common, cosine FROM {gold.company_similarity}")
    assert rows
    for company, neighbour, n_common, cosine in rows:
        assert n_common == together[min(company, neighbour), max(company, neighbour)]
        assert cosine == pytest.approx(n_common / sqrt(len(payers[company]) * len(payers[neighbour])), abs=1e-12)


def test_near_companies_share_the_planted_taste(world: World) -> None:
    cluster = {int(WORLD.company_id[i]): int(WORLD.cluster[i]) for i in range(WORLD.n_companies)}
    rows = world.sql("SELECT company_id, neighbour_id FROM {gold.company_similarity} WHERE rank = 1")
    tasteful = [(a, b) for a, b in rows if cluster[a] >= 0]
    share = sum(cluster[a] == cluster[b] for a, b in tasteful) / len(tasteful)
    assert share > 0.5, f"{share:.2f} of nearest companies are of the same cluster; by chance it would be 0.03"


def test_closed_companies_are_neither_near_nor_popular(world: World) -> None:
    closed = {row[0] for row in world.at_source("SELECT id FROM companies WHERE closed_at IS NOT NULL")}
    near = {row[0] for row in world.sql("SELECT neighbour_id FROM {gold.company_similarity}")}
    popular = {row[0] for row in world.sql("SELECT company_id FROM {gold.popular_companies}")}
    assert not closed & (near | popular)
    top = world.sql("SELECT company_id FROM {gold.popular_companies} WHERE category = 'all' ORDER BY rank LIMIT 8")
    assert {row[0] for row in top} <= {int(number) for number in WORLD.company_id[:12]}


def test_a_second_run_commits_nothing_and_increments_equal_a_rebuild(world: World) -> None:
    outcomes = world.on(date(2023, 6, 2)).run(*LAYERS)
    assert {outcome.status for outcome in outcomes.values()} == {"nothing to do"}
    before = {layer: world.deployment.fingerprint(layer) for layer in LAYERS[1:]}
    world.deployment.run(*LAYERS[1:], rebuild=True)
    assert {layer: world.deployment.fingerprint(layer) for layer in before} == before
