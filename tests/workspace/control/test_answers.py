"""Answers of the control plane hold no secret, whoever gave it away; what a client put here comes back as it was sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from databricks.sdk.errors import NotFound
from databricks.sdk.service.jobs import Run
from databricks.sdk.service.workspace import ImportFormat

from tests.workspace.control.conftest import Plane, quiet_plane
from tideline.workspace.control.answers import WithoutSecrets
from tideline.workspace.control.state import Workspace
from tideline.workspace.layout import Layout

VALUE = "open-sesame"
SETTINGS: dict[str, Any] = {
    "name": "open",
    "parameters": [{"name": "word", "default": VALUE}],
    "tasks": [{"task_key": "less", "condition_task": {"op": "LESS_THAN", "left": "{{job.parameters.word}}", "right": "5"}}],
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane with a secret that stands in a job's settings, and a failed run of that job."""
    with quiet_plane(tmp_path_factory.mktemp("kept") / "bundle") as plane:
        plane.client.secrets.create_scope("vault")
        plane.client.secrets.put_secret("vault", "word", string_value=VALUE)
        yield plane


@pytest.fixture(scope="module")
def job(kept: Plane) -> int:
    return int(asked(kept, "POST", "/api/2.2/jobs/create", json=SETTINGS).json()["job_id"])


@pytest.fixture(scope="module")
def run(kept: Plane, job: int) -> Run:
    found = kept.client.jobs.run_now(job)
    limit = time.monotonic() + 60
    while (run := kept.client.jobs.get_run(found.run_id)).end_time == 0 or not is_reported(kept, run):
        assert time.monotonic() < limit, f"run {found.run_id} did not end"
        time.sleep(0.05)
    return run


def is_reported(plane: Plane, run: Run) -> bool:
    return (plane.store.path(str(run.run_id)) / "report.html").is_file()


def asked(plane: Plane, method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {plane.address.token}"}
    return requests.request(method, plane.address.host + path, headers=headers, timeout=30, **more)


def test_what_runs_tell_holds_no_secret(kept: Plane, run: Run) -> None:
    assert run.tasks
    ids = {"run": run.run_id, "task": run.tasks[0].run_id}
    told = {
        path: asked(kept, "GET", f"/api/2.2/jobs/runs/{path}").text
        for path in (
            f"get?run_id={ids['run']}&include_history=true", f"get?run_id={ids['task']}", f"get-output?run_id={ids['task']}",
            "list?expand_tasks=true",
        )
    }  # fmt: skip
    assert [path for path, text in told.items() if VALUE in text] == []
    assert [path for path, text in told.items() if "[REDACTED]" not in text] == []
    assert '"name":"word","value":"[REDACTED]"' in told["list?expand_tasks=true"]


def test_the_report_and_the_result_file_of_the_run_hold_none_either(kept: Plane, run: Run) -> None:
    folder = kept.store.path(str(run.run_id))
    for name in ("report.html", "junit.xml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert VALUE not in text and "[REDACTED]" in text


def test_settings_come_back_as_they_were_sent_and_a_secret_to_whom_asks_for_it(kept: Plane, job: int) -> None:
    found = asked(kept, "GET", f"/api/2.2/jobs/get?job_id={job}").json()["settings"]
    assert found["parameters"] == SETTINGS["parameters"]
    assert kept.client.dbutils.secrets.get("vault", "word") == VALUE
    kept.client.workspace.mkdirs("/Shared/vault")
    kept.client.workspace.upload("/Shared/vault/word.txt", VALUE.encode(), format=ImportFormat.AUTO)
    assert kept.client.workspace.download("/Shared/vault/word.txt").read() == VALUE.encode()


def test_a_refusal_holds_none(kept: Plane) -> None:
    with pytest.raises(NotFound, match=r"Job 1 does not exist") as without:
        kept.client.jobs.get(1)
    assert without.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    answer = asked(kept, "GET", f"/api/2.0/workspace/get-status?path=/Shared/{VALUE}")
    assert (answer.status_code, VALUE in answer.text, "[REDACTED]" in answer.text) == (404, False, True)


def test_where_the_secrets_cannot_be_read_runs_are_not_told_and_the_rest_is(kept: Plane, job: int, run: Run) -> None:
    before = kept.layout.secrets.read_text(encoding="utf-8")
    kept.layout.secrets.write_text(before.replace("{", "", 1), encoding="utf-8")
    try:
        answer = asked(kept, "GET", f"/api/2.2/jobs/runs/get?run_id={run.run_id}")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "the secrets file must be JSON" in answer.text and VALUE not in answer.text
        assert kept.client.jobs.get(job).job_id == job
        assert kept.client.current_user.me().user_name
    finally:
        kept.layout.secrets.write_text(before, encoding="utf-8")


def test_values_are_redacted_and_names_of_fields_are_not(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.home.mkdir()
    layout.secrets.write_text(json.dumps({"vault": {"a": "data", "b": 'né "quoted"\n', "c": "7"}}), encoding="utf-8")
    rows = [["data", None], ['so né "quoted"\n it is', "7"], ["77", "pear"]]
    status, headers, body = answered(layout, {"status": {"state": "SUCCEEDED"}, "data_array": rows, "n_rows": 7})
    clean = [["[REDACTED]", None], ["so [REDACTED] it is", "[REDACTED]"], ["77", "pear"]]
    assert (status, json.loads(body)) == (200, {"status": {"state": "SUCCEEDED"}, "data_array": clean, "n_rows": 7})
    assert headers[b"content-length"] == str(len(body)).encode()


@pytest.mark.parametrize(("path", "is_clean"), [
    ("/results/1/0", True), ("/api/2.0/sql/statements", True), ("/api/2.1/jobs/runs/get", True), ("/api/2.2/jobs/get", False),
    ("/api/2.0/secrets/get", False),
])  # fmt: skip
def test_rows_behind_links_are_redacted_and_what_was_sent_is_not(tmp_path: Path, path: str, is_clean: bool) -> None:
    layout = Layout(tmp_path)
    layout.home.mkdir()
    layout.secrets.write_text(json.dumps({"vault": {"word": VALUE}}), encoding="utf-8")
    assert (VALUE.encode() not in answered(layout, [[VALUE]], path)[2]) is is_clean


def answered(
    layout: Layout, document: object, path: str = "/api/2.0/sql/statements/1"
) -> tuple[int, dict[bytes, bytes], bytes]:
    """What becomes of an answer that is sent in two pieces."""
    whole = json.dumps(document, ensure_ascii=False).encode()
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(whole)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": whole[:9], "more_body": True})
        await send({"type": "http.response.body", "body": whole[9:]})

    async def keep(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        raise AssertionError("nothing is received")

    scope = {"type": "http", "path": path, "method": "GET", "headers": []}
    asyncio.run(WithoutSecrets(app, Workspace(layout.root))(scope, nothing, keep))
    start, *pieces = sent
    return start["status"], dict(start["headers"]), b"".join(piece["body"] for piece in pieces)
