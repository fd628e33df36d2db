"""Pages of an API to raw: marks, overlaps, faults. Everything is counted against the database behind the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from engine.again import fetch_again
from engine.landing import land_all
from engine.outcomes import Outcome
from engine.sources import client, pages
from engine.sources.reconcile import reconcile, refuse_missing
from engine.sources.spec import Pages
from engine.spec import Column, Latest
from tests.engine.sources_world import SourcesWorld
from tests.samples.payments_api import Service, payments_service
from tideline.samples.payments.database import FUTURE_ID, upsert
from tideline.samples.payments.life import Version
from tideline.samples.payments.misbehaviour import SLOW_SECONDS
from utils.errors import LayerFailed, SourceError

pytestmark = pytest.mark.long

ZONE = "America/Argentina/Buenos_Aires"
PAYMENTS = Pages("payments", key=["id"], sequence="updated_at", zone=ZONE, endpoint="payments", first_days=30, page_size=100)
NOON = datetime(2023, 6, 1, 12)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with payments_service() as service:
        yield service


@pytest.fixture
def world(spark: Any, service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[SourcesWorld]:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.05)
    service.break_next("500", 0)
    with psycopg.connect(service.owner.dsn) as connection:
        connection.execute("TRUNCATE payments")
    secrets = {"demo_url": service.served.url, "demo_token": service.served.token}
    world = SourcesWorld(spark, [PAYMENTS], secrets)
    yield world
    world.drop()


def payment(number: int, at: datetime, status: str = "pending") -> Version:
    return Version(number, None, "AR-S-00001", status, "10.50", None, NOON, at)


def write(service: Service, *versions: Version) -> None:
    with psycopg.connect(service.owner.dsn) as connection:
        upsert(connection, versions)


def held(world: SourcesWorld) -> list[tuple[int, str]]:
    """(id, updated_at in UTC) of every record in raw, in order."""
    number = "try_variant_get(document, '$.id', 'bigint') AS id"
    rows = world.raw("payments").selectExpr(number, "cast(_sequence AS string) AS at").collect()
    return sorted((row["id"], row["at"]) for row in rows)


def utc(moment: datetime) -> str:
    text = f"{moment + timedelta(hours=3):%Y-%m-%d %H:%M:%S.%f}"
    return text.rstrip("0").rstrip(".")


def test_what_changed_later_on_the_day_of_a_run_is_landed_by_the_next(world: SourcesWorld, service: Service) -> None:
    write(service, payment(1, NOON), payment(2, NOON + timedelta(seconds=1)))
    first = world.run()
    assert (first.counts.inserted, first.why) == (2, "1 page(s), first run: changed since 2023-05-02, 30 days back")
    later = NOON + timedelta(hours=3)
    write(service, payment(1, later, "confirmed"))
    second = world.run()
    assert second.counts.inserted == 1
    assert "10 minutes before the mark" in second.why
    assert held(world) == [(1, utc(NOON)), (1, utc(later)), (2, utc(NOON + timedelta(seconds=1)))]


def test_the_overlap_is_read_again_and_appended_once(world: SourcesWorld, service: Service) -> None:
    write(service, *(payment(number, NOON + timedelta(seconds=number)) for number in range(1, 251)))
    assert world.run().counts.inserted == 250
    version = world.version("raw.payments")
    again = world.run()
    assert (again.status, again.counts.read, again.counts.inserted, again.counts.duplicate) == ("nothing to do", 250, 0, 250)
    assert world.version("raw.payments") == version


def test_a_transaction_that_commits_after_a_later_one_is_caught_by_the_overlap(world: SourcesWorld, service: Service) -> None:
    with psycopg.connect(service.owner.dsn) as slow:
        upsert(slow, [payment(1, NOON)])
        write(service, payment(2, NOON + timedelta(seconds=20)))
        assert world.run().counts.inserted == 1
        slow.commit()
    assert world.run().counts.inserted == 1
    assert [number for number, _ in held(world)] == [1, 2]


def test_a_transaction_that_outlasts_the_overlap_is_told_loudly(world: SourcesWorld, service: Service) -> None:
    with psycopg.connect(service.owner.dsn) as slow:
        upsert(slow, [payment(1, NOON)])
        write(service, payment(2, NOON + timedelta(minutes=30)))
        world.run()
        slow.commit()
    assert world.run().counts.inserted == 0
    run = world.layer_run()
    with pytest.raises(SourceError, match=r"raw.payments lacks 1, such as id 1.*longer than `overlap_minutes`"):
        refuse_missing(run, reconcile(run, days=1))
    land_all(run, (date(2023, 6, 1), date(2023, 6, 2)))
    found = reconcile(run, days=1)
    refuse_missing(run, found)
    assert [each.n_missing for each in found] == [0]


def test_a_daily_look_sees_what_the_daily_read_passed_over(
    world: SourcesWorld, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The marks of two reads lie a day apart, and a landing that failed half way moved the mark between them."""
    with psycopg.connect(service.owner.dsn) as slow:
        upsert(slow, [payment(1, NOON - timedelta(minutes=15))])
        write(service, payment(2, NOON))
        world.run()
        slow.commit()
    write(service, *(payment(number, NOON + timedelta(minutes=20 * number)) for number in range(3, 203)))
    monkeypatch.setattr(pages, "CHUNK_RECORDS", 100)
    service.break_next("wrong_json", client.TRIES, skip=1)
    with pytest.raises(LayerFailed):
        world.run()
    assert world.run().counts.inserted == 101
    run = world.layer_run()
    with pytest.raises(SourceError, match=r"raw.payments lacks 1, such as id 1"):
        refuse_missing(run, reconcile(run, days=1))


