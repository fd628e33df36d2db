"""The service's PostgreSQL tables, and how a day's changes get into them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta

import numpy as np

from tideline.samples.payments.life import Calendar, Payments, Version
from tideline.samples.payments.world import CATEGORIES, N_TOP, World
from tideline.samples.tables import Connection, upsert_rows

TABLES = """
CREATE TABLE IF NOT EXISTS companies (
    id integer PRIMARY KEY,
    company_code text NOT NULL UNIQUE,
    company_name text NOT NULL,
    category_id integer,
    category_name text,
    is_top_biller boolean NOT NULL,
    closed_at timestamp(6),
    updated_at timestamp(6) NOT NULL
);
CREATE TABLE IF NOT EXISTS payments (
    id bigint PRIMARY KEY,
    payment_at timestamp(6),
    company_code text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'failed', 'reversed')),
    amount numeric(15,2) NOT NULL,
    external_client_id char(64),
    created_at timestamp(6) NOT NULL,
    updated_at timestamp(6) NOT NULL
);
CREATE INDEX IF NOT EXISTS payments_by_change ON payments (updated_at, id);
CREATE INDEX IF NOT EXISTS companies_by_change ON companies (updated_at, id);
"""
PAYMENT = ("id", "payment_at", "company_code", "status", "amount", "external_client_id", "created_at", "updated_at")
COMPANY = ("id", "company_code", "company_name", "category_id", "category_name", "is_top_biller", "closed_at", "updated_at")
# A row that a broken clock stamped: it must neither reach bronze nor move anybody's mark.
FUTURE_ID, FUTURE_AT = 900_000_001, datetime(2191, 1, 1)


@dataclass(frozen=True)
class Written:
    """What a day did to the database: versions written, companies changed, rows from the future."""

    payments: int
    companies: int
    future: int


def make_tables(connection: Connection) -> None:
    """The two tables and the indexes that paging needs; what exists stays."""
    connection.execute(TABLES)
    connection.commit()


def write_day(connection: Connection, payments: Payments, day_index: int) -> Written:
    """Bring the database to the end of a local day. Day 1 brings the backlog too; a day written again changes nothing."""
    world, calendar = payments.world, payments.calendar
    first = calendar.first_index if day_index == 1 else day_index
    n_payments = sum(upsert(connection, payments.changes_of(index)) for index in range(first, day_index + 1))
    n_companies = upsert_rows(connection, "companies", COMPANY, _companies_of(world, calendar, day_index))
    n_future = upsert(connection, [_from_the_future(payments, day_index)]) if day_index == 2 else 0
    connection.commit()
    return Written(n_payments, n_companies, n_future)


def upsert(connection: Connection, versions: Iterable[Version]) -> int:
    """Write the latest version of each payment, unless the table has a newer one; gives the rows changed."""
    latest = {version.id: astuple(version) for version in versions}
    return upsert_rows(connection, "payments", PAYMENT, latest.values())


def _companies_of(world: World, calendar: Calendar, day_index: int) -> list[tuple[object, ...]]:
    """Day 1: all of them, as they are when the service opened. Later: some are renamed, moved, closed."""
    opened = calendar.midnight(calendar.first_index)
    if day_index == 1:
        return [_company(world, i, at=opened) for i in range(world.n_companies)]
    draw = np.random.default_rng([world.seed, 13, day_index])
    chosen = draw.choice(np.arange(N_TOP, world.n_companies), max(3, world.n_companies // 200), replace=False)
    rows = []
    for number, company in enumerate(chosen):
        at = calendar.midnight(day_index) + timedelta(hours=9, seconds=number // 2, microseconds=int(number))
        change = ("renamed", "moved", "closed")[number % 3]
        rows.append(_company(world, int(company), at=at, change=change))
    return rows


def _company(world: World, i: int, *, at: datetime, change: str = "") -> tuple[object, ...]:
    category = int(world.category[i])
    if change == "moved":
        category = (category + 1) % len(CATEGORIES)
    name = world.company_name(i) + (" SA" if change == "renamed" else "")
    closed_at = at if change == "closed" else None
    named = (None, None) if category < 0 else (category + 1, CATEGORIES[category])
    return int(world.company_id[i]), world.company_code(i), name, *named, i < N_TOP, closed_at, at


def _from_the_future(payments: Payments, day_index: int) -> Version:
    made = payments.calendar.midnight(day_index) + timedelta(hours=12)
    code = payments.world.company_code(0)
    return Version(FUTURE_ID, None, code, "pending", "100.00", payments.world.client_id(0), made, FUTURE_AT)


def sample(seed: int, scale: float, start: date) -> Payments:
    """The payments of a sample at a scale; 1 is a small provincial service."""
    world = World.of(seed, companies=max(300, round(8_000 * scale)), clients=max(400, round(60_000 * scale)))
    return Payments(world, Calendar(start, backlog_days=45, per_day=max(120, round(12_000 * scale))))
