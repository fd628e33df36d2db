"""Rows into a PostgreSQL table: by COPY, then one upsert, so that writing a day again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]


def upsert_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Insert rows by the first column, or update those that are older by `updated_at`; gives how many changed.

    Several rows of one key in a call are an error of PostgreSQL's. Commits nothing.
    """
    target, names = sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    key = sql.Identifier(columns[0])
    values = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns[1:])
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TEMP TABLE incoming (LIKE {}) ON COMMIT DROP").format(target))
        with cursor.copy(sql.SQL("COPY incoming ({}) FROM STDIN").format(names)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({names}) SELECT {names} FROM incoming ON CONFLICT ({key}) "
                "DO UPDATE SET {values} WHERE excluded.updated_at > {table}.updated_at"
            ).format(table=target, names=names, key=key, values=values)
        )
        changed = cursor.rowcount
        cursor.execute("DROP TABLE incoming")
    return changed
