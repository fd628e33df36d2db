"""The shop's PostgreSQL tables: six steps, made up day by day; and four pages, loaded from files."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from tideline.samples.funnel.shop import N_STEPS, Shop
from tideline.samples.tables import Connection, upsert_rows
from tideline.workspace.errors import WorkspaceError

USER = ("user_id", "date", "device", "sex", "channel", "updated_at")
PAGE_USER = ("user_id", "date", "device", "sex", "updated_at")
VISIT = ("event_id", "user_id", "page", "updated_at")
STEPS = tuple(f"step{number}" for number in range(1, N_STEPS + 1))
PAGES = ("home_page", "search_page", "payment_page", "payment_confirmation")
USERS_TABLE = """
CREATE TABLE IF NOT EXISTS {name} (
    user_id bigint PRIMARY KEY, date date NOT NULL, device text, sex text, {channel} updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS {name}_by_change ON {name} (updated_at);
"""
STEP_TABLE = """
CREATE TABLE IF NOT EXISTS {name} (
    event_id bigint PRIMARY KEY, user_id bigint NOT NULL, page text NOT NULL, updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS {name}_by_change ON {name} (updated_at);
"""


@dataclass(frozen=True)
class Loaded:
    """Rows of each of the four pages' tables, and of their users."""

    users: int
    pages: dict[str, int]


def make_tables(connection: Connection) -> None:
    """Both sets of tables, with the index that an incremental read needs; what exists stays."""
    for name, channel in (("users", "channel text,"), ("page_users", "")):
        connection.execute(USERS_TABLE.format(name=name, channel=channel))
    for name in (*STEPS, *PAGES):
        connection.execute(STEP_TABLE.format(name=name))
    connection.commit()


def write_day(connection: Connection, shop: Shop, day_index: int) -> int:
    """Bring the six steps to the end of a day (UTC); a day written again changes nothing. Gives the rows changed."""
    latest = {user.user_id: astuple(user) for user in shop.users_changed_on(day_index)}
    n = upsert_rows(connection, "users", USER, latest.values())
    for number, name in enumerate(STEPS, start=1):
        n += upsert_rows(connection, name, VISIT, map(astuple, shop.visits_on(number, day_index)))
    connection.commit()
    return n


def load_pages(connection: Connection, folder: Path) -> Loaded:
    """Load `user_table.csv.gz` and the four pages' files; what was loaded before stays as it is.

    The files have no time of change and no id of a visit: a row changes on its user's date, visits are numbered as
    they stand. Raises WorkspaceError where a file is missing, has another header, or names an unknown user.
    """
    came: dict[int, date] = {}
    rows = []
    for user_id, day, device, sex in _rows(folder / "user_table.csv.gz", ("user_id", "date", "device", "sex")):
        came[int(user_id)] = date.fromisoformat(day)
        rows.append((int(user_id), day, device, sex, _midnight(came[int(user_id)])))
    users = upsert_rows(connection, "page_users", PAGE_USER, rows)
    pages = {name: upsert_rows(connection, name, VISIT, _visits(folder, name, came)) for name in PAGES}
    connection.commit()
    return Loaded(users, pages)


def _visits(folder: Path, name: str, came: dict[int, date]) -> Iterator[tuple[object, ...]]:
    file = folder / f"{name}_table.csv.gz"
    for number, (user_id, page) in enumerate(_rows(file, ("user_id", "page")), start=1):
        if int(user_id) not in came:
            raise WorkspaceError(f"{file}: row {number} names user {user_id}, who is not in user_table.csv.gz")
        yield number, int(user_id), page, _midnight(came[int(user_id)])


def _rows(file: Path, header: tuple[str, ...]) -> Iterator[list[str]]:
    if not file.is_file():
        raise WorkspaceError(f"{file}: no such file", hint="name the folder of the five .csv.gz files")
    with gzip.open(file, "rt", newline="", encoding="utf-8") as text:
        reader = csv.reader(text)
        found = tuple(next(reader, []))
        if found != header:
            raise WorkspaceError(f"{file}: the header is {', '.join(found) or 'missing'}, expected {', '.join(header)}")
        yield from reader


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def sample(seed: int, scale: float, start: date) -> Shop:
    """The visitors of a sample at a scale."""
    return Shop(seed, per_day=max(200, round(5_000 * scale)), start=start)
