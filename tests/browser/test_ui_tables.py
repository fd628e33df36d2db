"""Tables and SQL of `tideline ui` in a real browser, over small real tables, by pointer and by keyboard."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pyspark.sql import SparkSession

from tests.workspace.web.table_world import DANGER, ENDLESS, World, world
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.browser
DESKTOP, PHONE = (1280, 900), (400, 860)


@dataclass
class Visit:
    """A browser at the site; `asked` collects every host that its pages ask, and every error in them."""

    world: World
    browser: BrowserContext
    asked: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        page = self.browser.new_page()
        page.on("request", lambda request: self.asked.append(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.asked.append(f"error: {error}"))
        page.on("console", lambda said: self.asked.append(f"error: {said.text}") if said.type == "error" else None)
        page.goto(self.world.site.host + path)
        return page


@pytest.fixture(scope="module")
def here(
    browser: Browser, spark: SparkSession, spark_server: ServerAddress, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    with world(spark, spark_server, repository, tmp_path_factory.mktemp("home")) as found:
        visitor = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, color_scheme="light")
        visitor.new_page().goto(found.site.entry)
        yield Visit(found, visitor)
        visitor.close()


def ready(page: Page) -> None:
    """Once nothing on the page is awaited any more."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def looked_at(page: Page, name: str) -> None:
    """It fits a desktop and a telephone, light and dark; a screenshot of each, where one is wanted."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
        for width, height in (DESKTOP, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (name, width)
            if os.environ.get("TIDELINE_SCREENSHOTS"):
                page.screenshot(path=f"{os.environ['TIDELINE_SCREENSHOTS']}/ui-{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


PAGES = {
    "tables": "/tables", "columns": "", "preview": "/preview", "personal": "/preview?personal=shown", "history": "/history",
    "changes": "/history/2", "lineage": "/lineage", "checks": "/checks", "runs": "/runs", "quarantine": "/quarantine",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_and_names_its_parts(here: Visit, name: str) -> None:
    page = here.open(PAGES[name] if name == "tables" else here.world.users + PAGES[name])
    ready(page)
    looked_at(page, name)
    assert page.locator("h1").count() == 1
    for region in page.locator(".scroll").all():
        assert region.get_attribute("tabindex") == "0" and region.get_attribute("aria-label")
    assert page.locator("input:not([type=hidden]):not([aria-label]):not([id])").count() == 0
    page.close()


def test_typing_filters_the_catalogue_and_the_keyboard_leads_to_the_rows(here: Visit) -> None:
    page = here.open("/tables")
    page.get_by_role("searchbox").focus()
    page.keyboard.type(f"{here.world.prefix}community_bronze.users")
    expect(page.locator("[data-leaf]:visible")).to_have_count(1)
    expect(page.locator("[data-count]")).to_have_text(re.compile("^1 of [0-9]+ tables$"))
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-leaf] a')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"{here.world.prefix}community_bronze.users")
    page.get_by_role("link", name="Preview").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#preview tbody tr")).to_have_count(3)
    expect(page.locator("#preview")).not_to_contain_text("anna")
    page.get_by_role("button", name="Show personal data").press("Enter")
    expect(page.locator("#preview")).to_contain_text("anna-id")
    expect(page.get_by_text("Personal data is shown.")).to_be_visible()
    page.close()


def test_from_the_history_to_the_rows_that_a_version_changed(here: Visit) -> None:
    page = here.open(here.world.users + "/history")
    page.get_by_role("link", name="Rows that version 2 changed").click()
    expect(page.locator("#changes tbody tr")).to_have_count(4)
    expect(page.locator("#changes td.changed")).to_have_text(["DE", "CH"])
    page.get_by_role("link", name="Version 1").click()
    expect(page.locator("#changes tbody tr.is-inserted")).to_have_count(3)
    page.close()


def test_lineage_is_walked_by_its_boxes(here: Visit) -> None:
    page = here.open(here.world.users + "/lineage")
    raw = page.locator(f"svg a[href='/tables/{here.world.prefix}community_raw/users']")
    raw.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"{here.world.prefix}community_raw.users")
    page.close()


def test_names_run_nothing(here: Visit) -> None:
    page = here.open(f"/tables/{here.world.prefix}strange/things/preview")
    expect(page.locator("#preview")).to_contain_text(DANGER[:30])
    looked_at(page, "strange")
    assert "owned" not in page.title() and page.locator("main img").count() == 0
    page.close()


def test_a_statement_runs_by_keyboard_and_its_page_can_be_opened_again(here: Visit) -> None:
    page = here.open("/sql")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type("SELECT id, id * id AS square FROM range(5000)")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result tbody tr")).to_have_count(100)
    expect(page.locator("#result")).to_contain_text("The result was cut here")
    ready(page)
    looked_at(page, "sql")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#result tbody tr").first).to_contain_text("100")
    page.reload()
    expect(page.locator("#result tbody tr").first).to_contain_text("100")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 1001
    page.close()


def test_an_error_puts_the_cursor_at_its_place(here: Visit) -> None:
    page = here.open("/sql")
    page.keyboard.type("SELECT 1,")
    page.keyboard.press("Enter")
    page.keyboard.type("  nothing_here")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result")).to_contain_text("Line 2, column 3")
    looked_at(page, "sql-error")
    expect(page.locator("textarea")).to_be_focused()
    assert page.evaluate("getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart,"
                         " document.activeElement.selectionEnd)") == "nothing_here"  # fmt: skip
    page.close()


def test_a_long_statement_shows_progress_and_is_cancelled_by_keyboard(here: Visit) -> None:
    page = here.open("/sql")
    page.keyboard.type(ENDLESS)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result")).to_contain_text("Running")
    expect(page.locator("progress")).to_be_visible()
    looked_at(page, "sql-running")
    page.locator("#result-cancel").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Cancelled after")
    page.close()


def test_nobody_else_was_asked_anything_and_no_page_had_an_error(here: Visit) -> None:
    here.open("/tables").close()
    assert set(here.asked) == {urlsplit(here.world.site.host).netloc}