def test_two_changes_in_one_second_are_two_records(world: SourcesWorld, service: Service) -> None:
    write(service, payment(1, NOON + timedelta(microseconds=1)))
    world.run()
    write(service, payment(1, NOON + timedelta(microseconds=2), "failed"))
    world.run()
    assert held(world) == [(1, utc(NOON + timedelta(microseconds=1))), (1, utc(NOON + timedelta(microseconds=2)))]


def test_a_row_from_the_future_lands_and_does_not_move_the_mark(world: SourcesWorld, service: Service) -> None:
    write(service, payment(1, NOON), payment(FUTURE_ID, datetime(2191, 1, 1)))
    assert world.run().counts.inserted == 2
    write(service, payment(2, NOON + timedelta(minutes=1)))
    assert world.run().counts.inserted == 1
    assert [number for number, _ in held(world)] == [1, 2, FUTURE_ID]


def test_a_mark_in_the_future_names_its_row_and_value(world: SourcesWorld, service: Service) -> None:
    write(service, payment(1, NOON))
    world.run()
    name = world.settings.name_of("raw.payments")
    world.spark.sql(f"UPDATE {name} SET _sequence = timestamp'2190-01-01', _requested_at = timestamp'2190-01-02'").collect()
    with pytest.raises(LayerFailed, match=r"mark is 2190-01-01 00:00:00, later than now, by the row id 1"):
        world.run()


def fetched(world: SourcesWorld, start: date, end: date) -> Outcome:
    run = world.layer_run()
    return fetch_again(world.spark, world.system, run.settings, start, end).all[0]


def test_a_backfill_lands_its_days_and_leaves_the_mark(world: SourcesWorld, service: Service) -> None:
    write(service, payment(1, NOON))
    world.run()
    write(service, payment(2, NOON - timedelta(days=60)), payment(3, NOON + timedelta(days=20)))
    assert fetched(world, date(2023, 4, 1), date(2023, 4, 10)).counts.inserted == 1
    beyond = fetched(world, date(2023, 6, 20), date(2023, 6, 22))
    assert (beyond.counts.inserted, beyond.why) == (1, "1 page(s), backfill of [2023-06-20, 2023-06-22)")
    write(service, payment(4, NOON + timedelta(days=1)))
    assert world.run().counts.inserted == 1, "a backfilled record moved the mark"
    assert [number for number, _ in held(world)] == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", ["429", "500", "slow", "cut", "wrong_json", "repeat"])
