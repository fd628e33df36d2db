"""Ids, limits, the log and foreign pages: what holds for every route."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from starlette.testclient import TestClient

from apps.api.config import Config
from apps.api.main import create_app
from tests.apps.served import api, environment
from tests.apps.test_vouchers_api import write as write_segments


def test_an_answer_repeats_the_request_s_id_or_makes_one(tmp_path: Path) -> None:
    with api(tmp_path) as found:
        assert found.get("/health", **{"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
        for given in ({}, {"X-Request-ID": "two words"}, {"X-Request-ID": "x" * 65}):
            assert re.fullmatch("[0-9a-f]{32}", found.get("/health", **given).headers["x-request-id"])


def test_who_asks_too_often_is_told_when_to_come_back_and_health_never_refuses(tmp_path: Path) -> None:
    with api(tmp_path, TIDELINE_API_RATE="3/minute") as found:
        answers = [found.get("/experiments") for _ in range(4)]
        assert [each.status_code for each in answers] == [503, 503, 503, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60 and answers[-1].headers["x-request-id"]
        assert found.get("/health").status_code == 200


def test_a_large_body_is_refused_announced_or_not(tmp_path: Path) -> None:
    with api(tmp_path) as found:
        announced = requests.post(f"{found.url}/recommend_companies", data=b" " * 10_000_000, timeout=30)
        chunked = requests.post(f"{found.url}/recommend_companies", data=(b" " * 10_000 for _ in range(1_000)), timeout=30)
        assert {announced.status_code, chunked.status_code} == {413}
        assert "larger than 65536 bytes" in chunked.json()["detail"]
        assert found.get("/health").status_code == 200


@pytest.mark.parametrize(("origins", "allowed"), [("", None), ("https://ours.example https://other.example", "https://ours.example")])
def test_foreign_pages_may_not_ask_unless_they_are_named(origins: str, allowed: str | None, tmp_path: Path) -> None:
    with api(tmp_path, TIDELINE_API_ORIGINS=origins) as found:
        answer = found.get("/health", Origin="https://ours.example")
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert found.get("/health", Origin="https://evil.example").headers.get("access-control-allow-origin") is None


def test_a_named_page_may_ask_every_route_a_browser_asks_before(tmp_path: Path) -> None:
    with api(tmp_path, TIDELINE_API_ORIGINS="https://ours.example") as found:
        for method, path in (("POST", "/voucher_segment_selector"), ("POST", "/recommend_companies"), ("GET", "/experiments")):
            before = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
            answer = requests.options(f"{found.url}{path}", headers={"Origin": "https://ours.example"} | before, timeout=30)
            assert answer.status_code == 200 and method in answer.headers["access-control-allow-methods"]


def test_a_failure_is_answered_with_the_request_s_id_and_told_to_the_log_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Config.from_environment(environment(tmp_path)))

    @app.get("/fails")
    def fails() -> None:
        raise ZeroDivisionError("of no concern to others")

    answer = TestClient(app).get("/fails", headers={"X-Request-ID": "mine-2"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "mine-2")
    assert "of no concern" not in answer.text and "X-Request-ID" in answer.json()["detail"]
    assert "mine-2 failed" in caplog.text and "of no concern to others" in caplog.text


def test_every_line_of_the_log_is_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_segments(tmp_path / "warehouse", [])
    log = tmp_path / "warehouse" / "vouchers_gold.db" / "segment_vouchers" / "_delta_log"
    (log / f"{7:020}.json").write_text("no commit\n")
    with api(tmp_path) as found:
        found.get("/experiments", **{"X-Request-ID": "one"})
        found.process.terminate()
        found.process.wait(20)
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert all({"at", "level", "logger", "message"} <= set(each) for each in told)
    assert [each["path"] for each in told if each.get("id") == "one"] == ["/experiments"]
    assert any(each["level"] == "WARNING" and each["message"].startswith("vouchers: kept nothing") for each in told)


def test_the_log_has_a_line_of_json_per_request_without_its_query(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with api(tmp_path) as found:
        found.get("/experiment/a/result?day=somebody", **{"X-Request-ID": "one"})
        found.process.terminate()
        found.process.wait(20)
    lines = [line for line in capfd.readouterr().err.splitlines() if '"id": "one"' in line]
    told = json.loads(lines[0])
    assert len(lines) == 1 and "somebody" not in lines[0]
    assert (told["method"], told["path"], told["status"]) == ("GET", "/experiment/a/result", 503) and told["ms"] >= 0
