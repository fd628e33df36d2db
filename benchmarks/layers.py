"""Whole runs of a layer: what a history costs beside the latest version, what checks cost, and what is the run's own.

`python -m benchmarks.layers` prints the table. Three tables of one layer read the same records, one after the other:
the latest version per key, the same with six row checks, and the history. Five batches of each case.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")

from engine.checks import Check, in_range, not_null
from engine.outcomes import Outcome
from engine.pipeline import run_layer
from engine.sources.spec import Files
from engine.spec import Column, History, Latest
from engine.system import System
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, open_session, stop_server
from utils.settings import Settings

KEYS, ROUNDS = 100_000, 5
SCHEMAS = ("bench_raw", "bench_bronze", "ops")
# One minute ahead of the files' times, so that landing takes them for complete.
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
INTRODUCTION = (
    "## Whole runs: history with late rows, checks, run log",
    "",
    f"{KEYS:,} keys with one version each; medians of {ROUNDS} batches of a case, each a file of records that lands and is",
    "merged by the same run into three bronze tables, one after the other. Ratios are to the latest version per key in the",
    "same run. `log` is what the bronze layer takes beside its tables: reading cursors and versions, and writing the run log",
    "with the results of checks. `right`: the history was compared with what was delivered, row by row.",
)


def latest(records: Any) -> Any:
    return records


def checked(records: Any) -> Any:
    return records


def history(records: Any) -> Any:
    return records


SHARED: dict[str, Any] = {
    "source": "raw.records",
    "key": ["id"],
    "sequence": "at",
    "columns": [
        Column("id", "bigint", "Key.", path="id"),
        Column("at", "timestamp", "Sequence.", path="at"),
        Column("name", "string", "A value.", path="name"),
        Column("amount", "double", "A value.", path="amount"),
    ],
}
CHECKS = [
    not_null("name"),
    not_null("amount"),
    in_range("amount", 0, 1e9),
    Check("name is short", "length(name) < 100"),
    Check("name begins well", "name LIKE 'name %'"),
    Check("amount is whole", "amount = floor(amount)", "info"),
]
TABLES = (
    Latest(latest, grain="one row per thing", **SHARED),
    Latest(checked, grain="one row per thing", checks=CHECKS, **SHARED),
    History(history, grain="one row per version of a thing", **SHARED),
)
# (key, day, value) per record.
Records = list[tuple[int, int, int]]


def changes(round_: int) -> Records:
    """1,000 keys of the round's own, on day 10."""
    return [(key, 10, key + 1) for key in _keys(round_, 1_000)]


def late(round_: int) -> Records:
    """99 of them changed on day 5 as well, which is told only now."""
    return [(key, 5, key + 2) for key in _keys(round_, 99)]


def many(round_: int) -> Records:
    """Ten changes of 100 other keys, the newest told first."""
    return [(key + 1, day, key + day) for key in _keys(round_, 100) for day in range(20, 10, -1)]


def repeated(round_: int) -> Records:
    """The changes of the round again, in another order."""
    return changes(round_)[::-1]


