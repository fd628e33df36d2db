"""Pages of an API that breaks in ways which the sample API cannot be asked for: a server that answers as a test says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from engine.sources import client, pages
from engine.sources.client import Client
from engine.sources.spec import Pages
from utils.errors import SettingsError, SourceError

LISTING = Pages("companies", key=["id"], sequence="updated_at", endpoint="companies", is_listing=True, page_size=2)
COMPANIES = [{"id": number} for number in range(1, 8)]
Body = Callable[[int, int], list[object] | None]
"""The records of the n-th request from 0, which asks for an offset; None: half a body, and then nothing more."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(client, "READ_SECONDS", 2)


@contextmanager
def answering(body: Body) -> Iterator[Client]:
    """A client of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self) -> None:
            offset = int(parse_qs(urlsplit(self.path).query)["offset"][0])
            records = body(Handler.asked, offset)
            Handler.asked += 1
            text = json.dumps(records or [{"id": 1}]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if records is None:
                self.wfile.write(text[:5])
                self.wfile.flush()
                time.sleep(5)
                return
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with Client("demo", f"http://127.0.0.1:{server.server_port}", "t") as asked:
            yield asked
    finally:
        server.shutdown()
        server.server_close()


def listed(body: Body) -> list[int]:
    with answering(body) as asked:
        return [record["id"] for page in pages._listing(asked, LISTING) for record in page.records]


def test_a_listing_whose_page_came_twice_once_is_whole() -> None:
    assert listed(lambda n, offset: COMPANIES[0 if n == 1 else offset :][:2]) == [1, 2, 3, 4, 5, 6, 7]


def test_a_listing_that_ignores_the_offset_ends_with_an_error() -> None:
    with pytest.raises(SourceError, match=r"could not be read in 6 tries: its record 1 stood on a page before it"):
        listed(lambda n, offset: COMPANIES[:2])


def test_records_of_a_listing_without_a_key_are_left_to_bronze() -> None:
    strange: list[object] = [{"id": 1}, {"name": "x"}, {"id": None, "name": "y"}]
    with answering(lambda n, offset: strange[offset:][:2]) as asked:
        assert [record for page in pages._listing(asked, LISTING) for record in page.records] == strange


def test_a_body_that_stops_coming_is_asked_for_again() -> None:
    assert listed(lambda n, offset: None if n < 2 else COMPANIES[offset:][:2]) == [1, 2, 3, 4, 5, 6, 7]


def test_a_body_that_never_comes_whole_is_said_so_after_as_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TRIES", 3)
    asked = []
    with pytest.raises(SourceError, match="a page could not be read in 3 tries: it was cut off, .*timed out"):
        listed(lambda n, offset: asked.append(n))
    assert len(asked) == 3


@pytest.mark.parametrize("url", ["localhost:8000", "//host", "http://", "host.example"])
def test_an_address_that_is_none_is_a_matter_of_settings_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for, get = [], requests.Session.get
    monkeypatch.setattr(requests.Session, "get", lambda *given, **named: asked_for.append(url) or get(*given, **named))
    with Client("demo", url, "t") as asked, pytest.raises(SettingsError, match="no such address.*secret `demo_url`"):
        asked.page("companies", {"limit": 1}, lambda _: "")
    assert asked_for == [url]


def test_a_token_that_cannot_be_sent_is_a_matter_of_settings_and_is_not_shown() -> None:
    asked = Client("demo", "http://127.0.0.1:9", "hidden\nline")
    with asked, pytest.raises(SettingsError, match="`demo_token`") as caught:
        asked.page("companies", {"limit": 1}, lambda _: "")
    assert "hidden" not in str(caught.value)
