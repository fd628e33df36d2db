"""Files, notebooks and folders of the workspace, through the platform's client and by the requests that deployments make."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    NotImplemented,
    ResourceAlreadyExists,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from tests.workspace.control.conftest import Plane
from tideline.workspace.bundle.user import local_user

NOTEBOOK = b"# Databricks notebook source\nprint(1)\n"


@pytest.fixture
def home(quiet: Plane) -> Iterator[str]:
    """An empty folder."""
    path = f"/Workspace/Users/{local_user().name}/orchard"
    quiet.client.workspace.mkdirs(path)
    yield path
    quiet.client.workspace.delete(path, recursive=True)


def import_file(quiet: Plane, path: str, content: bytes, *, overwrite: bool = False) -> requests.Response:
    """As the official command does it: the path escaped as one segment, the body as it is."""
    url = f"{quiet.address.host}/api/2.0/workspace-files/import-file/{quote(path.lstrip('/'), safe='')}"
    headers = {"Authorization": f"Bearer {quiet.address.token}", "Content-Type": "application/octet-stream"}
    query = {"overwrite": str(overwrite).lower()}
    return requests.post(url, params=query, data=content, headers=headers, timeout=30)


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error_code", "")


def test_a_notebook_loses_its_extension_and_a_file_keeps_it(quiet: Plane, home: str) -> None:
    for name, content in (("look.py", NOTEBOOK), ("module.py", b"x = 1\n"), ("book.ipynb", b"{}"), ("note.txt", b"")):
        assert code(import_file(quiet, f"{home}/{name}", content)) == (200, "")
    found = {each.path: (each.object_type, each.language) for each in quiet.client.workspace.list(home)}
    assert found == {
        f"{home}/book": (ObjectType.NOTEBOOK, Language.PYTHON), f"{home}/look": (ObjectType.NOTEBOOK, Language.PYTHON),
        f"{home}/module.py": (ObjectType.FILE, None), f"{home}/note.txt": (ObjectType.FILE, None),
    }  # fmt: skip
    with pytest.raises(NotFound):
        quiet.client.workspace.get_status(f"{home}/look.py")
    with quiet.client.workspace.download(f"{home}/look", format=ExportFormat.SOURCE) as stream:
        assert stream.read() == NOTEBOOK


def test_a_file_needs_its_folder_and_is_not_overwritten_unasked(quiet: Plane, home: str) -> None:
    assert code(import_file(quiet, f"{home}/below/a.txt", b"1")) == (404, "RESOURCE_DOES_NOT_EXIST")
    quiet.client.workspace.mkdirs(f"{home}/below")
    assert code(import_file(quiet, f"{home}/below/a.txt", b"1")) == (200, "")
    assert code(import_file(quiet, f"{home}/below/a.txt", b"2")) == (409, "RESOURCE_ALREADY_EXISTS")
    with quiet.client.workspace.download(f"{home}/below/a.txt") as stream:
        assert stream.read() == b"1"
    assert code(import_file(quiet, f"{home}/below/a.txt", b"2", overwrite=True)) == (200, "")
    with quiet.client.workspace.download(f"{home}/below/a.txt") as stream:
        assert stream.read() == b"2"


def test_of_many_that_take_a_lock_one_gets_it(quiet: Plane, home: str) -> None:
    answers: list[int] = []

    def take() -> None:
        answers.append(import_file(quiet, f"{home}/deploy.lock", b"mine").status_code)

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 11


def test_a_notebook_and_a_file_of_one_name_do_not_stand_side_by_side(quiet: Plane, home: str) -> None:
    import_file(quiet, f"{home}/look.py", NOTEBOOK)
    sql = b"-- Databricks notebook source\nSELECT 1\n"
    assert code(import_file(quiet, f"{home}/look.sql", sql)) == (409, "RESOURCE_ALREADY_EXISTS")
    assert code(import_file(quiet, f"{home}/look.sql", sql, overwrite=True)) == (200, "")
    (only,) = quiet.client.workspace.list(home)
    assert (only.path, only.language) == (f"{home}/look", Language.SQL)


def test_folders_are_deleted_with_what_they_hold_when_asked(quiet: Plane, home: str) -> None:
    quiet.client.workspace.mkdirs(f"{home}/a/b")
    with pytest.raises(BadRequest, match="not empty"):
        quiet.client.workspace.delete(f"{home}/a")
    quiet.client.workspace.delete(f"{home}/a", recursive=True)
    with pytest.raises(NotFound):
        quiet.client.workspace.get_status(f"{home}/a")
    with pytest.raises(NotFound):
        quiet.client.workspace.delete(f"{home}/a", recursive=True)
    import_file(quiet, f"{home}/plain", b"")
    with pytest.raises(ResourceAlreadyExists):
        quiet.client.workspace.mkdirs(f"{home}/plain/below")
    for path in ("/", "/Workspace", "/Users", f"/Workspace/Users/{local_user().name}", "/Shared"):
        with pytest.raises(InvalidParameterValue, match="cannot be deleted"):
            quiet.client.workspace.delete(path, recursive=True)


@pytest.mark.parametrize(
    "path", ["/Workspace/../secrets.json", "/Users/../../control/address.json", "Users/a", "/Shared/a\0b", "/Shared/" + "x" * 300]
)  # fmt: skip
def test_no_path_leaves_the_workspace(quiet: Plane, path: str) -> None:
    before = sorted(quiet.layout.home.iterdir())
    for ask in (quiet.client.workspace.get_status, quiet.client.workspace.mkdirs, quiet.client.workspace.export):
        with pytest.raises(InvalidParameterValue):
            ask(path)
    with pytest.raises(InvalidParameterValue):
        quiet.client.workspace.delete(path, recursive=True)
    if path.startswith("/") and "\0" not in path:
        assert code(import_file(quiet, path, b"evil", overwrite=True)) == (400, "INVALID_PARAMETER_VALUE")
    assert sorted(quiet.layout.home.iterdir()) == before


def test_links_are_neither_followed_nor_shown(quiet: Plane, home: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("pear")
    folder = quiet.layout.workspace / "Users" / local_user().name / "orchard"
    (folder / "out").symlink_to(tmp_path)
    (folder / "leak.txt").symlink_to(tmp_path / "secret.txt")
    assert list(quiet.client.workspace.list(home)) == []
    for path in (f"{home}/out/secret.txt", f"{home}/leak.txt"):
        with pytest.raises(InvalidParameterValue, match="through a link"):
            quiet.client.workspace.download(path)
        assert code(import_file(quiet, path, b"plum", overwrite=True)) == (400, "INVALID_PARAMETER_VALUE")
    quiet.client.workspace.mkdirs(f"{home}/below")
    (folder / "below" / "out").symlink_to(tmp_path)
    quiet.client.workspace.delete(f"{home}/below", recursive=True)
    assert (tmp_path / "secret.txt").read_text() == "pear"


def test_the_client_uploads_and_exports_in_its_own_ways(quiet: Plane, home: str) -> None:
    workspace = quiet.client.workspace
    workspace.upload(f"{home}/auto.py", b"x = 1\n", format=ImportFormat.AUTO)
    workspace.upload(f"{home}/source", b"print(1)", format=ImportFormat.SOURCE, language=Language.PYTHON)
    workspace.import_(f"{home}/encoded.txt", content=base64.b64encode(b"plum").decode(), format=ImportFormat.AUTO)
    kinds = {each.path: each.object_type for each in workspace.list(home)}
    assert kinds == {
        f"{home}/auto.py": ObjectType.FILE, f"{home}/encoded.txt": ObjectType.FILE, f"{home}/source": ObjectType.NOTEBOOK
    }  # fmt: skip
    assert base64.b64decode(workspace.export(f"{home}/source").content or "") == b"# Databricks notebook source\nprint(1)"
    with pytest.raises(ResourceAlreadyExists):
        workspace.upload(f"{home}/source", b"print(2)", language=Language.PYTHON)
    workspace.upload(f"{home}/source", b"print(2)", language=Language.PYTHON, overwrite=True)
    with pytest.raises(NotImplemented, match="DBC"):
        workspace.export(home, format=ExportFormat.DBC)
    with pytest.raises(NotImplemented, match="HTML"):
        workspace.export(f"{home}/source", format=ExportFormat.HTML)


def test_what_is_too_large_or_malformed_is_refused(quiet: Plane, home: str) -> None:
    with pytest.raises(BadRequest, match="more than 10 MiB"):
        quiet.client.workspace.upload(f"{home}/big.txt", b"x" * (10 * 1024 * 1024 + 1), format=ImportFormat.AUTO)
    headers = {"Authorization": f"Bearer {quiet.address.token}", "Content-Type": "application/json"}
    url = f"{quiet.address.host}/api/2.0/workspace/import"
    assert code(requests.post(url, data="{", headers=headers, timeout=10)) == (400, "MALFORMED_REQUEST")
    for body in ('{"path": "/Shared/a", "content": "%"}', "[]", '{"content": ""}'):
        assert code(requests.post(url, data=body, headers=headers, timeout=10)) == (400, "INVALID_PARAMETER_VALUE")
    odd = '{"path": "/Shared/a", "content": "", "colour": "red"}'
    assert code(requests.post(url, data=odd, headers=headers, timeout=10)) == (501, "NOT_IMPLEMENTED")
    assert list(quiet.client.workspace.list(home)) == []
    assert list((quiet.layout.home / "control" / "incoming").iterdir()) == []


def test_ids_stay_and_the_same_place_is_found_with_and_without_its_prefix(quiet: Plane, home: str) -> None:
    import_file(quiet, f"{home}/a.txt", b"1")
    first = quiet.client.workspace.get_status(f"{home}/a.txt")
    import_file(quiet, f"{home}/a.txt", b"22", overwrite=True)
    second = quiet.client.workspace.get_status(f"{home}/a.txt".removeprefix("/Workspace"))
    assert (first.object_id, first.size, second.size) == (second.object_id, 1, 2)
