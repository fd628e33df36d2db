"""`tideline ui` as a person meets it: pages over HTTP, a dashboard and a job in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.commands import ROOT, Bench
from tideline.workspace.jobs import RunStore

N_RUNS, TIMES, PRESSES = 500, 100, 5
DASHBOARD = "/notebooks/at/notebooks/dashboards/community_votes.py"
N_FIGURES, N_TABLES = 5, 1
LAST_DAYS = ("2023-06-01", "2023-05-31", "2023-05-30", "2023-05-29", "2023-05-28", "2023-05-27", "2023-05-26")
N_NOTEBOOKS = 10
INTRODUCTION = (
    "## The workspace in a browser",
    "",
    f"`tideline ui` over the community's samples and {N_RUNS} kept runs, copies of a real one. Each page is asked for",
    f"{TIMES} times, one after the other. The dashboard `community_votes` puts out {N_FIGURES} figures and a table: the",
    "seconds run from the press of Run, with another last day each time, to what stands in a page of Chromium. The job has",
    f"{N_NOTEBOOKS} notebooks of one small query each, two at a time: from the press of Run now to SUCCESS in the page.",
    f"Both warm, medians of {PRESSES}.",
)


@dataclass(frozen=True)
class Site:
    """A running `tideline ui`; `entry` carries the token."""

    host: str
    entry: str


def run(home: Path) -> list[str]:
    """Measure everything, and give the tables' lines."""
    bench = Bench(home)
    try:
        bench.tideline("sample", "community", "--days", "2")
        bench.tideline("run", "community")
        run_id = keep_many(RunStore(home / "runs"))
        with site_of(ROOT, bench.env) as site:
            pages = [page_row(site, path, says, run_id) for path, says in paths(run_id).items()]
            shown = in_browser(site, dashboard_rows)
        with site_of(ten_notebooks(home / "ten"), bench.env) as site:
            shown += in_browser(site, job_rows)
    finally:
        bench.tideline("stop")
    return [
        "| page | p50 ms | p95 ms | target |", "| --- | --- | --- | --- |", *pages, "",
        "| what | seconds | target |", "| --- | --- | --- |", *shown,
    ]  # fmt: skip


def keep_many(store: RunStore) -> str:
    """So many copies of the newest run, each a second later than the last; gives the id of the original."""
    run_id = store.ids()[0]
    original = store.load(run_id)
    for number in range(1, N_RUNS):
        later = {"started_at": original.started_at + number, "begun_at": original.begun_at + number}
        store.save(replace(original, run_id=f"{int(run_id) + 100 * number}", **later))
    return run_id


def paths(run_id: str) -> dict[str, str]:
    """Pages that need no Spark, each with what it must say."""
    other = int(run_id) + 100
    return {
        "/": "community", "/notebooks": "Votes: what does the community choose", DASHBOARD: "end_date",
        "/jobs": "payments_recommendations", "/jobs/community": "Run now", "/runs": str(int(run_id) + 100 * (N_RUNS - 1)),
        "/runs?page=3&job=community": str(int(run_id) + 100 * (N_RUNS - 101)), f"/runs/{run_id}": "All went well",
        f"/runs/compare?run={run_id}&run={other}": run_id, "/tables": "users_by_country",
        "/tables/community_gold/users_by_country/lineage": "community_bronze.users",
    }  # fmt: skip


def page_row(site: Site, path: str, says: str, run_id: str) -> str:
    with requests.Session() as visitor:
        visitor.get(site.entry, timeout=60).raise_for_status()
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = visitor.get(f"{site.host}{path}", timeout=60)
            took.append(1000 * (time.perf_counter() - began))
            if answer.status_code != 200 or says not in answer.text:
                raise SystemExit(f"bench: {path} answered {answer.status_code} without `{says}`:\n{answer.text[:2000]}")
    p50, p95 = np.percentile(took, [50, 95])
    shown = path.replace(run_id, "RUN").replace(str(int(run_id) + 100), "OTHER")
    return f"| `{shown}` | {p50:.0f} | {p95:.0f} | 100 |"


def dashboard_rows(page: Page, site: Site) -> list[str]:
    """The first two presses warm kernels and the server, and are not counted."""
    page.goto(f"{site.host}{DASHBOARD}")
    took = [press_run(page, day) for day in LAST_DAYS][-PRESSES:]
    first, last = (statistics.median(each) for each in zip(*took, strict=True))
    return [
        f"| a changed widget: the first figure | {first:.1f} | 2 |",
        f"| a changed widget: all {N_FIGURES + N_TABLES} outputs | {last:.1f} | 6 |",
    ]


def press_run(page: Page, last_day: str) -> tuple[float, float]:
    """Seconds to the first figure and to the last output."""
    page.locator("[name=end_date]").fill(last_day)
    before, began = page.url, time.perf_counter()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(lambda url: url != before)
    expect(page.locator("img.nb-figure").first).to_be_visible()
    first = time.perf_counter() - began
    expect(page.locator("img.nb-figure")).to_have_count(N_FIGURES)
    expect(page.locator(".nb-scroll .nb-table")).to_have_count(N_TABLES)
    last = time.perf_counter() - began
    expect(page.locator("#execution-head [role=status]")).to_have_text("SUCCESS")
    return first, last


def job_rows(page: Page, site: Site) -> list[str]:
    took = []
    for _ in range(PRESSES + 1):
        page.goto(f"{site.host}/jobs/ten")
        began = time.perf_counter()
        page.get_by_role("button", name="Run now").click()
        expect(page.locator("[role=status]").first).to_contain_text("SUCCESS")
        took.append(time.perf_counter() - began)
    return [f"| a job of {N_NOTEBOOKS} notebooks, two at a time, warm | {statistics.median(took[1:]):.1f} | 15 |"]


def in_browser(site: Site, measure: Callable[[Page, Site], list[str]]) -> list[str]:
    chromium = os.environ.get("TIDELINE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("bench: no browser: install chromium, or set TIDELINE_CHROMIUM")
    expect.set_options(timeout=120_000)
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(site.entry)
        try:
            return measure(page, site)
        finally:
            browser.close()


@contextmanager
def site_of(root: Path, env: dict[str, str]) -> Iterator[Site]:
    """Serve the bundle in `root` for the block."""
    command = [sys.executable, "-m", "tideline.cli", "--root", str(root), "ui", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            document = ""
            for line in process.stdout:
                document += line
                if line.rstrip() == "}":
                    break
            told = json.loads(document)  # fails where the command ended instead
            yield Site(told["host"], told["url"])
        finally:
            process.terminate()
            process.wait(60)


def ten_notebooks(folder: Path) -> Path:
    """A bundle whose job has pairs of notebooks, each pair after the one before it."""
    folder.mkdir()
    (folder / "small.py").write_text("# Databricks notebook source\nprint(spark.range(3).count())\n")
    tasks = [
        {
            "task_key": f"t{number}",
            "notebook_task": {"notebook_path": "small.py"},
            "depends_on": [{"task_key": f"t{number - 2 - number % 2 + each}"} for each in (0, 1)] if number > 1 else [],
        }
        for number in range(N_NOTEBOOKS)
    ]
    bundle = {
        "bundle": {"name": "ten"},
        "targets": {"dev": {"default": True}},
        "resources": {"jobs": {"ten": {"name": "ten", "tasks": tasks}}},
    }
    (folder / "databricks.yml").write_text(json.dumps(bundle))
    return folder
