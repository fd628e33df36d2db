"""Money over time: month ends from versions that are made by hand, and from files, reckoned without Spark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from systems.community.gold.monthly_support import monthly_support
from tests.systems.deployment import Deployment, deployed
from tests.systems.reckoning import records, sequence
from tideline.samples import sample

pytestmark = pytest.mark.long

VERSIONS = (
    "id_oid string, created_at_date timestamp, valid_from timestamp, valid_to timestamp, patreon_status_is_patron boolean, "
    "patreon_status_currently_entitled_amount_cents bigint, patreon_status_lifetime_support_cents bigint"
)
TABLE = (
    "SELECT month, n_patrons, entitled_amount, lifetime_support_amount, n_patrons_change, entitled_amount_change, "
    "support_amount, n_users_unknown, is_finished FROM {gold.monthly_support} ORDER BY month"
)
AS_OF = date(2023, 6, 2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def months_of(spark: Any, versions: list[tuple[Any, ...]], as_of: date) -> list[tuple[Any, ...]]:
    rows = monthly_support(spark.createDataFrame(versions, VERSIONS), as_of).drop("n_users").collect()
    return sorted((str(row[0])[:7], *(float(each) for each in row[1:7]), *row[7:]) for row in rows)


def test_a_month_ends_with_what_was_true_at_its_last_moment(spark: Any) -> None:
    versions = [
        ("a", at("2024-01-05"), at("2024-01-05"), at("2024-01-20"), False, 0, 0),
        ("a", at("2024-01-05"), at("2024-01-20"), at("2024-02-01"), True, 500, 500),  # ends as the month does: it was true in it
        ("a", at("2024-01-05"), at("2024-02-01"), None, True, 300, 800),
        ("b", at("2024-01-09"), at("2024-01-09"), None, None, None, None),  # has no status
        ("c", at("2024-02-03"), at("2024-02-03"), at("2024-04-10"), True, 100, 150),  # deleted in April
        ("d", at("2024-02-03"), at("2024-03-02"), at("2024-03-30"), True, 900, 900),  # came and went within March
    ]
    assert months_of(spark, versions, date(2024, 5, 1)) == [
        ("2024-01", 1, 5.0, 5.0, 1, 5.0, 5.0, 0, True),
        ("2024-02", 2, 4.0, 9.5, 1, -1.0, 4.5, 1, True),
        ("2024-03", 2, 4.0, 9.5, 0, 0.0, 0.0, 0, True),
        ("2024-04", 1, 3.0, 8.0, -1, -1.0, -1.5, 0, True),
        ("2024-05", 1, 3.0, 8.0, 0, 0.0, 0.0, 0, False),
    ]


def test_what_is_later_than_the_day_that_counts_as_now_is_not_there_yet(spark: Any) -> None:
    versions = [("a", at("2024-01-05"), at("2024-01-05"), at("2024-03-03"), True, 100, 100),
                ("a", at("2024-01-05"), at("2024-03-03"), None, True, 900, 1000)]
    assert months_of(spark, versions, date(2024, 2, 10)) == [
        ("2024-01", 1, 1.0, 1.0, 1, 1.0, 1.0, 0, True), ("2024-02", 1, 1.0, 1.0, 0, 0.0, 0.0, 0, False)]
    assert months_of(spark, versions[1:], date(2024, 2, 10)) == [
        ("2024-01", 0, 0.0, 0.0, 0, 0.0, 0.0, 1, True), ("2024-02", 0, 0.0, 0.0, 0, 0.0, 0.0, 1, False)]
    assert months_of(spark, [], date(2024, 2, 10)) == []


class Reckoned:
    """Month ends from files: per user the last version before the end."""

    def __init__(self, folder: Path) -> None:
        documents = [each for file in folder.glob("users-*") for each in records(file) if isinstance(each, dict)]
        self.versions: dict[str, dict[datetime, dict[str, Any]]] = {}
        for each in documents:
            self.versions.setdefault(each["_id"]["$oid"], {})[sequence(each)] = each.get("patreon_status", {})

    def state(self, end: datetime) -> tuple[int, int, int]:
        """Patrons, entitled cents and lifetime cents before `end`."""
        now = [of_user[max(known)] for of_user in self.versions.values() if (known := [t for t in of_user if t < end])]
        names = ("is_patron", "currently_entitled_amount_cents", "lifetime_support_cents")
        n, entitled, lifetime = (sum(int(status.get(name, 0)) for status in now) for name in names)
        return n, entitled, lifetime

    def table(self, first: date, last: date) -> list[tuple[Any, ...]]:
        rows, before = [], (0, 0, 0)
        while first <= last:
            following = (first + timedelta(days=32)).replace(day=1)
            state = self.state(datetime(following.year, following.month, 1, tzinfo=UTC))
            change = [now - then for now, then in zip(state, before, strict=True)]
            usd = [Decimal(cents) / 100 for cents in (*state[1:], *change[1:])]
            rows.append((first, state[0], usd[0], usd[1], change[0], usd[2], usd[3]))
            first, before = following, state
        return rows


@pytest.fixture(scope="module")
def months(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Eight monthly deliveries and two days."""
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "community", "exports") as deployment:
        deployment.settings = replace(deployment.settings, as_of=AS_OF, tables=(
            "users", "users_history", "monthly_support", "support_distribution"))
        sample("community", deployment.landing, days=2, scale=0.004, seed=5, months=8)
        deployment.run("raw", "bronze", "gold")
        yield deployment


