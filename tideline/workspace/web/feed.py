"""The rows that one commit changed, from the change feed: what came, what went, what an update had and has now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tideline.workspace.control.sql import Statement
from tideline.workspace.web.shown import Shown

TYPE = "_change_type"
OWN = (TYPE, "_commit_version", "_commit_timestamp")
BEFORE, AFTER = "update_preimage", "update_postimage"
WORDS = {"insert": "inserted", "delete": "deleted", BEFORE: "before", AFTER: "after"}


@dataclass(frozen=True)
class Changed:
    """A row of the page: its number among the statement's rows, what happened, and which of its cells an update changed."""

    number: int
    word: str
    cells: frozenset[int] = frozenset()


def feed_query(quoted: str, version: int, key: Sequence[str]) -> str:
    """SQL for the changes of one version, both images of an update side by side. `quoted` is a valid, quoted name."""
    order = [*(f"`{name.replace('`', '``')}`" for name in key), f"{TYPE} DESC"]
    return f"SELECT * FROM table_changes('{quoted}', {int(version)}, {int(version)}) ORDER BY {', '.join(order)}"


def changed_rows(statement: Statement, rows: Shown, key: Sequence[str]) -> list[Changed]:
    """A row each, in the statement's order. Without a key updates are not compared."""
    names = [heading.name for heading in rows.headings]
    kind, keys = names.index(TYPE), [names.index(name) for name in key if name in names]
    found = []
    for number, row in enumerate(statement.rows):
        other = _other_image(statement.rows, number, kind, keys)
        differ = [place for place in range(len(row)) if other and names[place] not in OWN and row[place] != other[place]]
        found.append(Changed(number, WORDS.get(str(row[kind]), str(row[kind])), frozenset(differ)))
    return found


def _other_image(
    rows: Sequence[Sequence[str | None]], number: int, kind: int, keys: Sequence[int]
) -> Sequence[str | None] | None:
    step = {BEFORE: 1, AFTER: -1}.get(str(rows[number][kind]), 0)
    beside = number + step
    if not step or not keys or not 0 <= beside < len(rows):
        return None
    is_same = all(rows[number][place] == rows[beside][place] for place in keys)
    return rows[beside] if is_same and rows[beside][kind] in (BEFORE, AFTER) else None