def _keys(round_: int, n: int) -> range:
    return range(round_, KEYS, KEYS // n)


CASES: dict[str, Callable[[int], Records]] = {
    "1,000 keys changed": changes,
    "99 late changes, into the middle": late,
    "10 changes of each of 100 keys": many,
    "the 1,000 again, in another order": repeated,
}


@dataclass
class Seconds:
    """One case: a figure per round."""

    raw: list[float] = field(default_factory=list)
    tables: dict[str, list[float]] = field(default_factory=dict)
    log: list[float] = field(default_factory=list)


class Deployment:
    """Schemas and a landing folder on a server of the benchmark's own."""

    def __init__(self, spark: Any, folder: Path) -> None:
        source = Files("records", format="json", folder="drops", pattern="*.json")
        self.spark, self.delivered = spark, []  # type: Any, Records
        self.system = System(
            name="bench", question="How long?", time_zone="UTC", sources=[source], tables=TABLES
        )
        self.settings = Settings("bench", date(2024, 6, 30), volume_root=str(folder), parallel_tables=1)
        self.landing = Path(self.settings.landing) / "drops"
        self.landing.mkdir(parents=True)
        for schema in SCHEMAS:
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}").collect()

    def deliver(self, records: Records) -> None:
        self.delivered += records
        lines = [
            json.dumps({"id": key, "at": f"2024-01-{day:02d}T00:00:00Z", "name": f"name {value}", "amount": value})
            for key, day, value in records
        ]
        path = self.landing / f"{len(list(self.landing.iterdir())):04d}.json"
        path.write_text("\n".join(lines) + "\n")
        os.utime(path, (LONG_AGO, LONG_AGO))

    def run(self, layer: str) -> tuple[float, tuple[Outcome, ...]]:
        """Seconds of the layer, and what it did to each table."""
        started = time.monotonic()
        done = run_layer(self.spark, self.system, layer, replace(self.settings, run_id=uuid.uuid4().hex))
        return time.monotonic() - started, done.all

    def timed(self, records: Records, seen: Seconds) -> None:
        if records:
            self.deliver(records)
        seen.raw.append(self.run("raw")[0])
        whole, outcomes = self.run("bronze")
        for outcome in outcomes:
            seen.tables.setdefault(outcome.table.removeprefix("bronze."), []).append(outcome.seconds)
        seen.log.append(whole - sum(outcome.seconds for outcome in outcomes))

    def is_right(self) -> bool:
        """Whether the history holds exactly the versions that follow from all that was delivered."""
        rows = self.spark.sql(
            "SELECT id, day(valid_from), day(valid_to), is_current, amount FROM bench_bronze.history WHERE _is_shown"
        )
        return sorted(tuple(row) for row in rows.collect()) == sorted(versions_of(self.delivered))


def versions_of(records: Records) -> Iterator[tuple[int, int, int | None, bool, float]]:
    """(key, day from, day to, is current, value) of every version, from all records of all keys."""
    told: dict[int, dict[int, int]] = {}
    for key, day, value in records:
        told.setdefault(key, {})[day] = value
    for key, by_day in told.items():
        begun = [day for day in sorted(by_day) if by_day[day] != by_day.get(_before(by_day, day))]
        for day, end in zip(begun, [*begun[1:], None], strict=True):
            yield key, day, end, end is None, float(by_day[day])


def _before(by_day: dict[int, int], day: int) -> int | None:
    return max((each for each in by_day if each < day), default=None)


def lines(found: dict[str, Seconds], is_right: bool) -> list[str]:
    """The results as a Markdown table."""
    head = [
        "| case | latest s | with checks | history | log s | landing s | history is |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    return head + [f"| {name} | {_cells(seen)} | {'right' if is_right else 'wrong'} |" for name, seen in found.items()]


def _cells(seen: Seconds) -> str:
    of = {name: statistics.median(values) for name, values in seen.tables.items()}
    base = max(of["latest"], 0.01)
    raw, log = statistics.median(seen.raw), statistics.median(seen.log)
    return f"{base:.2f} | {of['checked'] / base:.2f} | {of['history'] / base:.2f} | {log:.2f} | {raw:.2f}"


def run(home: Path) -> list[str]:
    """Measure every case on a server of its own, and give the table's lines."""
    layout = Layout(home)
    spark = open_session(ensure_server(layout, heap="4g", idle_minutes=15))
    try:
        deployment = Deployment(spark, home / "volumes")
        deployment.timed([(key, 1, key) for key in range(KEYS)], Seconds())
        deployment.timed(changes(ROUNDS), Seconds())  # heats, and is thrown away
        found = {name: Seconds() for name in (*CASES, "nothing new")}
        for round_ in range(ROUNDS):
            for name, seen in found.items():
                deployment.timed(CASES[name](round_) if name in CASES else [], seen)
                print(f"bench:   round {round_ + 1} of {ROUNDS}, {name}: log {seen.log[-1]:.2f} s", flush=True)
        return lines(found, deployment.is_right())
    finally:
        spark.stop()
        stop_server(layout)


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="tideline-bench-layers-"))
    try:
        print("\n".join([*INTRODUCTION, "", *run(folder)]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
