"""Cases that every write step is measured with, and the harness: variants alternate, each on a fresh copy of its table.

Peers run this in environments of their own: nothing of Tideline is imported.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

BATCH, FILES, STORED_AT = 10_000, 8, 1_000_000
NEWER, STALE = STORED_AT + 1, STORED_AT - 1
COLUMNS = {
    "id": "bigint",
    "name": "string",
    "amount": "double",
    "note": "string",
    "_sequence": "timestamp",
    "_content_hash": "string",
}
# A row of key `id` as of `at` seconds.
VALUES = (
    "id",
    "concat('name ', id % 977) AS name",
    "cast(id % 1009 AS double) / 7 AS amount",
    "sha2(string(id * 31 + at), 256) AS note",
    "timestamp_seconds(at) AS _sequence",
    "sha2(string(id + at), 256) AS _content_hash",
)


@dataclass(frozen=True)
class Case:
    """A batch of `rows` against a table of `n`: `ids` and `at` (seconds) are SQL over `i`, from 0, and `n`.

    `prior` is applied before the clock starts. `many` records of a key stand in one batch.
    """

    name: str
    ids: str
    at: str = str(NEWER)
    rows: int = BATCH
    prior: bool = False
    many: bool = False
    aim: str = ""


FIRST_LOAD = Case("first load", "")
CASES = (
    Case("all newer, one key range", "{n} - {b} + i", aim="<= 1.1 on its best case"),
    Case("all newer, scattered", "i * ({n} div {b})", aim="<= 1.1 on its best case"),
    Case("all stale, scattered", "i * ({n} div {b})", str(STALE), aim="<= 0.71 wall, 0.56 cpu at 2 million; 0.33 at 20"),
    Case("exact repeat, scattered", "i * ({n} div {b})", prior=True, aim="<= 0.25 at 2 million, 0.1 at 20"),
    Case("nothing new: no row", "i", rows=0, aim="<= 0.25 at 2 million, 0.1 at 20"),
    Case("mostly new: 90 % inserts", "if(i < {b} div 10, i * ({n} div {b}), {n} + i)"),
    Case("10 changes per key", "(i div 10) * ({n} div {b})", f"{NEWER} + i % 10", many=True),
)

# Session, the table's folder, the batch's folder, the case.
Write = Callable[[Any, Path, Path, Case], None]


def create_plain(spark: Any, path: Path) -> None:
    """An empty table with Delta's defaults."""
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    spark.sql(f"CREATE TABLE delta.`{path}` ({listed}) USING DELTA").collect()


