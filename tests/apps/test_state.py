"""Health and readiness: what an operator sees of data that is old, cannot be read, or was never there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import schemathesis
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings

from tests.apps.served import Api, api
from tests.apps.test_vouchers_api import rows, write


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("serving")
    write(folder / "warehouse", rows())
    with api(folder) as found:
        yield found


def break_vouchers(warehouse: Path) -> None:
    table = warehouse / "vouchers_gold.db" / "segment_vouchers"
    write_deltalake(table, pa.table({"country": ["Peru"]}), mode="overwrite", schema_mode="overwrite")


def break_experiments(warehouse: Path) -> None:
    for name in ("experiment_results", "experiment_funnel"):
        write_deltalake(warehouse / "ab_testing_gold.db" / name, pa.table({"experiment": ["a"]}))


def until(is_so: Callable[[dict[str, Any]], bool], found: Api) -> dict[str, Any]:
    limit = time.monotonic() + 30
    while not is_so(health := found.get("/health").json()):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return health


def test_health_names_version_age_and_error_of_everything_that_is_held(served: Api) -> None:
    health = served.get("/health").json()
    assert (health["status"], health["experiments"]) == (
        "ok", {"version": None, "loaded_at": None, "error": "", "failing_since": None})  # fmt: skip
    held = health["vouchers"]
    assert (held["version"], held["error"]) == ("vouchers_gold.segment_vouchers@0", "")
    assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(held["loaded_at"]) < timedelta(minutes=2)
    assert served.get("/ready").status_code == 200


def test_a_reader_that_fails_is_seen_with_its_first_failure_while_old_data_answers(tmp_path: Path) -> None:
    write(tmp_path / "warehouse", rows())
    with api(tmp_path) as found:
        break_vouchers(tmp_path / "warehouse")
        first = until(lambda health: health["status"] == "degraded", found)["vouchers"]
        assert first["error"] and first["version"] == "vouchers_gold.segment_vouchers@0"
        time.sleep(0.5)
        assert found.get("/health").json()["vouchers"]["failing_since"] == first["failing_since"]
        ready = found.get("/ready")
        assert (ready.status_code, list(ready.json()["errors"])) == (200, ["vouchers"])
        write_deltalake(
            tmp_path / "warehouse" / "vouchers_gold.db" / "segment_vouchers", pa.Table.from_pylist(rows()), mode="overwrite",
            schema_mode="overwrite",
        )  # fmt: skip
        assert until(lambda health: health["status"] == "ok", found)["vouchers"]["failing_since"] is None


def test_what_is_there_and_was_never_loaded_is_not_ready_whatever_else_is(tmp_path: Path) -> None:
    write(tmp_path / "warehouse", rows())
    break_experiments(tmp_path / "warehouse")
    with api(tmp_path) as found:
        ready = found.get("/ready")
        assert (ready.status_code, ready.json()["experiments"]) == (503, None)
        assert ready.json()["vouchers"] and list(ready.json()["errors"]) == ["experiments"]
        assert found.get("/health").status_code == 200


@pytest.mark.parametrize("route", ["/health", "/ready"])
def test_the_state_is_told_as_documented(route: str, served: Api) -> None:
    operation = schemathesis.openapi.from_url(f"{served.url}/openapi.json")[route]["GET"]
    seen: set[int] = set()

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=served.url)
        seen.add(response.status_code)
        case.validate_response(response)

    ask()
    assert seen == {200}
