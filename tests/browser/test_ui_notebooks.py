"""Dashboards and notebooks of `tideline ui` in a real browser, over a real Spark server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.workspace.web.conftest import Site
from tests.workspace.web.notebook_bundle import notebook_site
from tideline.workspace.server import ServerAddress

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 400, "height": 844}
SALES = "/notebooks/at/dashboards/sales.py"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Site]:
    with notebook_site(tmp_path_factory.mktemp("notes"), spark_server) as found:
        yield found


@pytest.fixture(scope="module")
def visitor(browser: Browser, notes: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP)
    context.new_page().goto(notes.entry)
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A page in which no script of the site may fail."""
    found = visitor.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    found.close()
    assert errors == []


def ended(page: Page, state: str = "SUCCESS") -> None:
    expect(page.locator("#execution-head [role=status]")).to_have_text(state)


def kept(page: Page, name: str) -> None:
    """A screenshot of all of the page, where one is wanted."""
    if os.environ.get("TIDELINE_SCREENSHOTS"):
        page.screenshot(path=Path(os.environ["TIDELINE_SCREENSHOTS"]) / f"ui-notebooks-{name}.png", full_page=True)


def figure_of(page: Page) -> str:
    return page.locator("img.nb-figure").get_attribute("src") or ""


def test_a_dashboard_is_opened_a_widget_changed_and_the_figure_changes(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}/notebooks")
    page.get_by_role("link", name="Sales: what was sold, and where?").click()
    page.get_by_label("n_bars").fill("4")
    page.get_by_role("button", name="Run").click()
    ended(page)
    first = figure_of(page)
    assert page.locator(".nb-code:visible").count() == 0
    kept(page, "sales")
    page.get_by_label("Number of bars").fill("6")
    page.get_by_label("Colour").select_option("red")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("img.nb-figure")).not_to_have_attribute("src", first)
    ended(page)
    assert "n_bars=6" in page.url and "colour=red" in page.url
    second = figure_of(page)
    page.reload()
    assert figure_of(page) == second and page.get_by_label("Number of bars").input_value() == "6"
    page.go_back()
    expect(page.locator("img.nb-figure")).to_have_attribute("src", first)


def test_a_changed_widget_runs_by_itself_where_that_is_asked(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}{SALES}")
    page.get_by_role("button", name="Run").click()
    ended(page)
    first = figure_of(page)
    page.get_by_label("Run when a widget changes").check()
    page.get_by_label("Colour").focus()
    page.get_by_label("Colour").select_option("red")
    expect(page.locator("img.nb-figure")).not_to_have_attribute("src", first)
    ended(page)
    assert "colour=red" in page.url and page.evaluate("document.activeElement.name") == "colour"


def test_the_code_is_shown_where_it_is_asked_for(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}{SALES}")
    assert page.locator(".nb-code:visible").count() == 0
    page.get_by_label("Show code").check()
    assert page.locator(".nb-code:visible").count() == 3
    page.goto(f"{notes.host}/notebooks/at/slow.py")
    assert page.get_by_label("Show code").is_checked()


def test_everything_is_done_by_keyboard(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}{SALES}?n_bars=7")
    names: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.name || document.activeElement.innerText"))
        if names[-1] == "Run":
            break
    assert {"Skip to the content", "Notebooks", "n_bars", "colour", "currency", "days", "Run"} <= set(names)
    page.keyboard.press("Enter")
    ended(page)
    assert page.evaluate("document.activeElement.innerText") == "Run"
    page.goto(f"{notes.host}/notebooks/at/slow.py?seconds=300")
    page.get_by_label("seconds").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cell-1")).to_contain_text("first")
    page.locator("#cancel").focus()
    page.keyboard.press("Enter")
    ended(page, "CANCELED")


def test_scripts_of_a_notebook_reach_nothing_of_the_site(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}/notebooks/at/foreign.py")
    title = page.title()
    page.get_by_role("button", name="Run").click()
    ended(page)
    for _ in range(2):
        expect(page.frame_locator("#cell-1 iframe").get_by_role("heading", name="foreign")).to_be_visible()
        assert page.title() == title and page.locator("#cell-2 script, #cell-3 script, #cell-4 script").count() == 0
        frames = [frame for frame in page.frames if frame != page.main_frame]
        assert [frame.evaluate("origin") for frame in frames] == ["null", "null"]
        with pytest.raises(Error, match="cross-origin|SecurityError"):
            frames[0].evaluate("parent.document.title = 'owned'")
        assert frames[0].evaluate(f"fetch('{notes.host}/runs').then(() => 'came', () => 'refused')") == "refused"
        frames[0].get_by_role("link", name="go").click()
        page.wait_for_timeout(300)
        assert page.title() == title and page.url.startswith(f"{notes.host}/notebooks/at/foreign.py")
        page.reload()
    kept(page, "foreign")


def test_a_figure_that_brings_its_library_is_drawn(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}/notebooks/at/drawn.py")
    page.get_by_role("button", name="Run").click()
    ended(page)
    frame = page.frame_locator("#cell-1 iframe")
    expect(frame.get_by_text("Fruit by kind")).to_be_visible()
    expect(frame.locator(".bars .point")).to_have_count(2)
    kept(page, "drawn")


def test_two_who_look_at_one_dashboard_do_not_disturb_each_other(page: Page, notes: Site, visitor: BrowserContext) -> None:
    other = visitor.new_page()
    for each, seconds in ((page, "2"), (other, "4")):
        each.goto(f"{notes.host}/notebooks/at/slow.py?seconds={seconds}")
    for each in (page, other):
        each.get_by_role("button", name="Run").click()
    for each, seconds in ((page, "2"), (other, "4")):
        ended(each)
        expect(each.locator("#execution-head")).to_contain_text(f"seconds = {seconds}")
        expect(each.locator("#cell-3")).to_contain_text("last")
    other.close()


def test_a_page_that_was_closed_in_mid_run_shows_the_state_when_it_is_opened_again(visitor: BrowserContext, notes: Site) -> None:
    first = visitor.new_page()
    first.goto(f"{notes.host}/notebooks/at/slow.py?seconds=6")
    first.get_by_role("button", name="Run").click()
    expect(first.locator("#cell-1")).to_contain_text("first")
    first.close()
    again = visitor.new_page()
    again.goto(f"{notes.host}/notebooks/at/slow.py?seconds=6")
    expect(again.locator("#cell-1")).to_contain_text("first")
    ended(again)
    expect(again.locator("#cell-3")).to_contain_text("last")
    again.close()


def test_an_error_is_led_to_by_a_link(page: Page, notes: Site) -> None:
    page.goto(f"{notes.host}/notebooks/at/fails.py")
    page.get_by_role("button", name="Run").click()
    ended(page, "FAILED")
    page.get_by_role("link", name="Cell 2, line 7").click()
    assert page.url.endswith("#cell-2")
    kept(page, "fails")


@pytest.mark.parametrize("path", ["/notebooks", SALES, "/notebooks/at/slow.py", "/notebooks/at/fails.py"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_scrolls_tables_and_not_the_page(browser: Browser, notes: Site, path: str, scheme: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(notes.entry)
    page.goto(notes.host + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    kept(page, f"{path.strip('/').replace('/', '-')}-{scheme}-narrow")
    context.close()
