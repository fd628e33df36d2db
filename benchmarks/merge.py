"""The write step against a plain MERGE: same server, same batch, alternating, each on a fresh copy of its own table.

`python -m benchmarks.merge [ROWS ...]` prints the table; `make bench` adds it to the results. Ours is `engine.merge` on
a table as the engine makes it; the plain one is `MERGE ... UPDATE SET * / INSERT *` on a table with Delta's defaults.
Both get the winners of the batch: the plain one has no way of its own to choose among several records of a key.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")

from benchmarks.memory import memory_of, process_of
from engine.catalog import create_table
from engine.merge import first_load, last_commit, merge_ordered
from engine.parts import Column
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, open_session, stop_server

BATCH, FILES, STORED_AT = 10_000, 8, 1_000_000
SIZES = (200_000, 2_000_000)
KEY = ["id"]
COLUMNS = [
    Column("id", "bigint", "Key."),
    Column("name", "string", "A value."),
    Column("amount", "double", "A value."),
    Column("note", "string", "A value of some length."),
    Column("_sequence", "timestamp", "Orders versions of a key."),
    Column("_content_hash", "string", "Orders versions of one sequence."),
]
NAMES = [column.name for column in COLUMNS]
TYPES = {column.name: column.type for column in COLUMNS}
# A row of key `id` as of `at` seconds.
VALUES = (
    "id",
    "concat('name ', id % 977) AS name",
    "cast(id % 1009 AS double) / 7 AS amount",
    "sha2(string(id * 31 + at), 256) AS note",
    "timestamp_seconds(at) AS _sequence",
    "sha2(string(id + at), 256) AS _content_hash",
)
INTRODUCTION = (
    "## The write step against a plain MERGE",
    "",
    f"Batches of {BATCH:,} rows; medians of five (three from 2 million rows) that alternate in one server, each on a fresh copy",
    f"of a table in {FILES} files. `wall` and `cpu` (processor seconds of the server) are ours divided by the plain MERGE. Ours",
    "includes finding the batch's bounds and reading the commit's counts, on a table with deletion vectors and change data feed;",
    "the plain one is `UPDATE SET * / INSERT *` on a table with Delta's defaults. `wrote`: rows copied / files removed -> added",
    "/ commits.",
)


@dataclass(frozen=True)
class Case:
    """A batch of BATCH rows against a table of `n`: `ids` and `at` (seconds) are SQL over `i`, from 0, and `n`.

    `prior` is applied before the clock starts.
    """

    name: str
    ids: str
    at: int
    rows: int = BATCH
    prior: bool = False
    aim: str = ""


# A write step: session, table, folder of the batch.
Work = Callable[[Any, str, Path], None]
NEWER, STALE = STORED_AT + 1, STORED_AT - 1
CASES = (
    Case("all newer, one key range", "{n} - {b} + i", NEWER, aim="<= 1.1 on its best case"),
    Case("all newer, scattered", "i * ({n} div {b})", NEWER, aim="<= 1.1 on its best case"),
    Case("all stale, scattered", "i * ({n} div {b})", STALE, aim="<= 0.71 wall, 0.56 cpu at 2 million"),
    Case("exact repeat, scattered", "i * ({n} div {b})", NEWER, prior=True, aim="<= 0.25 at 2 million"),
    Case("nothing new: no row", "i", NEWER, rows=0, aim="<= 0.25 at 2 million"),
    Case("mostly new: 90 % inserts", "if(i < {b} div 10, i * ({n} div {b}), {n} + i)", NEWER),
)


@dataclass
class Seen:
    """One variant of one case: a figure per repetition; the commit's counts are those of the last."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def seconds(self) -> tuple[float, float]:
        return statistics.median(self.wall), statistics.median(self.cpu)


class Tables:
    """Templates made once and hard-linked for every repetition: Delta never changes a file that it wrote."""

    def __init__(self, spark: Any, folder: Path, jvm: psutil.Process) -> None:
        self.spark, self.folder, self.jvm, self.made = spark, folder, jvm, 0

    def template(self, variant: str, n: int) -> Path:
        path = self.folder / f"{variant}-{n}"
        self.empty(variant, path)
        for part in range(FILES):
            low, high = n * part // FILES, n * (part + 1) // FILES
            rows = self.spark.range(low, high, 1, 1).selectExpr("id", f"{STORED_AT} AS at").selectExpr(*VALUES)
            rows.write.format("delta").mode("append").save(str(path))
        return path

    def empty(self, variant: str, path: Path) -> Path:
        if variant == "ours":
            create_table(self.spark, f"delta.`{path}`", COLUMNS, comment="a benchmark", cluster_by=KEY)
        else:
            ddl = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
            self.spark.sql(f"CREATE TABLE delta.`{path}` ({ddl}) USING DELTA").collect()
        return path

    @contextmanager
    def copy(self, template: Path) -> Iterator[str]:
        """A table of one repetition, its snapshot loaded; gone afterwards."""
        self.made += 1
        path = self.folder / f"copy-{self.made}"
        shutil.copytree(template, path, copy_function=os.link)
        name = f"delta.`{path}`"
        self.spark.sql(f"SELECT count(*) FROM {name} WHERE id < 0").collect()
        yield name
        shutil.rmtree(path)

    def batch(self, number: int, n: int) -> Path:
        case, path = CASES[number], self.folder / f"batch-{number}-{n}"
        ids = case.ids.format(n=n, b=BATCH)
        rows = self.spark.range(0, case.rows, 1, 1).selectExpr("id AS i").selectExpr(f"{ids} AS id", f"{case.at} AS at")
        rows.selectExpr(*VALUES).write.format("delta").save(str(path))
        return path

    def timed(self, seen: Seen, work: Work, name: str, batch: Path) -> None:
        before = last_commit(self.spark, name)[0]
        cpu, started = _processor(self.jvm), time.monotonic()
        work(self.spark, name, batch)
        seen.wall.append(time.monotonic() - started)
        seen.cpu.append(_processor(self.jvm) - cpu)
        version, metrics = last_commit(self.spark, name)
        names = ("numTargetRowsCopied", "numTargetFilesRemoved", "numTargetFilesAdded")
        found = [metrics.get(each, 0) if version > before else 0 for each in names]
        seen.counts = (found[0], found[1], found[2], version - before)


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def ours(spark: Any, name: str, batch: Path) -> None:
    """As `latest.write` does it: one pass for the batch's bounds and size, then the write step."""
    rows = spark.read.format("delta").load(str(batch))
    low, high, n = rows.selectExpr("min(id)", "max(id)", "count(*)").collect()[0]
    bounds = "" if low is None else f" AND t.id BETWEEN {low} AND {high}"
    merge_ordered(spark, name, rows, key=KEY, columns=NAMES, bounds=bounds, at_most=n)


