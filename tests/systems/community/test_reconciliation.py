"""Source files against tables: after every delivery, what was delivered is what silver says, to the cent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.systems.deployment import Deployment, deployed
from tests.systems.reckoning import Community
from tideline.samples import write_day

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
BRONZE = {
    "bronze.users": "users", "bronze.posts": "posts", "bronze.post_documents": "posts",
    "bronze.posts_comments": "posts_comments", "bronze.vote_documents": "votes",
}
TOTALS = {
    "chosen options": "SELECT count(*) FROM {silver.votes}",
    "weights": "SELECT sum(weight) FROM {silver.votes}",
    "comments": "SELECT count(*) FROM {silver.comments}",
    "body length": "SELECT sum(n_characters) FROM {silver.comments}",
    "users": "SELECT count(*) FROM {bronze.users}",
    "support cents": "SELECT sum(patreon_status_lifetime_support_cents) FROM {bronze.users}",
    "posts": "SELECT count(DISTINCT post_id) FROM {silver.posts_english}",
    "polls with multiple votes": "SELECT count(DISTINCT post_id) FROM {silver.posts_english} WHERE has_multiple_votes",
}
SCALE, SEED = 0.004, 11
TOGETHER = ((1,), (2, 3))  # days that one run takes in; every oddity comes within three days
ONE_BY_ONE = ((1,), (2,), (3,))


@pytest.fixture(
    scope="module", params=[TOGETHER, pytest.param(ONE_BY_ONE, marks=pytest.mark.deep)], ids=["two runs", "three runs"]
)
def story(request: pytest.FixtureRequest, spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Three days of deliveries, each run through silver and reckoned."""
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "community", "exports") as deployment:
        community = Community()
        days = [_taken_in(deployment, community, days) for days in request.param]
        columns = deployment.spark.table(deployment.settings.name_of("bronze.users")).columns
        quarantine = deployment.sql("SELECT table_name, count(*) FROM {raw.quarantine} GROUP BY ALL")
        latest = community.latest
        yield {"deployment": deployment, "days": days, "columns": columns, "quarantine": dict(quarantine), "latest": latest}


def _taken_in(deployment: Deployment, community: Community, days: tuple[int, ...]) -> dict[str, Any]:
    deliveries = [write_day("community", deployment.landing, day, scale=SCALE, seed=SEED) for day in days]
    terms = community.take_in([Path(file) for delivery in deliveries for file in delivery.files])
    outcomes = deployment.run("raw", "bronze", "silver")
    found = deployment.sql("SELECT " + ", ".join(f"({query})" for query in TOTALS.values()))[0]
    return {"terms": terms, "outcomes": outcomes, "expected": community.totals(), "found": dict(zip(TOTALS, found, strict=True))}


def test_silver_agrees_with_the_source_files_after_every_delivery(story: dict[str, Any]) -> None:
    assert len(story["days"]) > 1
    for day in story["days"]:
        assert day["found"] == day["expected"]


def test_every_record_that_came_in_is_applied_stale_duplicate_or_quarantined(story: dict[str, Any]) -> None:
    for number, day in enumerate(story["days"], 1):
        for table, collection in BRONZE.items():
            counts, terms = day["outcomes"][table].counts, day["terms"][collection]
            found = {name: getattr(counts, name) for name in vars(terms)}
            assert (number, table, found) == (number, table, vars(terms))
            assert terms.read == terms.inserted + terms.updated + terms.stale + terms.duplicate + terms.quarantined


def test_raw_keeps_every_record_of_every_distinct_file(story: dict[str, Any]) -> None:
    for day in story["days"]:
        for collection, terms in day["terms"].items():
            assert day["outcomes"][f"raw.{collection}"].counts.inserted == terms.read


def test_a_post_that_a_later_load_changes_says_what_it_says_now(story: dict[str, Any]) -> None:
    """A careless version breaks on the second load of a changed post."""
    assert story["days"][-1]["terms"]["posts"].updated > 0
    found = dict(story["deployment"].sql("SELECT id_oid, to_json(document) FROM {bronze.post_documents}"))
    assert {id_: json.loads(document) for id_, document in found.items()} == story["latest"]["posts"]


def test_a_withdrawn_vote_chooses_nothing_and_every_version_of_it_is_kept(story: dict[str, Any]) -> None:
    """A careless version loses the history of votes, or keeps those that were withdrawn."""
    deployment, votes = story["deployment"], story["latest"]["votes"]
    withdrawn = {id_ for id_, vote in votes.items() if not vote["votes"]}
    chosen = {id_ for (id_,) in deployment.sql("SELECT DISTINCT vote_id FROM {silver.votes}")}
    assert withdrawn and chosen == set(votes) - withdrawn
    id_, version = "try_variant_get(document, '$._id.$oid', 'string')", "to_json(document)"
    versions = dict(deployment.sql(f"SELECT {id_}, count(DISTINCT {version}) FROM {{raw.votes}} GROUP BY 1"))
    assert any(versions[id_] > 1 for id_ in withdrawn)


def test_a_field_that_appears_midstream_becomes_a_column(story: dict[str, Any]) -> None:
    assert "id_look_a_new_field" in story["columns"]


def test_what_could_not_be_parsed_waits_in_the_quarantine(story: dict[str, Any]) -> None:
    expected = {
        table: n for table, collection in (BRONZE | {"bronze.users_history": "users"}).items()
        if (n := sum(day["terms"][collection].quarantined for day in story["days"]))
    }
    assert expected
    assert story["quarantine"] == expected


def test_a_rebuild_equals_what_the_deliveries_built(story: dict[str, Any]) -> None:
    deployment = story["deployment"]
    before = {layer: deployment.fingerprint(layer) for layer in ("bronze", "silver")}
    deployment.run("bronze", "silver", rebuild=True)
    assert {layer: deployment.fingerprint(layer) for layer in ("bronze", "silver")} == before
