"""The workspace in a real browser, on real Spark: start, read why it failed, mend, repair; cancel; two people; a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.kept import failed, keep, keep_many, task
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress

pytestmark = [pytest.mark.long, pytest.mark.browser]
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 400, "height": 800}
OLD = "2023060200000001"
FILES = {
    "databricks.yml": """
        bundle: {name: fruit}
        targets: {dev: {default: true}}
        resources:
          jobs:
            price:
              name: price of a fruit
              description: Looks a price up, and what it is with tax.
              schedule: {quartz_cron_expression: "0 30 4 * * ?", timezone_id: Europe/Berlin}
              parameters:
                - name: fruit
                  default: apple # one that has a price
                - {name: tax, default: "0.2"}
              tasks:
                - {task_key: look_up, description: The price without tax., notebook_task: {notebook_path: look_up.py}}
                - {task_key: with_tax, depends_on: [{task_key: look_up}], notebook_task: {notebook_path: with_tax.py}}
            check:
              parameters: [{name: limit, default: "10"}]
              tasks: [{task_key: is_below, condition_task: {op: LESS_THAN, left: "3", right: "{{job.parameters.limit}}"}}]
            wait:
              tasks: [{task_key: sleep, notebook_task: {notebook_path: sleep.py}}]
        """,
    "look_up.py": """
        # Databricks notebook source
        # MAGIC %md
        # MAGIC # What does a fruit cost?
        # MAGIC Widgets: `fruit`; `tax` (a share of the price).

        # COMMAND ----------

        dbutils.widgets.text("fruit", "apple")
        prices = spark.createDataFrame([("apple", 2.0), ("pear", 3.0)], "fruit string, price double")
        display(prices)

        # COMMAND ----------

        displayHTML("<p id='said'>waits</p><script>document.getElementById('said').textContent = 'ran'</script>")

        # COMMAND ----------

        found = {row["fruit"]: row["price"] for row in prices.collect()}[dbutils.widgets.get("fruit")]
        dbutils.jobs.taskValues.set("price", found)
        """,
    "with_tax.py": """
        # Databricks notebook source
        dbutils.widgets.text("tax", "0.2")
        price = dbutils.jobs.taskValues.get("look_up", "price", debugValue=1.0)
        dbutils.notebook.exit(str(price * (1 + float(dbutils.widgets.get("tax")))))
        """,
    "sleep.py": """
        # Databricks notebook source
        import time

        # COMMAND ----------

        # DBTITLE 1,A long nap
        time.sleep(300)
        """,
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a past, where nothing needs Spark."""
    root = write(tmp_path_factory.mktemp("old"), FILES)
    store = RunStore(Layout(root).runs)
    keep_many(store, 60)
    keep(store, "2023060200000002", task("look_up"), task("with_tax", after="look_up"), job="price", seconds=4.2)
    failed(store, OLD)
    with site_of(root) as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Site]:
    root = write(tmp_path_factory.mktemp("fruit"), FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", spark_server.token)
        with site_of(root, "--remote", spark_server.remote) as found:
            yield found


@pytest.fixture
def person(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """Somebody who has opened the workspace."""
    context = visitor(browser, site)
    yield context
    context.close()


def visitor(browser: Browser, site: Site, **options: object) -> BrowserContext:
    context = browser.new_context(viewport=DESKTOP, **options)  # type: ignore[arg-type]  # options of several types
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(site.entry)
    page.close()
    return context


def opened(person: BrowserContext, site: Site, path: str) -> Page:
    page = person.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("close", lambda _: None)
    page.goto(f"{site.host}{path}")
    assert errors == []
    return page


def kept(page: Page, name: str) -> None:
    """A screenshot of all of the page, where one is wanted."""
    folder = os.environ.get("TIDELINE_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"ui-{name}.png"), full_page=True)


def started(page: Page) -> str:
    """The id of the run that a press led to."""
    page.wait_for_url("**/runs/*")
    return page.url.rsplit("/", 1)[-1].split("#")[0]


def test_start_a_job_that_fails_read_why_mend_the_parameter_repair_and_see_it_pass(person: BrowserContext, site: Site) -> None:
    page = opened(person, site, "/jobs")
    page.get_by_role("link", name="price", exact=True).click()
    page.get_by_label("fruit", exact=True).fill("plum")
    kept(page, "job")
    page.get_by_role("button", name="Run now").click()
    run_id = started(page)
    kept(page, "run-going")

    expect(page.get_by_role("status")).to_contain_text("FAILED")  # it comes by itself, without a reload
    why = page.locator("#run-failures .card.bad")
    expect(why).to_contain_text("KeyError: 'plum'")
    expect(why).to_contain_text("look_up.py:")
    expect(page.locator("svg.graph .box.bad")).to_have_count(2)
    kept(page, "run-failed")
    page.get_by_text("The notebook as executed").first.click()
    expect(page.locator("details.task .nb-error")).to_contain_text("plum")
    expect(page.frame_locator("iframe.nb-frame").locator("#said")).to_have_text("ran")  # its script runs, apart from the page
    assert page.title().startswith("price of a fruit")
    kept(page, "run-notebook")

    page.locator("#repair").get_by_label("fruit").fill("pear")
    page.locator("#repair").get_by_role("button", name="Repair").click()
    page.wait_for_load_state()
    expect(page.get_by_role("status")).to_contain_text("SUCCESS")
    expect(page.get_by_role("status")).to_contain_text("It was repaired.")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("SUCCESS")
    expect(page.locator("#run-parameters")).to_contain_text("fruit=pear")
    kept(page, "run-repaired")
    run = RunStore(Layout(site.root).runs).load(run_id)
    assert run.tasks["with_tax"].attempts[-1].exit_value == "3.5999999999999996"
    assert [len(task.attempts) for task in run.tasks.values()] == [2, 1]


def test_a_run_that_goes_on_shows_its_cell_and_ends_when_it_is_cancelled(person: BrowserContext, site: Site) -> None:
    page = opened(person, site, "/jobs/wait")
    page.get_by_role("button", name="Run now").click()
    run_id = started(page)
    expect(page.locator("details.task")).to_contain_text("cell 2 of 2: A long nap")
    elapsed = page.locator("details.task .elapsed")
    expect(elapsed).to_have_text(re.compile(r"[0-9]+ s$"))
    expect(elapsed).not_to_have_text(elapsed.inner_text())  # it counts on
    home = opened(person, site, "/")
    expect(home.locator("#runs-now")).to_contain_text("wait")
    kept(page, "run-cell")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("CANCELED")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(home.locator("#runs-now")).not_to_contain_text("wait")  # by itself, too
    assert RunStore(Layout(site.root).runs).load(run_id).state == "CANCELED"


def test_a_browser_that_closes_stops_nothing_and_the_next_one_sees_the_truth(browser: Browser, site: Site) -> None:
    leaving = visitor(browser, site)
    page = opened(leaving, site, "/jobs/wait")
    page.get_by_role("button", name="Run now").click()
    run_id = started(page)
    leaving.close()
    coming = visitor(browser, site)
    page = opened(coming, site, f"/runs/{run_id}")
    expect(page.get_by_role("status")).to_contain_text("at work: sleep")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("CANCELED")
    coming.close()


def test_two_people_who_press_at_once_get_a_run_each_and_see_who_waits(browser: Browser, site: Site) -> None:
    people = [visitor(browser, site) for _ in range(2)]
    pages = [opened(each, site, "/jobs/wait") for each in people]
    for page in pages:
        page.get_by_role("button", name="Run now").click(no_wait_after=True)
    first, second = (started(page) for page in pages)
    assert first != second
    either = re.compile("QUEUED|at work: sleep")  # whoever comes first
    for page in pages:
        expect(page.get_by_role("status")).to_contain_text(either)
    queued = sorted(pages, key=lambda page: "QUEUED" not in page.get_by_role("status").inner_text())
    expect(queued[0].get_by_role("status")).to_contain_text("QUEUED")
    expect(queued[1].get_by_role("status")).to_contain_text("at work: sleep")
    for page in queued:
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("status")).to_contain_text("CANCELED")
    for each in people:
        each.close()


def test_by_keyboard_alone_a_job_is_started_its_failure_read_mended_and_repaired(browser: Browser, old: Site) -> None:
    person = visitor(browser, old)
    page = opened(person, old, "/jobs/check")
    tabbed(page, "p.limit")
    page.keyboard.type("many")  # a field that is tabbed to is selected
    tabbed(page, "Run now")
    page.keyboard.press("Enter")
    run_id = started(page)
    expect(page.get_by_role("status")).to_contain_text("FAILED")
    expect(page.locator("#run-failures")).to_contain_text("LESS_THAN compares numbers, found `many`")
    tabbed(page, "p.limit")
    page.keyboard.type("20")
    tabbed(page, "Repair")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It was repaired.")
    assert RunStore(Layout(old.root).runs).load(run_id).parameters == {"limit": "20"}
    person.close()


def tabbed(page: Page, wanted: str) -> None:
    """Go on with Tab until the control with this name or text has the focus; each on the way shows that it has it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        is_shown, said = page.evaluate(
            "(() => { const here = document.activeElement, box = here.matches('svg a') ? here.querySelector('rect') : here;"
            "const style = getComputedStyle(box);"
            "const is_shown = style.outlineStyle !== 'none' || parseFloat(style.strokeWidth) === 4;"
            "return [is_shown, here.name || here.textContent.trim()] })()"
        )
        assert is_shown, f"nothing shows that `{said}` has the focus"
        if said == wanted:
            return
    raise AssertionError(f"`{wanted}` is not reached by Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_desktop_and_phone_and_says_what_its_controls_are(browser: Browser, old: Site, scheme: str) -> None:
    context = visitor(browser, old, color_scheme=scheme)
    for name, path in {
        "home": "/", "jobs": "/jobs", "job": "/jobs/price", "runs": "/runs", "run": f"/runs/{OLD}",
        "compare": f"/runs/compare?run={OLD}&run=2023060107000101", "notebook": f"/runs/{OLD}/notebooks/say-1",
    }.items():  # fmt: skip
        page = opened(context, old, path)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]  # a dict of the right keys
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{name} is {width} wide"
            kept(page, f"{name}-{scheme}-{size['width']}")
        nameless = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),select,textarea,button,a')]"
            ".filter(each => !each.labels?.length && !each.getAttribute('aria-label') && !each.textContent.trim())"
            ".map(each => each.outerHTML)"
        )
        assert nameless == []
        shown = "[...document.querySelectorAll('h1, h2, h3')].filter(each => each.checkVisibility())"
        levels = page.evaluate(f"{shown}.map(each => Number(each.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
        assert len(ids) == len(set(ids)), name
        assert "owned" not in page.title()
        page.close()
    context.close()