def test_a_page_that_breaks_is_fetched_again(
    world: SourcesWorld, service: Service, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "slow":
        monkeypatch.setattr(client, "READ_SECONDS", SLOW_SECONDS - 1)
    write(service, *(payment(number, NOON + timedelta(seconds=number)) for number in range(1, 351)))
    service.break_next(kind, 2 if kind != "429" else 1, skip=1)
    assert world.run().counts.inserted == 350
    assert [number for number, _ in held(world)] == list(range(1, 351))


def test_a_run_that_breaks_for_good_keeps_its_chunks_and_the_next_completes(
    world: SourcesWorld, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "CHUNK_RECORDS", 200)
    write(service, *(payment(number, NOON + timedelta(minutes=number)) for number in range(1, 1001)))
    service.break_next("wrong_json", 10_000, skip=5)
    with pytest.raises(LayerFailed, match="a page could not be read in 6 tries: it is not JSON"):
        world.run()
    assert [number for number, _ in held(world)] == list(range(1, 501))
    service.break_next("500", 0)
    rest = world.run()
    assert rest.counts.inserted == 500
    assert rest.counts.read < 600, "it began from the start again"
    assert [number for number, _ in held(world)] == list(range(1, 1001))


def test_an_api_that_is_down_or_refuses_is_said_so(world: SourcesWorld, service: Service, spark: Any) -> None:
    write(service, payment(1, NOON))
    for secrets, said in (
        ({"demo_url": "http://127.0.0.1:9", "demo_token": "x"}, "no answer after 6 tries"),
        ({"demo_url": service.served.url, "demo_token": "guessed"}, r"the token was refused \(401\).*secret `demo_token`"),
    ):
        broken = SourcesWorld(spark, [PAYMENTS], secrets)
        with pytest.raises(LayerFailed, match=said):
            broken.run()
        assert broken.raw("payments").count() == 0
        broken.drop()


def test_rows_changed_while_pages_are_fetched_are_landed_once_in_the_end(world: SourcesWorld, service: Service) -> None:
    write(service, *(payment(number, NOON + timedelta(seconds=number)) for number in range(1, 301)))
    original = client.Client.page
    written = 0

    def page(self: Any, *arguments: Any) -> Any:
        nonlocal written
        found = original(self, *arguments)
        written += 1
        now = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=3)
        write(service, payment(written, now, "confirmed"))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.Client, "page", page)
        world.run()
    world.run()
    with psycopg.connect(service.owner.dsn) as connection:
        source = connection.execute("SELECT id, updated_at FROM payments").fetchall()
    assert written >= 3
    found = held(world)
    assert len(found) == len(set(found))
    assert {(number, utc(at)) for number, at in source} <= set(found)


def test_a_row_from_the_future_goes_to_quarantine_in_bronze(spark: Any, service: Service, world: SourcesWorld) -> None:
    def paid(records: Any) -> Any:
        return records.withColumn("changed_at", records["_sequence"])

    table = Latest(
        build=paid, source="raw.payments", key=["id"], sequence="changed_at", grain="one row per payment",
        columns=[
            Column("id", "bigint", "Payment.", path="id"),
            Column("amount", "decimal(15,2)", "Amount.", path="amount"),
            Column("changed_at", "timestamp", "Last change."),
        ],
    )  # fmt: skip
    write(service, payment(1, NOON), payment(FUTURE_ID, datetime(2191, 1, 1)))
    other = SourcesWorld(spark, [PAYMENTS], world.secrets, [table])
    other.run()
    outcome = other.run("bronze")
    assert (outcome.counts.inserted, outcome.counts.quarantined) == (1, 1)
    set_aside = other.spark.table(other.settings.name_of("raw.quarantine")).collect()[0]
    assert "lies in the future" in set_aside["reason"]
    assert str(FUTURE_ID) in set_aside["record"]
    assert str(other.spark.table(other.settings.name_of("bronze.paid")).collect()[0]["amount"]) == "10.50"
    other.drop()
