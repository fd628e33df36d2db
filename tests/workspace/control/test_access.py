"""Who may ask, what is not there, and how the process is found and ended."""

from __future__ import annotations

import stat
from pathlib import Path

import psutil
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, NotImplemented, Unauthenticated

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES, Plane
from tideline.workspace.control import address as state
from tideline.workspace.control import ensure_control, running_control, stop_control
from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout


def test_the_platforms_client_learns_who_it_is(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in plane.address.env().items():
        monkeypatch.setenv(name, value)
    client = WorkspaceClient()  # as an app makes it: all comes from the environment
    assert client.current_user.me().user_name == plane.client.current_user.me().user_name
    assert client.get_workspace_id() == 0


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_without_the_token_nothing_is_said(plane: Plane, token: str) -> None:
    for path in ("/api/2.2/jobs/list", "/api/2.0/no/such/route", "/"):
        headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
        answer = requests.get(plane.address.host + path, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_wrong_token_is_the_clients_own_error(plane: Plane) -> None:
    with pytest.raises(Unauthenticated):
        WorkspaceClient(host=plane.address.host, token="wrong").current_user.me()


def test_what_is_not_served_is_said_by_its_route(plane: Plane) -> None:
    with pytest.raises(NotImplemented, match="GET /api/2.1/clusters/list"):
        list(plane.client.clusters.list())
    with pytest.raises(NotImplemented, match="POST /api/2.2/jobs/runs/submit"):
        plane.client.jobs.submit(run_name="once")
    with pytest.raises(NotImplemented, match="GET /api/2.1/unity-catalog/tables"):
        plane.client.tables.get("dev.shop.fruit")
    with pytest.raises(NotImplemented, match="/api/2.0/permissions/clusters"):
        plane.client.permissions.get("clusters", "1")
    with pytest.raises(NotImplemented, match="PUT /api/2.2/jobs/list"):
        plane.client.api_client.do("PUT", "/api/2.2/jobs/list", body={})


def test_what_is_not_there_is_not_found(plane: Plane) -> None:
    with pytest.raises(NotFound, match="Job 1 does not exist"):
        plane.client.jobs.get(1)
    with pytest.raises(NotFound, match="Job 1 does not exist"):
        plane.client.jobs.run_now(1)
    with pytest.raises(NotFound, match="Job 1 does not exist"):
        plane.client.jobs.delete(1)
    with pytest.raises(NotFound, match="Run 1 does not exist"):
        plane.client.jobs.get_run(1)
    with pytest.raises(NotFound, match="Run 1 does not exist"):
        plane.client.jobs.cancel_run(1)
    with pytest.raises(NotFound, match="statement 1 was not found"):
        plane.client.statement_execution.get_statement("1")


def test_a_body_that_is_no_json_is_the_clients_fault(plane: Plane) -> None:
    headers = {"Authorization": f"Bearer {plane.address.token}", "Content-Type": "application/json"}
    answer = requests.post(
        f"{plane.address.host}/api/2.2/jobs/run-now", data="{", headers=headers, timeout=10
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_it_listens_on_loopback_alone_and_its_token_is_its_owners(plane: Plane) -> None:
    served = state.read(plane.layout)
    assert served is not None
    process = served.process()
    assert process is not None
    listening = [each.laddr.ip for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]
    file = state.folder(plane.layout) / "address.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert plane.address.token not in " ".join(process.cmdline())
    assert plane.address.token not in repr(served) + repr(served.address)


def test_one_control_plane_per_bundle_until_it_is_stopped(tmp_path: Path) -> None:
    layout = Layout(write(tmp_path, FILES))
    assert running_control(layout) is None
    assert not stop_control(layout)
    first = ensure_control(layout, tmp_path)
    try:
        assert ensure_control(layout, tmp_path) == first == running_control(layout)
        with pytest.raises(ServerError, match=r"serves the bundle's default target, not `prod`"):
            ensure_control(layout, tmp_path, target="prod")
    finally:
        assert stop_control(layout)
    assert running_control(layout) is None
    assert not (state.folder(layout) / "address.json").exists()
