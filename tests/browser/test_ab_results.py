"""The web app in a real browser, over gold that is written without Spark, and beside the real API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from apps.ab_results.selection import PAGES, Selection
from tests.apps.experiments_gold import World, run, write_gold, write_run_log
from tests.apps.served import api, free_port, web

pytestmark = [pytest.mark.long, pytest.mark.browser]
# Of the longest kind, too: nothing may be wider than a telephone.
DANGER = "<script>document.title='owned'</script>|*bold*[x](y):red[z]$a$<img src=x onerror=\"document.title='owned'\">_q_`c`"
WORLD = World({
    "checkout/one-page": {"A": (4100, 402), "B": (4050, 490)},
    "search/order": {"DEFAULT": (3000, 300), "7": (3020, 318), "8": (2980, 290)},
    DANGER: {"<b>1</b>": (900, 90), "_2_": (880, 101), "a-variant-with-a-long-name-of-its-own": (905, 92)},
    "only/whole": {"1": (500, 50), "2": (510, 49)},
}, only_whole=("only/whole",))  # fmt: skip
DESKTOP, PHONE, WAIT = (1200, 900), (390, 844), 30_000
AS_TABLE = "These numbers as a table"


@dataclass(frozen=True)
class Site:
    """The app beside the API; `asked` collects every host that its pages ask, and every error in them."""

    url: str
    api: str
    visitor: BrowserContext
    asked: list[str]

    def open(self, **selection: str) -> Page:
        """The page of a selection, once it and its figures are drawn."""
        page = self.visitor.new_page()
        page.on("request", lambda request: self.asked.append(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.asked.append(f"error: {error}"))
        defaults = {"page": "result", "experiment": "checkout/one-page", "day": "whole", "attribution": "later_purchase"}
        page.goto(self.url + "/" + Selection(**defaults | selection).url())
        expect(page.locator("footer.data")).to_be_visible()
        # Streamlit says on the page's root when the script has run to its end.
        expect(page.locator("[data-test-script-state='notRunning']")).to_be_attached()
        expect(page.locator(".js-plotly-plot")).to_have_count(page.get_by_text(AS_TABLE).count())
        return page


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("world")
    write_gold(folder / "warehouse", WORLD)
    failed = run("bronze.events", 2, status="failed", error="CheckFailed: <b>no</b>")
    write_run_log(folder / "warehouse", [run("raw.events", 1), failed, run("gold.experiment_results", 3)])
    visitor = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
    with api(folder) as answers, web(folder / "warehouse", TIDELINE_API_URL=answers.url, TIDELINE_WEB_REFRESH_SECONDS="5") as url:
        yield Site(url, answers.url, visitor, [])
        visitor.close()


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, site: Site) -> Iterator[Page]:
    """Each page in turn, of the experiment with the worst name; only looked at, never clicked."""
    found = site.open(page=request.param, experiment=DANGER)
    yield found
    found.close()


def name_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["page"][0]


def words_of(found: Page | Locator) -> str:
    text = found.locator("body").inner_text() if isinstance(found, Page) else found.inner_text()
    return text.replace("\u00a0", " ")


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def kept(page: Page, name: str) -> None:
    """A screenshot of all of the page, where one is wanted."""
    if os.environ.get("TIDELINE_SCREENSHOTS"):
        width, height = (page.viewport_size or {"width": DESKTOP[0], "height": DESKTOP[1]}).values()
        resize(page, (width, int(page.locator(".stMainBlockContainer").evaluate("element => element.scrollHeight")) + 40))
        page.wait_for_timeout(500)
        page.screenshot(path=f"{os.environ['TIDELINE_SCREENSHOTS']}/ab_results-{name}-{width}.png")
        resize(page, (width, height))


def test_every_page_is_drawn_without_error_and_fits_a_phone(page: Page) -> None:
    assert page.locator("[data-testid=stException]").count() == 0
    for size in (DESKTOP, PHONE):
        resize(page, size)
        page.wait_for_function("document.querySelector('.stMain').clientWidth <= innerWidth")
        kept(page, name_of(page))
        for part in ("document.documentElement", "document.querySelector('.stMain')"):
            page.wait_for_function(f"{part}.scrollWidth <= {part}.clientWidth", timeout=WAIT)


def test_names_are_shown_as_they_are_and_run_nothing(page: Page) -> None:
    assert page.title() == f"{PAGES[name_of(page)]}: {DANGER}"
    if name_of(page) in ("result", "experiments", "days", "funnel", "bayes"):
        assert DANGER in words_of(page)
    assert page.locator(".stMain img, .stMain b, .stMain em").count() == 0


def test_headings_are_in_order_and_figures_are_described_above_their_numbers(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    described = [each.get_attribute("aria-label") or "" for each in page.get_by_role("figure").all()]
    assert len(described) == page.locator(".js-plotly-plot").count() == page.get_by_text(AS_TABLE).count()
    assert all(each in page.locator("p").all_text_contents() and len(each) > 40 for each in described)


def test_a_winner_is_said_in_words_before_any_number(site: Site) -> None:
    page = site.open()
    verdict = words_of(page.locator("section.verdict"))
    assert verdict.startswith("Variant B won\n")
    assert "12.1 % of variant B's users bought, 9.8 % of the control's (variant A). We are more than 99 % sure" in verdict
    assert page.locator("section.verdict h2").bounding_box()["y"] < 400  # type: ignore[index]  # it is visible
    page.close()


def test_choosing_an_experiment_changes_the_address_and_loading_it_again_keeps_it(site: Site) -> None:
    page = site.open()
    page.get_by_label("Experiment").click()
    page.get_by_role("option", name="search/order").click()
    expect(page.locator("section.verdict")).to_contain_text("No winner")
    page.get_by_label("Period").click()
    page.get_by_role("option", name="2021-08-02").click()
    page.get_by_role("radio", name="Funnel").click()
    expect(page.locator("h2").first).to_contain_text("How far users of search/order go, 2021-08-02")
    page.wait_for_url("**page=funnel**")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"page": ["funnel"], "experiment": ["search/order"], "day": ["2021-08-02"], "attribution": ["later_purchase"]}
    page.reload()
    expect(page.locator("h2").first).to_contain_text("How far users of search/order go, 2021-08-02")
    page.close()


def test_a_changed_address_is_followed(site: Site) -> None:
    page = site.open()
    there = "?page=days&experiment=search/order"
    page.evaluate("url => { history.pushState({}, '', url); dispatchEvent(new PopStateEvent('popstate')) }", there)
    expect(page.locator("h2").first).to_have_text("search/order, day by day")
    page.go_back()
    expect(page.locator("section.verdict h2")).to_have_text("Variant B won")
    page.close()


def test_a_name_in_the_list_of_all_experiments_leads_to_its_result(site: Site) -> None:
    page = site.open(page="experiments")
    first = page.locator("table.numbers").first
    assert first.locator("tbody tr").count() == len(WORLD.counts)
    assert first.locator("tbody tr").first.inner_text().startswith("checkout/one-page")
    first.get_by_role("link", name="search/order").click()
    expect(page.locator("section.verdict")).to_contain_text("No winner")
    assert parse_qs(urlsplit(page.url).query)["experiment"] == ["search/order"]
    page.close()


def test_what_an_address_gets_wrong_is_said(site: Site) -> None:
    page = site.open(experiment="no such", day="2020-01-01")
    notices = " ".join(page.locator(".notice").all_inner_texts())
    assert "There is no experiment “no such”; this shows “checkout/one-page”." in notices
    assert "There is no day “2020-01-01”; this shows “all days”." in notices
    page.close()


def test_an_experiment_without_data_in_the_period_says_where_it_has_some(site: Site) -> None:
    page = site.open(experiment="only/whole", day="2021-08-01")
    assert page.locator(".notice").inner_text() == "only/whole has no data on 2021-08-01. It has data for all days."
    page.close()


def test_the_numbers_of_a_figure_open_as_a_table(site: Site) -> None:
    page = site.open()
    page.get_by_text(AS_TABLE).first.click()
    table = page.get_by_role("table", name="Users and buyers of checkout/one-page")
    expect(table).to_be_visible()
    assert words_of(table.get_by_role("row").nth(2)).split("\t") == ["B", "4,050", "490", "539", "12.1 %", "11.1 % to 13.1 %"]
    page.close()


def test_everything_is_reached_by_keyboard(site: Site) -> None:
    page = site.open()
    reached: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"))
    labels = " ".join(reached)
    assert "Result" in labels and "Experiment" in labels and "Period" in labels and AS_TABLE in labels
    page.close()


def test_the_api_page_shows_real_answers_of_every_kind(site: Site) -> None:
    page = site.open(page="api", experiment="search/order", day="2021-08-01")
    expect(page.locator(".facts dd").nth(4)).to_contain_text("422")
    assert [each.split(",")[0] for each in page.locator(".facts dd").all_inner_texts()[::2]] == ["200", "404", "422"]
    for said in (site.api, "Unknown experiment 'no-such-experiment'", "`yesterday` is no day"):
        expect(page.locator("body")).to_contain_text(said)  # code is drawn after the words around it
    page.get_by_label("Experiment to ask for").fill("search|order")
    page.get_by_label("Day: YYYY-MM-DD").fill("2030-01-01")
    page.get_by_role("button", name="Ask the API").click()
    expect(page.get_by_text("No data found for experiment 'search|order' on day '2030-01-01'")).to_be_visible()
    page.close()


def test_the_pipeline_says_what_each_table_is_what_runs_did_and_what_cannot_be_seen(site: Site) -> None:
    page = site.open(page="tables")
    text = words_of(page)
    assert "one row per experiment_results key" in text and "written 2021-08-05 06:03 UTC in 1.2 s: 103 rows added" in text
    assert "cannot be seen from here" in text and "bronze.events failed: CheckFailed: <b>no</b>" in text
    page.get_by_text("Columns of gold.experiment_results").click()
    expect(page.get_by_role("rowheader", name="adjusted_p_value")).to_be_visible()
    page.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 101),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
    ],
)
def test_a_foreign_page_cannot_speak_to_it_even_under_another_name_of_this_machine(
    headers: dict[str, str], status: int, site: Site
) -> None:
    there = HTTPConnection(urlsplit(site.url).netloc, timeout=20)
    hello = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    hello["Sec-WebSocket-Key"] = "MDEyMzQ1Njc4OWFiY2RlZg=="
    there.request("GET", "/_stcore/stream", headers={"Origin": site.url} | hello | headers)
    assert there.getresponse().status == status
    there.close()


def test_nobody_else_was_asked_anything_and_no_page_had_an_error(site: Site) -> None:
    site.open().close()
    assert set(site.asked) == {urlsplit(site.url).netloc}


def test_without_gold_it_says_what_to_run_then_shows_results_then_keeps_them_when_a_version_is_broken(
    browser: Browser, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse"
    with web(warehouse, TIDELINE_API_URL=f"http://127.0.0.1:{free_port()}") as url:
        page = browser.new_page()
        page.goto(url)
        expect(page.locator(".notice")).to_contain_text("tideline run ab_testing")
        kept(page, "empty")
        write_gold(warehouse, WORLD)
        expect(page.locator("section.verdict h2")).to_have_text("Variant B won")
        log = warehouse / "ab_testing_gold.db" / "experiment_results" / "_delta_log"
        (log / f"{1:020}.json").write_text("no commit")
        expect(page.locator(".notice")).to_contain_text("This is still the version from")
        assert page.locator("section.verdict h2").inner_text() == "Variant B won"
        assert "experiment_results@0" in words_of(page)
        kept(page, "broken")
        page.get_by_role("radio", name="API").click()
        expect(page.get_by_text("tideline app api")).to_be_visible()
        page.close()
