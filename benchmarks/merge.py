"""The engine's write step against a plain MERGE, in one server.

`python -m benchmarks.merge [ROWS ...]` prints the table; `make bench` adds it to the results. Ours is `engine.merge` on a
table as the engine makes it; the plain one is `MERGE ... UPDATE SET * / INSERT *` on a table with Delta's defaults.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")

from benchmarks.cases import BATCH, COLUMNS, FILES, PLAIN, Case, Harness, Variant, lines, read_delta
from benchmarks.memory import memory_of, process_of
from engine.catalog import create_table
from engine.latest import winners_of
from engine.merge import first_load, merge_ordered
from engine.parts import Column
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, open_session, stop_server

SIZES = (200_000, 2_000_000, 20_000_000)
KEY, NAMES = ["id"], list(COLUMNS)
INTRODUCTION = (
    "## The write step against a plain MERGE",
    "",
    f"Batches of {BATCH:,} rows; medians of five (three from 2 million rows) that alternate in one server, each on a fresh copy",
    f"of a table in {FILES} files. `wall` and `cpu` (processor seconds of the server) are divided by the plain MERGE's. `ours`",
    "includes finding the batch's bounds and reading the commit's counts, on a table with deletion vectors and change data",
    "feed; `by hand` is one MERGE statement with the same order condition and bounds that were found before, on the same table:",
    "what lies between it and `ours` is the engine's own, what lies between it and the plain one is the table's. The plain one",
    "is `UPDATE SET * / INSERT *` on a table with Delta's defaults. `wrote`: rows copied / files removed -> added, data and",
    "change feed / commits. `result`: every key once, with the newest row.",
    "",
    "Where an aim is missed: on the plain one's best case most of the distance is the table's, see `by hand`. A repeat or a",
    "batch without a row costs ours what Spark asks for any statement, and the plain one that and the rewriting of files: it",
    "can be slower by a factor only as far as those files are large.",
)


def create_ours(spark: Any, path: Path) -> None:
    columns = [Column(name, kind, "A column.") for name, kind in COLUMNS.items()]
    create_table(spark, f"delta.`{path}`", columns, comment="a benchmark", cluster_by=KEY)


def ours(spark: Any, path: Path, batch: Path, case: Case) -> None:
    """As `latest.write` does it: one pass for the batch's bounds and size, then the write step."""
    rows = read_delta(spark, batch)
    low, high, n, oldest = rows.selectExpr("min(id)", "max(id)", "count(*)", "string(min(_sequence))").collect()[0]
    bounds = "" if low is None else f" AND t.id BETWEEN {low} AND {high}"
    winners = winners_of(rows, KEY, NAMES) if case.many else rows
    name = f"delta.`{path}`"
    merge_ordered(
        spark, name, winners, key=KEY, columns=NAMES, bounds=bounds, at_most=n, oldest=oldest or ""
    )


def ours_first(spark: Any, path: Path, batch: Path, case: Case) -> None:
    rows = read_delta(spark, batch)
    first_load(spark, f"delta.`{path}`", rows, columns=NAMES, n=rows.count())


class ByHand:
    """The statement alone: the bounds of a batch are found once, at its first use, which only heats."""

    def __init__(self) -> None:
        self.bounds: dict[Path, str] = {}

    def write(self, spark: Any, path: Path, batch: Path, case: Case) -> None:
        if batch not in self.bounds:
            low, high = read_delta(spark, batch).selectExpr("min(id)", "max(id)").collect()[0]
            self.bounds[batch] = "" if low is None else f" AND t.id BETWEEN {low} AND {high}"
        newer = "s._sequence > t._sequence OR (s._sequence = t._sequence AND s._content_hash > t._content_hash)"
        spark.sql(
            f"MERGE INTO delta.`{path}` t USING delta.`{batch}` s ON t.id = s.id{self.bounds[batch]} "
            f"WHEN MATCHED AND ({newer}) THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        ).collect()


VARIANTS = (
    PLAIN,
    Variant("ours", ours, create=create_ours, load=ours_first),
    Variant("by hand", ByHand().write, create=create_ours, most_rows=2_000_000),
)


def run(home: Path, sizes: Sequence[int] = SIZES) -> list[str]:
    """Measure every size on a server of its own, and give the table's lines and the server's peak memory."""
    layout = Layout(home)
    spark = open_session(ensure_server(layout, heap="4g", idle_minutes=60))
    jvm = process_of(layout.home)
    try:
        folder = home / "tables"
        folder.mkdir()
        harness = Harness(spark, folder, jvm, VARIANTS)
        found = {n: harness.measure(n) for n in sizes}
        return [*lines(found), "", f"Memory, all sizes in one server with a heap of 4 GB: {memory_of(jvm)}."]
    finally:
        spark.stop()
        stop_server(layout)


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="tideline-bench-merge-"))
    try:
        print("\n".join(run(folder, [int(each) for each in sys.argv[1:]] or SIZES)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