def test_month_ends_are_those_of_the_files(months: Deployment) -> None:
    found = months.sql(TABLE)
    expected = Reckoned(months.landing).table(found[0][0], date(2023, 6, 1))
    assert [row[:7] for row in found] == expected
    assert len(found) > 8 and found[-1][1] > 3
    finished = [row[0] for row in found if row[8]]
    assert finished == [row[0] for row in found[:-1]] and found[-1][0] == date(2023, 6, 1)


def test_before_the_first_export_users_are_there_whose_standing_nobody_knows(months: Deployment) -> None:
    unknown = {row[0]: row[7] for row in months.sql(TABLE)}
    assert unknown[date(2022, 8, 1)] > 0  # the first export is of October
    assert not any(n for month, n in unknown.items() if month >= date(2022, 10, 1))


def test_a_late_version_reopens_its_months_and_a_rebuild_agrees(months: Deployment) -> None:
    before = months.sql(TABLE)
    first_export = [each for each in records(min(months.landing.glob("users-*"))) if isinstance(each, dict)]
    document = next(each for each in first_export if "updated_at" in each)
    moment = at("2022-12-20 10:00")
    late = document | {"updated_at": {"$date": "2022-12-20T10:00:00.000Z"}, "patreon_status": {
        "is_patron": True, "currently_entitled_amount_cents": 77700, "lifetime_support_cents": 123400}}
    assert sequence(document) < moment
    (months.landing / "users-2023-06-02_09-00-00.json").write_text(json.dumps([late], indent=2))
    outcome = months.run("raw", "bronze", "gold")["gold.monthly_support"]
    after = months.sql(TABLE)
    changed = {now[0] for then, now in zip(before, after, strict=True) if then != now}
    assert min(changed) == date(2022, 12, 1) and outcome.status == "written"
    assert [row[:7] for row in after] == Reckoned(months.landing).table(after[0][0], date(2023, 6, 1))
    assert outcome.counts.inserted == 0 and outcome.counts.updated == len(changed)

    assert months.run("raw", "bronze", "gold")["gold.monthly_support"].status == "nothing to do"
    versions = "SELECT count(*), sum(xxhash64(id_oid, valid_from, valid_to, is_current) % 1000) FROM {bronze.users_history}"
    history = months.sql(versions)
    months.run("bronze", "gold", rebuild=True)
    assert (months.sql(TABLE), months.sql(versions)) == (after, history)
