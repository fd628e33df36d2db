"""The pages of jobs over HTTP: what they show, and what a press of Run does. Conditions alone run here: they need no Spark."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.kept import DANGER, keep, task
from tests.workspace.web.waiting import ended, press, token_of
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout

FILES = {
    "databricks.yml": """
        bundle: {name: shop}
        targets: {dev: {default: true}, prod: {}}
        resources:
          jobs:
            nightly:
              name: the nightly <b>job</b>
              description: Adds up the day.
              schedule: {quartz_cron_expression: "0 30 4 * * ?", timezone_id: Europe/Berlin, pause_status: PAUSED}
              parameters:
                - name: left
                  default: a # what is compared
                - {name: right, default: "{{job.id}}"}
                - {name: day, default: ""}
                - {name: hidden, default: open-sesame}
              tasks:
                - {task_key: same, condition_task: {op: EQUAL_TO, left: "{{job.parameters.left}}", right: "a"}}
                - task_key: yes_branch
                  depends_on: [{task_key: same, outcome: "true"}]
                  condition_task: {op: EQUAL_TO, left: a, right: a}
                - task_key: no_branch
                  depends_on: [{task_key: same, outcome: "false"}]
                  condition_task: {op: EQUAL_TO, left: a, right: a}
            tell:
              tasks: [{task_key: say, notebook_task: {notebook_path: say.py}, max_retries: 2, min_retry_interval_millis: 1500}]
        """,
    "say.py": """
        # Databricks notebook source
        # MAGIC %md
        # MAGIC Widgets: `day`, `night` (when it is); `word`.

        # COMMAND ----------

        dbutils.widgets.text("word", "")
        dbutils.notebook.exit(dbutils.widgets.get("word"))
        """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = write(tmp_path_factory.mktemp("shop"), FILES)
    secrets = Layout(root).secrets
    secrets.parent.mkdir(parents=True)
    secrets.write_text('{"vault": {"word": "open-sesame"}}', encoding="utf-8")
    with site_of(root) as found:
        yield found


@pytest.fixture
def visitor(shop: Site) -> requests.Session:
    return shop.visitor()


def text_of(shop: Site, visitor: requests.Session, path: str) -> str:
    answer = visitor.get(f"{shop.host}{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_list_shows_every_job_with_its_next_time_in_its_own_zone(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, "/jobs")
    assert "Adds up the day." in text and "never ran" in text and "by hand" in text
    assert re.search(r"\w{3} \d{4}-\d\d-\d\d 04:30 Europe/Berlin", text) and "paused in this target" in text


def test_a_job_has_its_graph_its_schedule_and_its_parameters_as_fields(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, "/jobs/nightly")
    assert "the nightly &lt;b&gt;job&lt;/b&gt;" in text and "<b>job" not in text
    assert 'aria-label="Graph of the tasks"' in text and ">no_branch</text>" in text and "condition</text>" in text
    assert len(set(re.findall(r"04:30 Europe/Berlin", text))) == 1 and text.count("04:30 Europe/Berlin") == 5
    assert 'name="p.left" value="a"' in text and "what is compared" in text
    assert 'name="p.right" value="{{job.id}}"' in text
    assert "databricks.yml:" in text and "It has not run yet." in text


def test_a_secret_is_not_shown_even_as_a_default(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, "/jobs/nightly")
    assert "open-sesame" not in text and 'name="p.hidden" value="[REDACTED]"' in text


def test_a_job_without_parameters_takes_those_of_its_notebooks(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, "/jobs/tell")
    assert 'name="free"' in text and "2, 1.5 s apart" in text


def test_a_changed_field_is_given_and_the_others_keep_their_defaults(shop: Site, visitor: requests.Session) -> None:
    sent = {"p.left": "b", "p.right": "{{job.id}}", "p.day": "", "p.hidden": "[REDACTED]"}
    run_id = press(shop, visitor, "/jobs/nightly", sent)
    run = ended(shop, run_id)
    assert run.overrides == {"left": "b"} and run.parameters["hidden"] == "open-sesame"
    assert [each.state for each in run.tasks.values()] == ["SUCCESS", "EXCLUDED", "SUCCESS"]
    text = text_of(shop, visitor, f"/runs/{run_id}")
    assert "open-sesame" not in text and "given for this run" in text
    again = text_of(shop, visitor, f"/jobs/nightly?like={run_id}")
    assert 'name="p.left" value="b"' in again and "Filled in as run" in again and "default: <code>a</code>" in again


def test_only_the_chosen_tasks_run(shop: Site, visitor: requests.Session) -> None:
    run = ended(shop, press(shop, visitor, "/jobs/nightly", {"task": "yes_branch", "around": "before"}))
    assert run.only == "+yes_branch"
    assert [key for key, each in run.tasks.items() if each.state == "DISABLED"] == ["no_branch"]


def test_the_same_press_twice_starts_one_run_and_two_presses_start_two(shop: Site, visitor: requests.Session) -> None:
    token = token_of(shop, visitor, "/jobs/nightly")
    found: list[str] = []

    def once(sent: str) -> None:
        found.append(press(shop, visitor, "/jobs/nightly", {"p.left": "c"}, token=sent))

    presses = (token, token, token_of(shop, visitor, "/jobs/nightly"))
    threads = [threading.Thread(target=once, args=(sent,)) for sent in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3 and len(set(found)) == 2
    assert {ended(shop, run_id).state for run_id in found} == {"SUCCESS"}  # at most one at once: the second waited
    changed = press(shop, visitor, "/jobs/nightly", {"p.left": "d"}, token=token)
    assert changed not in found  # back in the browser, another value: another run


def test_what_cannot_start_is_said_and_nothing_is_kept(shop: Site, visitor: requests.Session) -> None:
    store = RunStore(Layout(shop.root).runs)
    before = store.ids()
    for path, fields, said in (
        ("/jobs/nightly", {"p.lefd": "a"}, "no parameter `lefd`"), ("/jobs/nightly", {"task": "sme"}, "no task `sme`"),
        ("/jobs/tell", {"free": "word"}, "`word` is no parameter"), ("/jobs/none", {}, "no job `none`"),
    ):  # fmt: skip
        answer = visitor.post(f"{shop.host}{path}/run", data={"token": "t", **fields}, headers={"Origin": shop.host}, timeout=60)
        assert answer.status_code in (400, 404) and said in answer.text.replace("&#39;", "'"), answer.text
    assert store.ids() == before


def test_a_form_of_another_page_starts_nothing(shop: Site, visitor: requests.Session) -> None:
    answer = visitor.post(f"{shop.host}/jobs/nightly/run", headers={"Origin": "http://evil.example"}, timeout=20)
    assert answer.status_code == 403
    large = visitor.post(f"{shop.host}/jobs/nightly/run", data="x=" + "y" * 2_000_000, headers={"Origin": shop.host}, timeout=20)
    assert large.status_code == 413


@pytest.mark.parametrize("key", ["none", "..%2f..%2fetc", "%2e%2e", "<script>"])
def test_an_unknown_job_is_a_page_that_names_the_known_ones(shop: Site, visitor: requests.Session, key: str) -> None:
    answer = visitor.get(f"{shop.host}/jobs/{key}", timeout=20)
    assert answer.status_code in (404, 200) and "<script>`" not in answer.text
    if key == "none":
        assert "nightly, tell" in answer.text


def test_a_job_shows_its_latest_runs_and_how_long_they_took(shop: Site, visitor: requests.Session) -> None:
    store = RunStore(Layout(shop.root).runs)
    for number in range(3):
        keep(
            store, f"202306010101010{number}", task("say"), job="tell", state="FAILED", seconds=number + 1.0,
            overrides={"word": DANGER},
        )  # fmt: skip
    text = text_of(shop, visitor, "/jobs/tell")
    assert text.count('<g class="box bad">') == 3 and "half of the last 3 took no longer than 2.0 s" in text
    assert DANGER not in text and "The latest 3 of 3." in text
    assert "half of the last 3" in text_of(shop, visitor, "/jobs")


def test_an_edit_of_the_bundle_counts_at_once_and_a_mistake_is_said(shop: Site, visitor: requests.Session) -> None:
    file: Path = shop.root / "databricks.yml"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace("Adds up the day.", "Adds up the night."), encoding="utf-8")
        assert "Adds up the night." in text_of(shop, visitor, "/jobs")
        file.write_text(text.replace("Adds up the day.", "${var.nobody}"), encoding="utf-8")
        answer = visitor.get(f"{shop.host}/jobs", timeout=20)
        assert answer.status_code == 400 and "nobody" in answer.text and "databricks.yml" in answer.text
    finally:
        file.write_text(text, encoding="utf-8")
