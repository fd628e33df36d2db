"""Bronze: every version of a user, the latest version of every visit."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

from engine.checks import Check, continuous, not_null
from engine.sources.spec import Rows
from engine.spec import Column, History, Latest
from systems.funnel.config import CONNECTIONS, FUNNELS, OVERLAP_MINUTES, Funnel

USER = (
    Column("user_id", "bigint", "User.", personal=True),
    Column("date", "date", "Day on which the user came first."),
    Column("device", "string", "desktop, mobile or tablet, as the source writes it."),
    Column("sex", "string", "As delivered; null where it is not known."),
)
CHANNEL = Column("channel", "string", "What brought the user; the source corrects it later.")
CHANGED = Column("updated_at", "timestamp", "When the row changed last, UTC.")
VISIT = (
    Column("event_id", "bigint", "Visit."),
    Column("user_id", "bigint", "User.", personal=True),
    Column("page", "string", "Page, as the source names it."),
    CHANGED,
)


def _users_columns(funnel: Funnel) -> list[Column]:
    return [*USER, *([CHANNEL] if funnel.has_channel else []), CHANGED]


def _source(table: str, key: str, columns: list[Column]) -> Rows:
    return Rows(
        table, key=[key], sequence="updated_at", table=table, columns=columns,
        overlap_minutes=OVERLAP_MINUTES, connections=CONNECTIONS,
    )  # fmt: skip


def _named(name: str, doc: str) -> Callable[[DataFrame], DataFrame]:
    """A builder that takes rows as they are, under the name of its table."""

    def build(rows: DataFrame) -> DataFrame:
        return rows

    build.__name__, build.__doc__ = name, doc
    return build


def _history(funnel: Funnel) -> History:
    return History(
        build=_named(funnel.users, "Every version of a user."),
        source=f"raw.{funnel.users}",
        key=["user_id"],
        sequence="updated_at",
        tracked=[column.name for column in _users_columns(funnel) if column.name not in ("user_id", "updated_at")],
        grain=f"one row per user of the funnel `{funnel.name}` and version",
        columns=_users_columns(funnel),
        checks=[not_null("date"), continuous("user_id")],
    )


def _visits(table: str, funnel: Funnel) -> Latest:
    return Latest(
        build=_named(table, "The latest version of every visit."),
        source=f"raw.{table}",
        key=["event_id"],
        sequence="updated_at",
        grain=f"one row per visit of `{table}`, a step of the funnel `{funnel.name}`",
        columns=list(VISIT),
        checks=[not_null("user_id"), Check("page is named", "page <> ''", "quarantine")],
    )


SOURCES = [
    source
    for funnel in FUNNELS
    for source in (
        _source(funnel.users, "user_id", _users_columns(funnel)),
        *(_source(table, "event_id", list(VISIT)) for table in funnel.tables),
    )
]
USERS = {funnel.name: _history(funnel) for funnel in FUNNELS}
VISITS = {table: _visits(table, funnel) for funnel in FUNNELS for table in funnel.tables}
