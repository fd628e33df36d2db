"""The report as a person sees it: opened from its file in a real browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from kept_runs import failed, idle, succeeded
from playwright.sync_api import Page, sync_playwright

from tideline.workspace.jobs.records import JobRun
from tideline.workspace.report import write_index, write_report

CHROMIUM = Path("/usr/bin/chromium")
PHONE = 390


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if not CHROMIUM.is_file():
        pytest.skip(f"NOT TESTED: the report in a browser, because {CHROMIUM} is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def opened(page: Page, run: JobRun, folder: Path) -> list[str]:
    """Opens the run's report; gives every address that the page asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(write_report(run, folder).as_uri())
    return asked


def test_a_success_shows_its_graph_tables_and_notebook(page: Page, tmp_path: Path) -> None:
    opened(page, succeeded(tmp_path), tmp_path)
    assert "All 2 tasks succeeded" in page.inner_text("#headline")
    assert page.locator("svg.graph .box.good").count() == 2
    assert page.locator("svg.timeline .bar.good").count() == 2
    assert "1\u202f200" in page.inner_text("table.tables >> nth=0")
    page.click("svg.graph text.name >> nth=0")
    page.click("text=Notebook as executed")
    assert page.is_visible("text=users per country")


def test_a_failure_shows_the_users_error_its_place_and_the_next_command(page: Page, tmp_path: Path) -> None:
    opened(page, failed(), tmp_path)
    headline = page.inner_text("#headline")
    assert "“raw” failed; 1 task after it was not started" in headline
    assert "tideline repair 2023111422132001" in headline
    error = page.inner_text(".error >> nth=0")
    assert "notebooks/raw.py:31, cell 4" in error
    assert "ValueError: no column <b>age</b>" in error
    assert page.locator("svg.graph .box.bad").count() == 2
    assert page.locator("svg.graph .box.unrun").count() == 1


def test_nothing_to_do_is_said_quietly(page: Page, tmp_path: Path) -> None:
    opened(page, idle(), tmp_path)
    assert "Nothing to do: every table was already up to date" in page.inner_text("#headline")
    assert page.locator("#headline.quiet").count() == 1
    assert page.locator("tr.quiet").count() >= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_nothing_sideways_but_the_frames(page: Page, tmp_path: Path, scheme: str) -> None:
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened(page, succeeded(tmp_path), tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_the_page_asks_for_nothing_but_itself(page: Page, tmp_path: Path) -> None:
    asked = opened(page, succeeded(tmp_path), tmp_path)
    assert asked == [(tmp_path / "report.html").as_uri()]


def test_several_runs_link_to_their_reports(page: Page, tmp_path: Path) -> None:
    runs = [(succeeded(tmp_path / "a"), tmp_path / "a"), (failed(), tmp_path / "b")]
    for run, folder in runs:
        write_report(run, folder)
    page.goto(write_index(runs, tmp_path / "index.html", title="Demo").as_uri())
    page.click("text=open its report >> nth=1")
    assert "“raw” failed" in page.inner_text("#headline")