def plain(spark: Any, name: str, batch: Path) -> None:
    spark.sql(
        f"MERGE INTO {name} t USING delta.`{batch}` s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    ).collect()


def ours_first(spark: Any, name: str, batch: Path) -> None:
    first_load(spark, name, spark.read.format("delta").load(str(batch)), key=KEY, types=TYPES)


VARIANTS: dict[str, Work] = {"plain": plain, "ours": ours}


def measure(tables: Tables, n: int, repetitions: int) -> list[tuple[Case, dict[str, Seen]]]:
    """Every case at one size, and the first load of that many rows."""
    templates = {variant: tables.template(variant, n) for variant in VARIANTS}
    found = []
    for number, case in enumerate(CASES):
        batch = tables.batch(number, n)
        found.append((case, _alternating(tables, templates, VARIANTS, batch, repetitions, prior=case.prior)))
        print(f"bench:   {n:,} rows, {case.name}: {_cells(found[-1][1])}", flush=True)
    empty = {variant: tables.empty(variant, tables.folder / f"{variant}-empty-{n}") for variant in VARIANTS}
    loads = {"plain": plain, "ours": ours_first}
    found.append((Case("first load", "", 0), _alternating(tables, empty, loads, templates["plain"], repetitions)))
    print(f"bench:   {n:,} rows, first load: {_cells(found[-1][1])}", flush=True)
    return found


def _alternating(
    tables: Tables, templates: dict[str, Path], works: dict[str, Work], batch: Path, repetitions: int, *, prior: bool = False
) -> dict[str, Seen]:
    """Every variant in turn, each on its own copy; the first repetition only heats and is thrown away."""
    seen = {variant: Seen() for variant in works}
    for repetition in range(repetitions + 1):
        for variant in sorted(works, reverse=bool(repetition % 2)):
            with tables.copy(templates[variant]) as name:
                if prior:
                    works[variant](tables.spark, name, batch)
                tables.timed(seen[variant] if repetition else Seen(), works[variant], name, batch)
    return seen


def _cells(seen: dict[str, Seen]) -> str:
    (wall, cpu), (plain_wall, plain_cpu) = seen["ours"].seconds, seen["plain"].seconds
    copied, removed, added, commits = seen["ours"].counts
    p_copied, p_removed, p_added, p_commits = seen["plain"].counts
    return (
        f"{wall:.2f} | {plain_wall:.2f} | {wall / plain_wall:.2f} | {cpu / max(plain_cpu, 0.01):.2f} | "
        f"{copied:,} / {removed} -> {added} / {commits} | {p_copied:,} / {p_removed} -> {p_added} / {p_commits}"
    )


def lines(found: dict[int, list[tuple[Case, dict[str, Seen]]]]) -> list[str]:
    """The results as a Markdown table."""
    head = [
        "| rows in the table | case | ours s | plain s | wall | cpu | ours wrote | plain wrote | aim |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return head + [
        f"| {n:,} | {case.name} | {_cells(seen)} | {case.aim} |" for n, cases in found.items() for case, seen in cases
    ]


def run(home: Path, sizes: Sequence[int] = SIZES) -> list[str]:
    """Measure every size on a server of its own, and give the table's lines and the server's peak memory."""
    layout = Layout(home)
    address = ensure_server(layout, heap="4g", idle_minutes=15)
    spark = open_session(address)
    jvm = process_of(layout.home)
    try:
        tables = Tables(spark, home / "tables", jvm)
        tables.folder.mkdir()
        found = {n: measure(tables, n, 3 if n >= 2_000_000 else 5) for n in sizes}
        return [*lines(found), "", f"Memory: {memory_of(jvm)}."]
    finally:
        spark.stop()
        stop_server(layout)


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="tideline-bench-merge-"))
    try:
        print("\n".join(run(folder, [int(each) for each in sys.argv[1:]] or SIZES)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
