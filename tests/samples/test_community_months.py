"""Three years of monthly deliveries: the money in them grows, has a season and scatters, as it was planted."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tideline.samples import sample, write_day
from tideline.samples.community.seasons import doubled_share

SCALE, SEED, START = 0.04, 3, date(2023, 6, 1)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[date, list[dict[str, Any]]]:
    """Users of every export, as the files have them."""
    deliveries = sample("community", tmp_path_factory.mktemp("months"), days=1, scale=SCALE, seed=SEED, months=36)
    return {each.date: json.loads(each.files[0].read_text()) for each in deliveries}


def cents(users: list[dict[str, Any]], name: str) -> int:
    return sum(user.get("patreon_status", {}).get(f"{name}_cents", 0) for user in users)


def test_a_month_delivers_all_users_and_what_else_came_since_the_month_before(tmp_path: Path) -> None:
    deliveries = sample("community", tmp_path, days=1, scale=0.004, seed=SEED, months=36)
    monthly, whole = deliveries[:-1], deliveries[-1]
    for place, collection in enumerate(("posts", "posts_comments", "votes"), 1):
        files = [file for each in monthly for file in each.files if file.name.startswith(f"{collection}-")]
        ids = [document["_id"]["$oid"] for file in files for document in json.loads(file.read_text())]
        assert len(ids) == len(set(ids)) > 0
        first_of_may = "2023-05-01T06:00:00.000Z"
        known = [each for each in json.loads(whole.files[place].read_text()) if each["created_at"]["$date"] <= first_of_may]
        assert set(ids) == {each["_id"]["$oid"] for each in known}


def test_the_same_arguments_give_the_same_months_and_days_alone_are_as_they_were(tmp_path: Path) -> None:
    first = sample("community", tmp_path / "a", days=2, scale=0.004, seed=SEED, months=3)
    again = sample("community", tmp_path / "b", days=2, scale=0.004, seed=SEED, months=3)
    assert [[file.read_bytes() for file in each.files] for each in first] == [
        [file.read_bytes() for file in each.files] for each in again
    ]
    alone = write_day("community", tmp_path / "c", 1, scale=0.004, seed=SEED)
    assert [file.read_bytes() for file in alone.files[1:]] == [file.read_bytes() for file in first[3].files[1:]]
    statuses = [user.get("patreon_status", {}) for user in json.loads(alone.files[0].read_text())]
    tiers = {status["currently_entitled_amount_cents"] for status in statuses if status}
    assert tiers <= {0, 100, 300, 500, 1000, 2500, 5000, 10000, 50000}  # nobody pays double


def test_support_grows_from_export_to_export(exports: dict[date, list[dict[str, Any]]]) -> None:
    support = [cents(users, "campaign_lifetime_support") for users in exports.values()]
    assert len(support) == 37 and support == sorted(support)
    assert cents(exports[START], "currently_entitled_amount") > 5 * cents(exports[date(2020, 12, 1)], "currently_entitled_amount")


def test_the_share_that_pays_double_is_the_planted_one(exports: dict[date, list[dict[str, Any]]]) -> None:
    """What a patron paid between two exports is the tier or twice the tier: the lowest payment is the tier."""
    paid: dict[str, dict[date, int]] = defaultdict(dict)
    days = list(exports)
    for before, day in pairwise(days):
        was = {user["_id"]["$oid"]: user for user in exports[before]}
        for user in exports[day]:
            then, now = was.get(user["_id"]["$oid"], {}).get("patreon_status"), user.get("patreon_status")
            if then and now and then["is_patron"] and now["is_patron"]:
                difference = cents([user], "lifetime_support") - then["lifetime_support_cents"]
                paid[user["_id"]["$oid"]][before] = difference
    regular = [months for months in paid.values() if len(months) >= 8]
    assert len(regular) > 100
    tests = 0
    for day in days[18:-1]:
        doubled = [months[day] == 2 * min(months.values()) for months in regular if day in months]
        planted = doubled_share(SEED, day.year, day.month)
        error = (planted * (1 - planted) / len(doubled)) ** 0.5
        assert abs(sum(doubled) / len(doubled) - planted) < 4 * error
        tests += 1
    assert tests == 18


def test_winters_are_richer_than_summers() -> None:
    winters, summers = ([doubled_share(SEED, year, month) for year in range(2020, 2024)] for month in (12, 6))
    assert min(winters) > max(summers) + 0.2 and len(set(winters)) == 4
