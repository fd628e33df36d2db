"""Results behind links: larger than an answer may be, given to whoever has the link, and to nobody later."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import requests
from databricks.sdk.service.sql import (
    Disposition,
    ExternalLink,
    ServiceErrorCode,
    StatementResponse,
    StatementState,
)

from tests.workspace.control.conftest import Plane
from tideline.workspace.control.links import LINK_SECONDS, link_to, refusal
from tideline.workspace.control.sql import Asked, Statement

Sql = Callable[..., StatementResponse]
# Some 30 MiB.
LARGE = "SELECT id, repeat('x', 1200) AS text FROM range(0, 25000, 1, 1)"


def link_of(chunk: object) -> ExternalLink:
    (link,) = getattr(chunk, "external_links", None) or []
    assert isinstance(link, ExternalLink)
    return link


def test_what_no_answer_holds_comes_by_links_chunk_by_chunk(sql: Sql, plane: Plane) -> None:
    status = sql(LARGE).status
    assert status is not None and status.error is not None
    assert (status.state, status.error.error_code) == (StatementState.FAILED, ServiceErrorCode.RESOURCE_EXHAUSTED)
    answer = sql(LARGE, disposition=Disposition.EXTERNAL_LINKS)
    assert answer.manifest is not None and answer.result is not None and answer.result.data_array is None
    assert (answer.manifest.total_chunk_count, answer.manifest.total_row_count) == (3, 25_000)
    found, link = [], link_of(answer.result)
    while True:
        rows = requests.get(link.external_link or "", timeout=60).json()
        assert (link.row_offset, link.row_count) == (len(found), len(rows))
        found += [int(row[0]) for row in rows]
        if link.next_chunk_index is None:
            break
        chunk = plane.client.statement_execution.get_statement_result_chunk_n(answer.statement_id or "", link.next_chunk_index)
        link = link_of(chunk)
    assert found == list(range(25_000))


def test_a_link_takes_no_other_credential_and_fits_its_own_chunk_alone(sql: Sql, plane: Plane) -> None:
    link = link_of(sql("SELECT 1", disposition=Disposition.EXTERNAL_LINKS).result)
    address = link.external_link or ""
    until = datetime.fromisoformat(link.expiration or "") - datetime.now(UTC)
    assert 0 < until.total_seconds() <= LINK_SECONDS
    assert requests.get(address, timeout=10).json() == [["1"]]
    token = {"Authorization": f"Bearer {plane.address.token}"}
    assert requests.get(address, headers=token, timeout=10).status_code == 400
    for changed in (address.replace("/0?", "/1?"), address.replace("expires=", "expires=1"), address[:-1] + "z"):
        assert requests.get(changed, timeout=10).status_code == 403
    assert requests.get(f"{plane.address.host}/results/unknown/0?expires=1&signature=x", timeout=10).status_code == 403


def test_a_link_is_good_for_minutes() -> None:
    statement = Statement(Asked("SELECT 1", by_links=True))
    asked = parse_qs(urlsplit(link_to(statement, 0, "http://localhost")["external_link"]).query)
    expires, signature = int(asked["expires"][0]), asked["signature"][0]
    assert refusal(statement, 0, expires, signature, time.time()) == ""
    assert "expired" in refusal(statement, 0, expires, signature, time.time() + LINK_SECONDS + 1)


def test_a_result_without_rows_has_no_link(sql: Sql) -> None:
    answer = sql("SELECT id FROM range(0)", disposition=Disposition.EXTERNAL_LINKS)
    assert answer.result is not None
    assert not answer.result.external_links and answer.result.data_array is None
