"""Rows about tables that a notebook hands over: exit with JSON that holds `{"tables": [{...}, ...]}`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

COUNTS = ("read", "inserted", "updated", "deleted", "stale", "duplicate", "quarantined")


def table_rows(exit_value: str | None) -> list[dict[str, Any]]:
    """The rows; empty for any other exit value. What the JSON says beside them (system, layer) is put to each."""
    try:
        found = json.loads(exit_value or "")
    except ValueError:
        return []
    rows = found.get("tables") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return []
    beside = {key: value for key, value in found.items() if isinstance(value, str)}
    return [beside | row for row in rows]


def rows_written(rows: Iterable[dict[str, Any]]) -> int:
    """Rows inserted, updated and deleted, over all tables."""
    return sum(_count(row, name) for row in rows for name in ("inserted", "updated", "deleted"))


def _count(row: dict[str, Any], name: str) -> int:
    value = row.get(name)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def is_nothing_to_do(rows: list[dict[str, Any]]) -> bool:
    """Were there tables, and none had anything to do? A failed table had."""
    return bool(rows) and all(_is_idle(row) for row in rows)


def _is_idle(row: dict[str, Any]) -> bool:
    status = str(row.get("status", ""))
    return status != "failed" and (status == "nothing to do" or str(row.get("path", "")) == "nothing")
