"""Who may come in, and what a stranger learns."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from tests.workspace.web.conftest import Site
from tideline.workspace.web.door import entry_code


def test_the_entry_leads_to_the_page_without_the_token_in_its_address(site: Site) -> None:
    answer = requests.Session().get(site.entry, timeout=20)
    assert answer.status_code == 200 and "token" not in answer.url and "small" in answer.text
    cookie = answer.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_the_entry_code_opens_once_and_the_token_as_long_as_the_site_lives(site: Site) -> None:
    entry = f"{site.host}/?token={entry_code(site.token)}"
    first = requests.Session()
    assert first.get(entry, timeout=20).status_code == 200 and first.get(site.host, timeout=20).status_code == 200
    assert requests.get(entry, timeout=20).status_code == 401
    assert all(requests.Session().get(site.entry, timeout=20).status_code == 200 for _ in range(2))


@pytest.mark.parametrize("query", ["", "?token=", "?token=guess", "?token=%C3%A9"])
def test_without_the_token_nothing_is_shown(site: Site, query: str) -> None:
    answer = requests.get(f"{site.host}/{query}", timeout=20)
    assert answer.status_code == 401 and "small" not in answer.text


def test_a_wrong_cookie_opens_nothing(site: Site) -> None:
    port = urlsplit(site.host).port
    for value in ("guess", '"', "é".encode().decode("latin-1")):
        assert requests.get(site.host, headers={"Cookie": f"tideline_{port}={value}"}, timeout=20).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "localhost"])
def test_a_foreign_host_is_refused_even_with_the_cookie(site: Site, host: str) -> None:
    assert site.visitor().get(site.host, headers={"Host": host}, timeout=20).status_code == 421


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
def test_a_form_of_another_page_is_refused(site: Site, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert site.visitor().post(f"{site.host}/", headers=headers, timeout=20).status_code == 403


def test_the_token_leads_to_no_other_host(site: Site) -> None:
    answer = requests.get(f"{site.host}//evil.example/?token={site.token}", allow_redirects=False, timeout=20)
    assert answer.headers["location"].startswith("/") and not answer.headers["location"].startswith("//")


def test_pages_run_no_script_but_their_own_and_are_framed_by_nobody(site: Site) -> None:
    policy = site.visitor().get(site.host, timeout=20).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "script-src" not in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/nothing"])
def test_no_path_leaves_the_folder_of_the_static_files(site: Site, path: str) -> None:
    request = requests.Request("GET", site.host).prepare()
    request.url = site.host + path
    visitor = site.visitor()
    request.headers["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in visitor.cookies)
    answer = visitor.send(request, timeout=20)
    assert answer.status_code == 404 and "That did not work" in answer.text and "Traceback" not in answer.text


def test_programs_are_answered_on_the_same_port_by_the_token_in_a_header(site: Site) -> None:
    me = f"{site.host}/api/2.0/preview/scim/v2/Me"
    assert requests.get(me, headers={"Authorization": f"Bearer {site.token}"}, timeout=20).status_code == 200
    refused = requests.get(me, timeout=20)
    assert refused.status_code == 401 and refused.json()["error_code"] == "UNAUTHENTICATED"
    assert site.visitor().get(me, timeout=20).status_code == 401


def test_a_program_meets_the_control_plane_alone_whatever_it_asks_for(site: Site) -> None:
    def asked(method: str, path: str, token: str = site.token, **more: object) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.request(method, site.host + path, headers=headers, timeout=20, **more)  # type: ignore[arg-type]  # a body
        return answer.status_code, answer.json()

    told = {"uploadTime": 1, "items": [], "protoLogs": ["{}"]}  # as the official command does after a deployment
    assert asked("POST", "/telemetry-ext", json=told) == (
        200, {"errors": [], "numProtoSuccess": 1, "numSuccess": 1, "numRealtimeSuccess": 0}
    )  # fmt: skip
    for method, path in (("POST", "/serving-endpoints/model/invocations"), ("GET", "/sql/1"), ("GET", "/")):
        status, found = asked(method, path)
        assert (status, found["error_code"]) == (501, "NOT_IMPLEMENTED") and f"{method} {path}" in str(found["message"])
        assert asked(method, path, "guess")[1]["error_code"] == "UNAUTHENTICATED"


def test_a_header_with_a_token_opens_no_page_and_sends_no_form(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token}", "Origin": "http://evil.example"}
    answer = site.visitor().post(f"{site.host}/jobs/greet", headers=headers, timeout=20)
    assert answer.status_code == 501 and "text/html" not in answer.headers["content-type"]
