"""Sources to raw at a million rows: a database over JDBC, and an API by its pages while somebody changes what it serves.

`python -m benchmarks.sources` prints the table; `make bench` adds it to the results.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks import sources_pages, sources_rows
from benchmarks.memory import memory_of, process_of
from tideline.samples.postgres import Postgres
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, open_session, stop_server

HEAP = "4g"
INTRODUCTION = (
    "## Sources",
    "",
    "One embedded PostgreSQL and one Spark server (heap 4 GB) on the same cores. Runs are whole runs of the raw layer, run log",
    "included. JDBC: 1,000,000 rows like a step of the funnel, four columns; medians of "
    f"{sources_rows.ROUNDS} first extracts that alternate with",
    "the plain ones, after one of each that heats, and of "
    f"{sources_rows.DELTA_ROUNDS} deltas of each size, scattered over the table.",
    "What PostgreSQL read is from its own statistics.",
    "",
    "API: 1,000,000 payments of some 285 bytes by the service's own process, in pages of 5,000, measured once, while a writer",
    "in a process of its own changes 50 rows a second; a tenth of them it stamps in transactions that it commits 20 s later,",
    "four of which are open at any time. Runs are repeated until it has ended, and once after. Then ids and times, as delivered,",
    "are copied from raw into PostgreSQL and compared there with its table. Memory is sampled five times a second; PostgreSQL's",
    "without shared buffers. That `reconcile` tells of a transaction that outlasts the overlap: `tests/engine/test_pages.py`.",
)


def run(home: Path) -> list[str]:
    """Measure everything on a server and a cluster of their own, and give the table's lines."""
    layout, cluster = Layout(home), Postgres(home / "postgres")
    cluster.start()
    try:
        spark = open_session(ensure_server(layout, heap=HEAP, idle_minutes=30))
        try:
            jvm = process_of(layout.home)
            rows = [*sources_rows.measure(spark, cluster), *sources_pages.measure(spark, cluster, jvm)]
            head = ["| what | result | target | |", "| --- | --- | --- | --- |"]
            return [*head, *[row.cells for row in rows], "", f"Memory, all of it in one server: {memory_of(jvm)}."]
        finally:
            spark.stop()
            stop_server(layout)
    finally:
        cluster.stop()


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="tideline-bench-sources-"))
    try:
        print("\n".join([*INTRODUCTION, "", *run(folder)]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
