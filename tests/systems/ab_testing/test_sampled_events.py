"""The demonstration's two deliveries, the second with late and repeated events: counts by line, results by DuckDB, the API."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps.served import ROOT, api
from tests.systems.ab_testing.events_reckoning import RESULTS, is_good, reckon, texts_of
from tests.systems.deployment import deployed
from tideline.commands.demo import SEED
from tideline.samples import write_day
from tideline.workspace.layout import Layout

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SCALE = 0.1  # the demonstration's own


@pytest.fixture(scope="module")
def story(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with deployed(spark, tmp_path_factory.mktemp("volumes"), "ab_testing", "events") as deployment:
        files: list[list[Path]] = []
        outcomes = []
        for day in (1, 2):
            files.append([*write_day("ab_testing", deployment.landing, day, scale=SCALE, seed=SEED).files])
            outcomes.append(deployment.run("raw", "bronze", "silver", "gold"))
        results = deployment.sql("""
            SELECT experiment, variant, day, attribution, n_participants, n_buyers, n_purchases,
                   n_participants_all, n_buyers_all, n_purchases_all FROM {gold.variant_results}""")
        yield {"files": files, "outcomes": outcomes, "results": results, "prefix": deployment.settings.schema_prefix}


def test_every_line_is_applied_known_double_or_set_aside(story: dict[str, Any]) -> None:
    known: set[str] = set()
    for files, outcomes in zip(story["files"], story["outcomes"], strict=True):
        lines = [text for file in files for text in texts_of(file)]
        good = [text for text in lines if is_good(text)]
        counts = outcomes["bronze.events"].counts
        assert counts.read == len(lines) and counts.quarantined == len(lines) - len(good) > 0
        assert counts.duplicate == len(good) - len(set(good)) > 0
        assert (counts.inserted, counts.updated, counts.stale) == (len(set(good) - known), 0, len(set(good) & known))
        known |= set(good)


def test_results_after_late_events_equal_the_reckoning_of_all_files(story: dict[str, Any]) -> None:
    with reckon(*[file for files in story["files"] for file in files]) as reckoned:
        assert sorted(story["results"]) == sorted(reckoned.execute(RESULTS).fetchall())
    assert len({row[0] for row in story["results"]}) > 30


def test_the_request_in_the_readme_gives_the_answer_that_stands_there(story: dict[str, Any], tmp_path: Path) -> None:
    request = re.search(r"^curl 'http://127.0.0.1:8000(/[^']+)'\n(\{.*?)\n```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert request
    warehouse = Layout(Path(os.environ["TIDELINE_TEST_HOME"])).warehouse
    with api(tmp_path, TIDELINE_GOLD=str(warehouse), TIDELINE_SCHEMA_PREFIX=story["prefix"]) as found:
        assert rounded(found.get(request[1]).json()) == rounded(json.loads(request[2]))


def rounded(value: Any) -> Any:
    """The same with numbers to nine digits: the last ones differ between processors."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
