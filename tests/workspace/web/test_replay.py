"""A replay that is followed: its run's record is shown without secrets, and its absence is said once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.kept import keep, task
from tests.workspace.web.table_world import pieces
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout

RUN = "2023060200000001"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = write(tmp_path_factory.mktemp("shop"), FILES)
    secrets = Layout(root).secrets
    secrets.parent.mkdir(parents=True)
    secrets.write_text('{"vault": {"word": "open-sesame"}}', encoding="utf-8")
    secrets.chmod(0o600)
    with site_of(root) as found:
        yield found


def told(shop: Site, run_id: str) -> str:
    return pieces(shop.visitor(), f"{shop.host}/tables/a/b/ask/replay?run={run_id}")["replay"]


def test_the_run_is_shown_without_secrets_and_leads_to_its_page(shop: Site) -> None:
    keep(RunStore(Layout(shop.root).runs), RUN, task("judge"), state="FAILED", message="said open-sesame")
    html = told(shop, RUN)
    assert "said [REDACTED]" in html and f'href="/runs/{RUN}"' in html and "1 of 1 tasks have ended" in html


@pytest.mark.parametrize("run_id", ["2023060200000009", "123", "9" * 400])
def test_of_a_run_that_is_gone_it_is_said_and_the_stream_ends(shop: Site, run_id: str) -> None:
    assert "The record of this replay is gone" in told(shop, run_id)
