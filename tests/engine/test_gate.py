"""Gates: a source that does not answer, a landing that failed or never was, a table without rows, each named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest

from engine.gate import answers, landings, refuse_if_empty, refuse_unless_answered, refuse_unless_landed
from engine.sources import client
from engine.sources.spec import Pages
from tests.engine.sources_world import SourcesWorld
from tests.samples.payments_api import Service, payments_service
from tideline.samples.payments import sample, write_day
from utils.errors import LayerFailed, SettingsError

PAYMENTS = Pages("payments", key=["id"], sequence="updated_at", endpoint="payments", first_days=30)
COMPANIES = Pages("companies", key=["id"], sequence="updated_at", endpoint="companies", is_listing=True)
STRANGE = Pages("strange", key=["id"], sequence="updated_at", endpoint="strange", is_listing=True)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with payments_service() as service:
        with psycopg.connect(service.owner.dsn) as connection:
            write_day(connection, sample(7, 0.01, date(2023, 6, 1)), 1)
        yield service


@pytest.fixture
def world(spark: Any, service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[SourcesWorld]:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.05)
    secrets = {"demo_url": service.served.url, "demo_token": service.served.token}
    world = SourcesWorld(spark, [PAYMENTS, COMPANIES], secrets)
    yield world
    world.drop()


def test_a_gate_opens_for_the_date_that_landed_and_for_no_other(world: SourcesWorld) -> None:
    rows = landings(world.spark, world.system, world.settings)
    with pytest.raises(LayerFailed, match=r"raw.payments \(missing\), raw.companies \(missing\)"):
        refuse_unless_landed(world.system, world.settings, rows)
    world.run()
    rows = landings(world.spark, world.system, world.settings)
    refuse_unless_landed(world.system, world.settings, rows)
    assert [(row["source"], row["status"]) for row in rows] == [("raw.payments", "written"), ("raw.companies", "written")]
    assert rows[1]["inserted"] == 300
    tomorrow = replace(world.settings, as_of=date(2023, 6, 2))
    with pytest.raises(LayerFailed, match=r"for 2023-06-02 these did not land"):
        refuse_unless_landed(world.system, tomorrow, landings(world.spark, world.system, tomorrow))


def test_a_landing_that_failed_after_a_good_one_closes_the_gate(world: SourcesWorld, service: Service) -> None:
    world.run()
    service.break_next("wrong_json", 100)
    with pytest.raises(LayerFailed):
        world.run()
    service.break_next("500", 0)
    with pytest.raises(LayerFailed, match=r"raw.payments \(failed\)"):
        refuse_unless_landed(world.system, world.settings, landings(world.spark, world.system, world.settings))


def test_sources_that_answer_pass_and_one_that_does_not_is_named(world: SourcesWorld, spark: Any) -> None:
    rows = answers(world.spark, world.system, world.settings)
    assert [row["error"] for row in rows] == [None, None]
    refuse_unless_answered(world.system, rows)
    other = SourcesWorld(spark, [PAYMENTS, STRANGE], world.secrets)
    with pytest.raises(LayerFailed, match=r"GET http://127.0.0.1:\d+/strange: 404"):
        refuse_unless_answered(other.system, answers(other.spark, other.system, other.settings))
    other.drop()


def test_a_table_that_must_hold_rows_is_named(world: SourcesWorld) -> None:
    with pytest.raises(SettingsError, match=r"demo_raw.companies: no such table, or no row in it"):
        refuse_if_empty(world.spark, world.settings, ["raw.companies"])
    world.run()
    refuse_if_empty(world.spark, world.settings, ["raw.companies"])
