"""What the pages of jobs say of starts by themselves: schedules and triggers, with and without a scheduler of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tideline.workspace.layout import Layout
from tideline.workspace.scheduler import holder_of, one_per_bundle

SAME = "tasks: [{task_key: same, condition_task: {op: EQUAL_TO, left: a, right: a}}]"
FILES = {
    "databricks.yml": f"""
        bundle: {{name: shop}}
        targets: {{dev: {{default: true}}, prod: {{}}}}
        resources:
          jobs:
            nightly: {{schedule: {{quartz_cron_expression: "0 30 4 * * ?", timezone_id: Europe/Berlin}}, {SAME}}}
            often: {{trigger: {{periodic: {{interval: 2, unit: HOURS}}, pause_status: PAUSED}}, {SAME}}}
            on_files: {{trigger: {{file_arrival: {{url: /Volumes/main/raw/landing/}}}}, {SAME}}}
            never: {{{SAME}}}
        """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(write(tmp_path_factory.mktemp("shop"), FILES)) as found:
        yield found


def words(shop: Site, path: str) -> str:
    """The page without its tags."""
    answer = shop.visitor().get(f"{shop.host}{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_trigger_is_shown_as_a_schedule_is(shop: Site) -> None:
    jobs = words(shop, "/jobs")
    assert "every 2 hours paused in this target" in jobs and "new files in /Volumes/main/raw/landing/" in jobs
    assert jobs.count("by hand") == 1 and "04:30 Europe/Berlin" in jobs
    assert "Starts by itself: every 2 hours , paused in this target." in words(shop, "/jobs/often")
    assert "Starts by hand only." in words(shop, "/jobs/never")


def test_without_a_scheduler_nothing_starts_here_and_it_says_what_would(shop: Site) -> None:
    assert "while tideline schedule start runs, what is not paused does" in words(shop, "/jobs")
    assert "while tideline schedule start runs, which is not now" in words(shop, "/jobs/nightly")
    assert "while tideline schedule start --unpaused runs" in words(shop, "/jobs/often")
    assert "started here" not in words(shop, "/jobs")


def test_a_scheduler_that_runs_is_told_with_what_it_serves(shop: Site) -> None:
    layout = Layout(shop.root)
    with one_per_bundle(layout, target="dev", rules=["nightly/0", "often/0"]):
        jobs = words(shop, "/jobs")
        assert "Europe/Berlin started here" in jobs and "every 2 hours started here" in jobs
        assert jobs.count("started here") == 3 and "by hand" in jobs  # the third time in the sentence that explains it
        assert "The scheduler of this machine starts it" in words(shop, "/jobs/nightly")
        assert "it was not asked to start this job" in words(shop, "/jobs/on_files")
    assert holder_of(layout) is None


def test_a_scheduler_of_another_target_starts_nothing_of_this_one(shop: Site) -> None:
    with one_per_bundle(Layout(shop.root), target="prod", rules=["nightly/0"]):
        assert words(shop, "/jobs").count("started here") == 1  # in the sentence that explains it
        page = words(shop, "/jobs/nightly")
    assert "target prod; it was not asked to start this job" in page


def test_a_scheduler_that_was_killed_is_not_taken_for_one_that_runs(shop: Site) -> None:
    layout = Layout(shop.root)
    note = layout.home / "scheduler" / "holder.json"
    with one_per_bundle(layout, target="dev", rules=["nightly/0"]):
        left = note.read_text(encoding="utf-8")
    born = re.search(r'"born": ([\d.]+)', left)
    assert born
    note.write_text(left.replace(born.group(1), "1.0"), encoding="utf-8")
    try:
        assert holder_of(layout) is None and "started here" not in words(shop, "/jobs")
    finally:
        note.unlink()
