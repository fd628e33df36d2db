"""Histories that Hypothesis draws, run together through real tables and compared with the model, key by key.

Up to a hundred histories share one table under prefixes of their own: a commit costs the same for one and for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from pyspark.sql import DataFrame

from engine import effects
from engine.checks import in_range
from engine.effects import EFFECTS
from engine.spec import Column, History
from tests.engine import model
from tests.engine.world import World, latest

BATCHES = 3
TIMES = [f"2024-01-0{day}T00:00:00{micros}Z" for day in range(1, 6) for micros in ("", ".000001")] + ["0001-01-01T00:00:00Z"]
TRACKED = ("v", "n")
MODULES = ("catalog", "merge", "landing", "run_log", "sources.files", "sources.marks")


def things(records: DataFrame) -> DataFrame:
    return records


def versions(records: DataFrame) -> DataFrame:
    return records


COLUMNS = [
    Column("id", "string", "Key.", path="id"),
    Column("at", "timestamp", "Sequence.", path="at"),
    Column("v", "string", "Tracked.", path="v"),
    Column("n", "bigint", "Tracked.", path="n"),
    Column("note", "string", "Not tracked.", path="note"),
    Column("gone", "boolean", "Deleted.", path="gone"),
]
TABLES = [
    latest(things, COLUMNS, deleted_when="gone", cluster_by=["id"], checks=[in_range("n", 0, 9, "info")]),
    History(
        build=versions, source="raw.records", key=["id"], sequence="at", grain="one row per version", columns=COLUMNS,
        tracked=TRACKED, deleted_when="gone", cluster_by=["id"],
    ),
]  # fmt: skip

RECORDS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "A", "é"]),
        "at": st.sampled_from(TIMES),
        "v": st.sampled_from([None, "", "x", "y"]),
        "n": st.sampled_from([None, 0, 2**62]),
        "note": st.sampled_from([None, "1", "2"]),
        "gone": st.sampled_from([None, None, None, True]),
    }
)
# A record and the batches that deliver it: more than one repeats it.
HISTORIES = st.lists(
    st.tuples(RECORDS, st.lists(st.integers(0, BATCHES - 1), min_size=1, max_size=3)), min_size=1, max_size=14
)
CRASHES = st.tuples(st.sampled_from(EFFECTS), st.integers(0, 3), st.integers(0, BATCHES - 1))
Histories = list[list[tuple[dict[str, Any], list[int]]]]


@dataclass(frozen=True)
class Drawn:
    """What one table goes through: histories, and where its runs die: effect, how many of it passed before, batch."""

    histories: Histories
    crashes: list[tuple[str, int, int]]


def draw(number: int, size: int) -> Drawn:
    """`size` histories and some crash points, the same for the same `number`."""
    found: Histories = []
    crashes: list[tuple[str, int, int]] = []
    options: Any = {"database": None, "phases": [Phase.generate], "suppress_health_check": list(HealthCheck), "deadline": None}

    @seed(number)
    @settings(max_examples=size, **options)
    @given(HISTORIES)
    def histories(drawn: Any) -> None:
        found.append(drawn)

    @seed(number)
    @settings(max_examples=2, **options)
    @given(CRASHES)
    def points(drawn: Any) -> None:
        crashes.append(drawn)

    histories()
    points()
    return Drawn(found[:size], crashes)


class Died(BaseException):
    """Stands for the process that ends here."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, effect: str, passed: int) -> Iterator[None]:
    """The next run ends before the named effect, once `passed` of that name were let through."""
    left = [passed]

    def about_to(name: str) -> None:
        if name == effect:
            left[0] -= 1
            if left[0] < 0:
                raise Died(name)

    with monkeypatch.context() as patch:
        for module in MODULES:
            patch.setattr(f"engine.{module}.about_to", about_to)
        yield


def parts(drawn: Drawn, n: int) -> list[list[dict[str, Any]]]:
    """All records of all histories, once each, dealt out to `n` deliveries."""
    dealt: list[list[dict[str, Any]]] = [[] for _ in range(n)]
    for number, history in enumerate(drawn.histories):
        for at, (record, batches) in enumerate(history):
            dealt[(at + sum(batches)) % n].append(record | {"id": f"{number:03d} {record['id']}"})
    return dealt


def run(world: World, drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> int:
    """Deliver and run every batch, dying where it was drawn; how many runs died."""
    died = 0
    for batch in range(BATCHES):
        records = [
            record | {"id": f"{number:03d} {record['id']}"}
            for number, history in enumerate(drawn.histories)
            for record, batches in history
            for _ in range(batches.count(batch))
        ]
        world.deliver(f"{batch}.json", records)
        for effect, passed, when in drawn.crashes:
            if when == batch:
                try:
                    with dying(monkeypatch, effect, passed):
                        world.run()
                except Died:
                    died += 1
        world.run()
    return died


def differences(world: World, drawn: Drawn) -> list[str]:
    """Histories of which the tables and the model disagree, as Python that can be pasted into a golden case."""
    shown = ", ".join(f"cast({column.name} AS string) AS {column.name}" for column in COLUMNS)
    rows = world.sql(f"SELECT {shown} FROM {{bronze.things_live}}")
    stored: dict[str, Any] = {}
    for row in rows:
        stored.setdefault(row["id"], []).append(_plain(row))
    past: dict[str, list[Any]] = {}
    validity = "cast(valid_from AS string), cast(valid_to AS string)"
    for row in world.sql(f"SELECT {validity}, {shown} FROM {{bronze.versions_live}} ORDER BY valid_from"):
        past.setdefault(row["id"], []).append((row[0], row[1], _plain(row)))
    found = []
    for number, history in enumerate(drawn.histories):
        records = [record | {"id": f"{number:03d} {record['id']}"} for record, _ in history]
        now = {id_: [_record(record)] for id_, record in model.latest(records).items()}
        then = {
            id_: [(_text(start), _text(end), _record(record)) for start, end, record in spans]
            for id_, spans in model.versions(records, TRACKED).items()
        }
        prefix = f"{number:03d} "
        if now != _of(stored, prefix) or then != _of(past, prefix):
            found.append(f"{history!r}\n  model: {now} {then}\n  table: {_of(stored, prefix)} {_of(past, prefix)}")
    return found


def _of(rows: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {id_: found for id_, found in rows.items() if id_.startswith(prefix)}


def _text(value: Any) -> str | None:
    """As Spark casts it to text. Years before 1900 do not survive the way into Python's local times."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if not isinstance(value, datetime) else str(value.replace(tzinfo=None))


def _plain(row: Any) -> tuple[str | None, ...]:
    return tuple(row[column.name] for column in COLUMNS)


def _record(record: model.Record) -> tuple[str | None, ...]:
    values = record | {"at": model.moment(record["at"])}
    return tuple(_text(values[column.name]) for column in COLUMNS)


def passed_effects(monkeypatch: pytest.MonkeyPatch, work: Any) -> Sequence[str]:
    """The side effects that `work` names, in their order."""
    seen: list[str] = []
    with monkeypatch.context() as patch:
        for module in MODULES:
            patch.setattr(f"engine.{module}.about_to", lambda name: (effects.about_to(name), seen.append(name)))
        work()
    return seen
