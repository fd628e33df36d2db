"""The payments service: what its database holds, and the contract of its API, over real HTTP."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from statistics import median

import psycopg
import pytest
import requests
from starlette.testclient import TestClient

from tests.samples.payments_api import Service, payments_service
from tideline.samples.payments import sample, write_day
from tideline.samples.payments.api import create_app
from tideline.samples.payments.database import FUTURE_ID, upsert
from tideline.samples.payments.life import LARGEST, Version

START = date(2023, 6, 1)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with payments_service() as service:
        payments = sample(7, 0.05, START)
        with psycopg.connect(service.owner.dsn) as connection:
            for day in (1, 2):
                write_day(connection, payments, day)
        yield service


@pytest.fixture(autouse=True)
def behaves(service: Service) -> None:
    service.break_next("500", 0)


def rows_of(service: Service, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(service.owner.dsn) as connection:
        return connection.execute(sql).fetchall()


def test_the_database_looks_like_a_bill_payment_service(service: Service) -> None:
    amounts = [float(row[0]) for row in rows_of(service, "SELECT amount FROM payments WHERE id < 900000000")]
    assert 15_000 < median(amounts) < 26_000
    assert max(amounts) <= LARGEST
    shares = dict(rows_of(service, "SELECT status, count(*) FROM payments GROUP BY 1"))
    assert set(shares) == {"pending", "confirmed", "failed", "reversed"}
    large = rows_of(service, "SELECT avg(is_top_biller::int)::float8 FROM payments JOIN companies USING (company_code)")[0][0]
    assert 0.45 < large < 0.55
    names = [str(row[0]) for row in rows_of(service, "SELECT company_name FROM companies")]
    assert any(name != name.strip() for name in names)
    assert max(Counter(name.strip() for name in names).values()) > 1
    paid = Counter(row[0] for row in rows_of(service, "SELECT DISTINCT external_client_id, company_code FROM payments"))
    assert sum(2 <= n <= 10 for n in paid.values()) > 0.3 * len(paid)


def test_a_day_that_is_written_again_changes_nothing(service: Service) -> None:
    with psycopg.connect(service.owner.dsn) as connection:
        written = write_day(connection, sample(7, 0.05, START), 2)
    assert (written.payments, written.companies, written.future) == (0, 0, 0)


def test_versions_of_a_payment_follow_each_other(service: Service) -> None:
    payments = sample(7, 0.05, START)
    versions = [version for day in (-1, 0, 1, 2) for version in payments.changes_of(day)]
    assert versions == sorted(versions, key=lambda version: (version.updated_at, version.id))
    per_id: dict[int, list[Version]] = {}
    for version in versions:
        per_id.setdefault(version.id, []).append(version)
    assert max(map(len, per_id.values())) >= 3
    for mine in per_id.values():
        assert len({version.updated_at for version in mine}) == len(mine)
        statuses = [version.status for version in mine]
        assert "pending" not in statuses[1:] or statuses[0] == "pending"
    seconds = Counter((v.id, v.updated_at.replace(microsecond=0)) for v in versions)
    assert max(seconds.values()) >= 2, "no two changes of a payment in one second"


def test_payments_without_a_time_are_refused_and_so_is_a_time_that_is_none(service: Service) -> None:
    for wrong in ({}, {"updated_at": "yesterday"}, {"updated_at": "2023-06-01T00:00:00Z"}):
        answer = service.get("payments", **wrong)
        assert answer.status_code == 400
        assert "updated_at" in answer.json()["detail"]
    both = service.get("payments", updated_at="2023-06-01T00:00:00", after="2023-06-01T00:00:00,1", offset=1)
    assert both.status_code == 400
    assert service.get("payments", updated_at="2023-06-01T00:00:00", after="x").status_code == 400
    assert service.get("payments", updated_at="2023-06-01T00:00:00", limit=0).status_code == 422


def test_a_request_without_the_token_is_refused(service: Service) -> None:
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        answer = requests.get(f"{service.served.url}/companies", headers=headers, timeout=10)
        assert answer.status_code == 401


def test_keyset_pages_hold_every_row_once_in_order(service: Service) -> None:
    since = "2023-06-01T00:00:00"
    seen: list[tuple[str, int]] = []
    after: dict[str, object] = {}
    while page := service.get("payments", updated_at=since, limit=700, **after).json():
        seen += [(row["updated_at"], row["id"]) for row in page]
        after = {"after": f"{page[-1]['updated_at']},{page[-1]['id']}"}
    expected = rows_of(service, f"SELECT updated_at, id FROM payments WHERE updated_at >= '{since}' ORDER BY 1, 2")
    assert [(datetime.fromisoformat(at), number) for at, number in seen] == expected
    assert seen[-1][1] == FUTURE_ID


def test_offset_pages_and_companies_follow_the_contract(service: Service) -> None:
    since = "2023-06-02T00:00:00"
    first, second = (service.get("payments", updated_at=since, limit=5, offset=offset).json() for offset in (0, 5))
    assert first + second == service.get("payments", updated_at=since, limit=10).json()
    assert set(first[0]) == {
        "id", "payment_at", "company_code", "status", "amount", "external_client_id", "created_at", "updated_at",
    }  # fmt: skip
    companies = service.get("companies", limit=10_000).json()
    assert len(companies) == rows_of(service, "SELECT count(*) FROM companies")[0][0]
    assert [row["id"] for row in companies] == sorted(row["id"] for row in companies)


def test_offset_paging_loses_rows_under_a_writer_and_keyset_paging_does_not(service: Service) -> None:
    since = "2023-06-01T00:00:00"
    before = service.get("payments", updated_at=since, limit=10_000).json()
    first = service.get("payments", updated_at=since, limit=500).json()
    row, now = first[0], datetime(2023, 6, 2, 23, 59, 59)
    changed = Version(row["id"], None, row["company_code"], "reversed", "1.00", None, datetime(2023, 6, 1), now)
    with psycopg.connect(service.owner.dsn) as connection:
        assert upsert(connection, [changed]) == 1
    by_offset = first + service.get("payments", updated_at=since, limit=10_000, offset=500).json()
    after = f"{first[-1]['updated_at']},{first[-1]['id']}"
    by_key = first + service.get("payments", updated_at=since, limit=10_000, after=after).json()
    assert {row["id"] for row in before} - {row["id"] for row in by_offset}
    assert not {row["id"] for row in before} - {row["id"] for row in by_key}


def test_too_many_requests_are_told_how_long_to_wait(service: Service) -> None:
    answers = [service.get("companies", limit=1) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    service.break_next("429")
    refused = service.get("companies", limit=1)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")


def test_no_more_requests_are_answered_than_a_second_allows(service: Service) -> None:
    app = create_app(service.owner.dsn, "t", requests_per_second=3)
    with TestClient(app, headers={"Authorization": "Bearer t"}) as client:
        began = time.monotonic()
        answers = [client.get("/companies", params={"limit": 1}) for _ in range(30)]
        seconds = time.monotonic() - began
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(answers) - len(refused) <= 3 * (seconds + 1)
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        time.sleep(1)
        assert client.get("/companies", params={"limit": 1}).status_code == 200


@pytest.mark.parametrize("kind", ["500", "cut", "wrong_json", "repeat", "slow"])
def test_it_misbehaves_when_asked_and_then_behaves_again(service: Service, kind: str) -> None:
    good = service.get("companies", limit=3).content
    service.break_next(kind, 1, skip=1)
    assert service.get("companies", limit=3).content == good
    try:
        bad = service.get("companies", limit=3, offset=3)
    except requests.RequestException:
        assert kind == "cut"
    else:
        if kind == "repeat":
            assert bad.content == good
        elif kind == "wrong_json":
            with pytest.raises(ValueError):
                bad.json()
        elif kind == "slow":
            assert bad.elapsed > timedelta(seconds=2)
        else:
            assert bad.status_code == 500
    assert service.get("companies", limit=3).content == good


def test_a_database_that_is_down_is_said_so_and_the_api_recovers(service: Service) -> None:
    port = service.cluster.port
    service.cluster.stop()
    try:
        answer = service.get("companies", limit=1)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    finally:
        service.cluster.start(port)
    assert service.get("companies", limit=1).status_code == 200
