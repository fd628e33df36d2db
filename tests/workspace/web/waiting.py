"""What tests of pages do again and again: press a button, wait for a run."""

from __future__ import annotations

import re
import time

import requests

from tests.workspace.web.conftest import Site
from tideline.workspace.jobs import JobRun, RunStore
from tideline.workspace.jobs import states as s
from tideline.workspace.layout import Layout


def token_of(site: Site, visitor: requests.Session, path: str) -> str:
    """The token of the form on this page."""
    match = re.search(r'name="token" value="([^"]+)"', visitor.get(f"{site.host}{path}", timeout=30).text)
    assert match
    return match.group(1)


def press(
    site: Site, visitor: requests.Session, path: str, fields: dict[str, str], *, token: str = "", button: str = "run"
) -> str:
    """Send the form of this page; gives the id of the run that it leads to."""
    data = {"token": token or token_of(site, visitor, path), **fields}
    answer = visitor.post(
        f"{site.host}{path}/{button}", data=data, headers={"Origin": site.host}, allow_redirects=False, timeout=120
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("/")[-1]


def ended(site: Site, run_id: str, *, seconds: float = 120) -> JobRun:
    """The run once it has ended."""
    store, limit = RunStore(Layout(site.root).runs), time.monotonic() + seconds
    while time.monotonic() < limit:
        run = store.load(run_id)
        if run.state in s.TERMINAL:
            return run
        time.sleep(0.05)
    raise AssertionError(f"run {run_id} has not ended: {run.state}")
