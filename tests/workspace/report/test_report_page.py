"""The report in a real browser: it explains itself, needs nothing from outside and shows every kind of end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from tideline.workspace.jobs import JobRun, RunStore, TaskRun
from tideline.workspace.jobs.records import Attempt, TaskError
from tideline.workspace.notebook.format import Cell
from tideline.workspace.notebook.html import cells_to_html
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.results import ExecutedCell, NotebookResult
from tideline.workspace.report import write_index, write_report

pytestmark = pytest.mark.browser
BEGAN = 1685602800.0
NOTHING_SECRET = Redactor(())
DANGER = "<script>document.title='owned'</script>"


def task(key: str, state: str, after: str = "", error: TaskError | None = None, **more: object) -> TaskRun:
    ran = state in ("SUCCESS", "FAILED")
    attempts = (
        [Attempt(1, state, BEGAN + 1, 2.5, parameters={"as_of": "2023-06-01"}, error=error)] if ran else []
    )
    edges = [[before, ""] for before in after.split()]
    return TaskRun(key, "notebook_task", state, depends_on=edges, attempts=attempts, **more)  # type: ignore[arg-type]  # fields of several types


def run_of(store: RunStore, state: str, *tasks: TaskRun) -> JobRun:
    run = JobRun(
        store.new_id(), "shop", "the shop", state, BEGAN, 6.0, tasks={each.key: each for each in tasks},
        parameters={"word": DANGER}, overrides={"word": DANGER}, target="dev",
    )  # fmt: skip
    store.save(run)
    return run


def row(path: str, **more: object) -> dict[str, object]:
    return {"system": "shop", "table": "shop.sales", "path": path, "seconds": 1.5, "why": "first run", **more}


def failed_run(store: RunStore) -> JobRun:
    error = TaskError("KeyError", "'pear'", "notebooks/sales.py", 2, 8, "Traceback\n  price['pear']")
    raw = task("raw", "SUCCESS", tables=[row("full", inserted=1200)])
    return run_of(
        store, "FAILED", raw, task("sales", "FAILED", "raw", error), task("gold", "UPSTREAM_FAILED", "sales"),
        task("alarm", "EXCLUDED", "raw"),
    )  # fmt: skip


def looked_at(browser: Browser, file: Path, scheme: str = "light") -> tuple[Page, list[str]]:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1200, "height": 1000})  # type: ignore[arg-type]  # a literal by parameter
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: asked.append(f"error: {error}"))
    page.goto(file.as_uri())
    if os.environ.get("TIDELINE_SCREENSHOTS"):
        page.screenshot(
            path=f"{os.environ['TIDELINE_SCREENSHOTS']}/{file.parent.name}-{scheme}.png", full_page=True
        )
    return page, asked


def test_a_failed_run_says_where_it_began_and_how_to_repair_it(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    run = failed_run(store)
    page, asked = looked_at(browser, write_report(run, store, NOTHING_SECRET))
    assert page.locator(".lead").inner_text() == "2 of 4 tasks did not succeed; it began with sales."
    failures = page.locator(".card.bad").first.inner_text()
    assert "KeyError: 'pear'" in failures and "notebooks/sales.py:8, cell 2" in failures
    assert page.get_by_text(f"tideline repair {run.run_id}").is_visible()
    assert page.locator("svg.graph .box.bad").count() == 2
    assert page.locator("svg.graph .box.out").count() == 1
    assert page.locator("svg.timeline .box").count() == 2
    assert len(asked) == 1
    assert page.title() == "shop FAILED"


def test_text_of_users_stays_text(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    error = TaskError("ValueError", DANGER, "a.py", 1, 1, DANGER)
    run = run_of(store, "FAILED", task("raw", "FAILED", error=error))
    page, _ = looked_at(browser, write_report(run, store, NOTHING_SECRET))
    assert page.title() == "shop FAILED"
    assert page.locator("script").count() == 0


def test_a_successful_run_shows_tables_and_the_notebook_as_executed(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    raw = task("raw", "SUCCESS", tables=[row("full", inserted=1200)])
    run = run_of(store, "SUCCESS", raw, task("gold", "SUCCESS", "raw"))
    output = {"output_type": "stream", "name": "stdout", "text": "1200 rows"}
    cell = ExecutedCell(cell=Cell("python", "print(rows)", line=2), number=1, state="ok", outputs=(output,))
    file = store.path(run.run_id) / "notebooks" / "raw-1.html"
    file.parent.mkdir()
    file.write_text(cells_to_html(NotebookResult(state="SUCCESS", cells=(cell,))))
    raw.attempts[0].page = "notebooks/raw-1.html"
    page, _ = looked_at(browser, write_report(run, store, NOTHING_SECRET), "dark")
    assert (
        page.locator(".lead").inner_text()
        == "All went well: 2 tasks ran. 1,200 rows were written to 1 table."
    )
    assert "1,200" in page.locator("table.data").first.inner_text()
    page.get_by_text("Attempt 1").first.click()
    page.get_by_text("The notebook as executed").first.click()
    assert page.get_by_text("1200 rows").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"


def test_a_run_with_nothing_to_do_says_so(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    run = run_of(store, "SUCCESS", task("raw", "SUCCESS", tables=[row("nothing", why="no new files")]))
    page, _ = looked_at(browser, write_report(run, store, NOTHING_SECRET))
    assert page.locator(".lead").inner_text() == "Nothing to do: 1 table, all up to date."


def test_a_narrow_screen_scrolls_pictures_and_not_the_page(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    page, _ = looked_at(browser, write_report(failed_run(store), store, NOTHING_SECRET))
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_index_leads_to_every_run(tmp_path: Path, browser: Browser) -> None:
    store = RunStore(tmp_path)
    runs = [failed_run(store), run_of(store, "SUCCESS", task("raw", "SUCCESS"))]
    page, _ = looked_at(browser, write_index(runs, store, NOTHING_SECRET))
    assert page.locator("tr").count() == 3
    page.get_by_text(runs[0].run_id).click()
    assert page.title() == "shop FAILED"


def test_the_kept_run_is_plain_json(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = failed_run(store)
    assert (
        json.loads((store.path(run.run_id) / "run.json").read_text())["tasks"]["sales"]["state"] == "FAILED"
    )
    assert store.load(run.run_id) == run
