"""Whatever is sent: an answer of the platform's shape, and never a fault of the control plane."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from fastapi import FastAPI

from tests.workspace.control.conftest import Plane, quiet_plane
from tideline.workspace.control.app import FAMILIES

# A volume that is there, a file of it, and what it would be to stand below that file; then as long as a path may be.
IN_A_VOLUME = ("Volumes/c/s/v", "Volumes/c/s/v/f.txt", "Volumes/c/s/v/f.txt/x", f"Volumes/c/s/v{'/y' * 2035}")
NAMES = ("x", "1", "%2e%2e", "..%2fx", "a%00b", "Volumes%2fa%2fb%2fc", "%ff", "%F0%9F%8D%90", *IN_A_VOLUME)
BODIES = (
    b"", b"{", b"null", b"[]", b'"x"', b"{}", b'{"name": null}', b'{"name": ["x"], "scope": 1, "path": {}}', b"\xff",
    b'{"path": "a\\u0000b", "scope": "\\ud800", "key": "k", "name": "\\ud800", "catalog_name": "c", "run_id": 1e400}',
    b'{"job_id": 99999999999999999999999, "new_settings": [], "run_id": "9", "changes": [{"principal": 1}]}',
    b'{"job_id": 1, "new_settings": {"tasks": [{"task_key": "a", "depends_on": null}]}, "access_control_list": ["x"]}',
)  # fmt: skip
QUERIES = (
    {}, {"path": "x", "scope": "", "key": "", "job_id": "x", "run_id": "-1", "limit": "0"},
    {"path": "/\udcff", "scope": "\0", "job_id": "9" * 30, "run_id": "9" * 30},
)  # fmt: skip


def routes() -> list[tuple[str, str]]:
    """Method and path of every route, those of both versions of jobs among them."""
    app = FastAPI()
    for family in FAMILIES:
        app.include_router(family.router)
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


def test_the_families_have_routes() -> None:
    assert len(routes()) > 80


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane of its own: some of these requests make things."""
    with quiet_plane(tmp_path_factory.mktemp("odd") / "bundle") as plane:
        yield plane


@pytest.fixture(autouse=True)
def volume(odd: Plane) -> None:
    folder = odd.layout.volumes / "c" / "s" / "v"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "f.txt").write_text("pear", encoding="utf-8")


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_no_request_is_a_fault(odd: Plane, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {odd.address.token}", "Content-Type": "application/json"}
    with requests.Session() as session:
        for number, body in enumerate(BODIES):
            asked = re.sub(r"\{[^}]+\}", NAMES[number % len(NAMES)], path)
            query = QUERIES[number % len(QUERIES)]
            encoded = {name: value.encode("utf-8", "surrogateescape") for name, value in query.items()}
            data = body if method in ("POST", "PUT", "PATCH") else None
            url = odd.address.host + asked
            answer = session.request(method, url, params=encoded, data=data, headers=headers, timeout=30)
            assert answer.status_code < 500 or answer.status_code == 501, f"{method} {asked} {query} {body!r}: {answer.text}"
            if answer.status_code >= 400 and method != "HEAD":
                assert set(answer.json()) == {"error_code", "message"}