def merge_plain(spark: Any, path: Path, batch: Path, case: Case) -> None:
    """What most helpers come down to."""
    spark.sql(
        f"MERGE INTO delta.`{path}` t USING delta.`{batch}` s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    ).collect()


def fill_delta(spark: Any, path: Path, n: int) -> None:
    """`n` rows in FILES files by ranges of the key."""
    for part in range(FILES):
        low, high = n * part // FILES, n * (part + 1) // FILES
        rows = spark.range(low, high, 1, 1).selectExpr("id", f"{STORED_AT} AS at").selectExpr(*VALUES)
        rows.write.format("delta").mode("append").save(str(path))


def read_delta(spark: Any, path: Path) -> Any:
    return spark.read.format("delta").load(str(path))


@dataclass(frozen=True)
class Variant:
    """One way to write a batch. `open` makes a copy ready, outside the clock; `here` measures this process, not the JVM."""

    name: str
    write: Write
    create: Callable[[Any, Path], None] = create_plain
    fill: Callable[[Any, Path, int], None] = fill_delta
    read: Callable[[Any, Path], Any] = read_delta
    open: Callable[[Any, Path], None] = lambda spark, path: spark.sql(
        f"SELECT count(*) FROM delta.`{path}` WHERE id < 0"
    ).collect()
    load: Write | None = None
    here: bool = False
    most_rows: int = 100_000_000


PLAIN = Variant("plain", merge_plain)


@dataclass
class Seen:
    """One variant of one case: seconds per repetition; what the last one wrote, and whether its table is right."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    wrote: str = ""
    is_right: bool = False
    error: str = ""

    @property
    def seconds(self) -> tuple[float, float]:
        return statistics.median(self.wall), statistics.median(self.cpu)

    @property
    def result(self) -> str:
        return self.error or ("right" if self.is_right else "**wrong**")


class Harness:
    """Templates made once and hard-linked for every repetition: Delta never changes a file that it wrote."""

    def __init__(self, spark: Any, folder: Path, jvm: psutil.Process, variants: Sequence[Variant]) -> None:
        self.spark, self.folder, self.jvm, self.variants, self.made = spark, folder, jvm, variants, 0

    def measure(self, n: int) -> list[tuple[Case, dict[str, Seen]]]:
        """Every case at one size, and the first load of that many rows. The templates are gone afterwards."""
        variants = [variant for variant in self.variants if n <= variant.most_rows]
        templates = {variant.name: self.template(variant, n) for variant in variants}
        found = []
        for number, case in enumerate(CASES):
            found.append((case, self._alternating(variants, templates, case, self.batch(number, case, n), n)))
            print_progress(n, found[-1])
        empty = {variant.name: self.empty(variant) for variant in variants}
        found.append((FIRST_LOAD, self._alternating(variants, empty, FIRST_LOAD, templates[PLAIN.name], n)))
        print_progress(n, found[-1])
        for path in (*templates.values(), *empty.values()):
            shutil.rmtree(path)
        return found

    def template(self, variant: Variant, n: int) -> Path:
        path = self.empty(variant)
        variant.fill(self.spark, path, n)
        return path

    def empty(self, variant: Variant) -> Path:
        path = self._new(variant.name)
        variant.create(self.spark, path)
        return path

    def batch(self, number: int, case: Case, n: int) -> Path:
        path = self._new(f"batch-{number}")
        ids = case.ids.format(n=n, b=BATCH)
        rows = self.spark.range(0, case.rows, 1, 1).selectExpr("id AS i").selectExpr(f"{ids} AS id", f"{case.at} AS at")
        rows.selectExpr(*VALUES).write.format("delta").save(str(path))
        return path

    @contextmanager
    def copy(self, variant: Variant, template: Path) -> Iterator[Path]:
        """A table of one repetition, ready; gone afterwards."""
        path = self._new("copy")
        shutil.copytree(template, path, copy_function=os.link if (template / "_delta_log").exists() else shutil.copy2)
        variant.open(self.spark, path)
        yield path
        shutil.rmtree(path)

    def _new(self, name: str) -> Path:
        self.made += 1
        return self.folder / f"{name.replace(' ', '_')}_{self.made}"

    def _alternating(
        self, variants: Sequence[Variant], templates: dict[str, Path], case: Case, batch: Path, n: int
    ) -> dict[str, Seen]:
        """Every variant in turn; the first repetition only heats and is thrown away, but on tables of 20 million rows."""
        seen = {variant.name: Seen() for variant in variants}
        heating, repetitions = int(n < 20_000_000), 3 if n >= 2_000_000 else 5
        for repetition in range(heating + repetitions):
            for variant in variants if repetition % 2 else [*variants][::-1]:
                if not seen[variant.name].error:
                    into = seen[variant.name] if repetition >= heating else Seen()
                    is_last = repetition == heating + repetitions - 1
                    with self.copy(variant, templates[variant.name]) as path:
                        self._once(variant, path, batch, case, into, n if is_last else 0)
                    seen[variant.name].error = into.error
        return seen

    def _once(self, variant: Variant, path: Path, batch: Path, case: Case, seen: Seen, judged: int) -> None:
        """One repetition; `judged` is the number of rows before, where the result is to be judged."""
        work = variant.load if case is FIRST_LOAD and variant.load else variant.write
        if case.prior:
            variant.write(self.spark, path, batch, case)
        process = psutil.Process() if variant.here else self.jvm
        before, cpu, started = _commits(path), _processor(process), time.monotonic()
        try:
            work(self.spark, path, batch, case)
        except Exception as error:  # whatever a library raises is its result
            seen.error = "error: " + _first_words(error)
            return
        seen.wall.append(time.monotonic() - started)
        seen.cpu.append(_processor(process) - cpu)
        seen.wrote = _written(path, [name for name in _commits(path) if name not in before])
        if judged:
            seen.is_right = self._is_right(variant, path, batch, case, judged)

    def _is_right(self, variant: Variant, path: Path, batch: Path, case: Case, n: int) -> bool:
        """Whether every key stands once, and those of the batch hold the newest of what was stored and delivered."""
        stored = 0 if case is FIRST_LOAD else n
        given = read_delta(self.spark, batch).groupBy("id").agg({"_sequence": "max"}).toDF("id", "given")
        table = variant.read(self.spark, path).select("id", "_sequence").alias("t")
        both = given.join(table, on="id", how="left")
        newest = f"greatest(given, CASE WHEN id < {stored} THEN timestamp_seconds({STORED_AT}) END)"
        stale = both.where(f"_sequence IS DISTINCT FROM {newest}").count()
        doubled = table.count() - table.select("id").distinct().count()
        return stale == 0 and doubled == 0 and table.count() == stored + given.where(f"id >= {stored}").count()


def print_progress(n: int, found: tuple[Case, dict[str, Seen]]) -> None:
    case, seen = found
    said = "; ".join(f"{name} {one.error or f'{one.seconds[0]:.2f} s, {one.result}'}" for name, one in seen.items())
    print(f"bench:   {n:,} rows, {case.name}: {said}", flush=True)


def lines(found: dict[int, list[tuple[Case, dict[str, Seen]]]]) -> list[str]:
    """The results as a Markdown table: a row per size, case and variant, beside the plain MERGE of the same process."""
    head = [
        "| rows in the table | case | variant | s | plain s | wall | cpu | wrote | plain wrote | result | plain | aim |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return head + [
        f"| {n:,} | {case.name} | {name} | {_cells(one, seen[PLAIN.name])} | {case.aim if name == 'ours' else ''} |"
        for n, cases in found.items()
        for case, seen in cases
        for name, one in seen.items()
        if name != PLAIN.name
    ]


def _cells(one: Seen, plain: Seen) -> str:
    wall = f"{one.seconds[0]:.2f}" if not one.error else ""
    plain_wall = f"{plain.seconds[0]:.2f}" if not plain.error else ""
    ratios = ["", ""]
    if not one.error and not plain.error:
        ratios = [f"{mine / max(base, 0.01):.2f}" for mine, base in zip(one.seconds, plain.seconds, strict=True)]
    return " | ".join([wall, plain_wall, *ratios, one.wrote, plain.wrote, one.result, plain.result])


def _first_words(error: Exception) -> str:
    """Spark's or Delta's error class where there is one."""
    named = re.search(r"\[([A-Z_.]+)\]", str(error))
    return named[1] if named else " ".join(str(error).replace("|", " ").split())[:60].strip()


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _commits(path: Path) -> set[str]:
    return {file.name for file in path.glob("_delta_log/*.json")}


def _written(path: Path, commits: Sequence[str]) -> str:
    """`rows copied / files removed -> added, MB of data and change feed / commits`, from the table's log."""
    if not (path / "_delta_log").exists():
        return "-"
    actions = [json.loads(line) for name in commits for line in (path / "_delta_log" / name).read_text().splitlines()]
    kept = {action["add"]["path"] for action in actions if "add" in action}
    gone = {action["remove"]["path"] for action in actions if "remove" in action}
    sizes = [each["size"] for action in actions for kind, each in action.items() if kind in ("add", "cdc")
             if each["path"] not in gone]  # fmt: skip
    metrics = next((action["commitInfo"].get("operationMetrics", {}) for action in actions if "commitInfo" in action), {})
    copied = int(metrics.get("numTargetRowsCopied", metrics.get("num_target_rows_copied", 0)))
    files = f"{len(gone - kept)} -> {len(kept - gone)}"
    return f"{copied:,} / {files}, {sum(sizes) / 1e6:.1f} MB / {len(commits)}"
