"""A million payments by the pages of their API, while somebody changes them and holds some transactions open.

What is in raw in the end is compared with the database by the database: ids and times go back into it as they were delivered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from benchmarks.raw_layer import Deployment, Row, timed
from benchmarks.writer import Told, Wishes, writing
from engine.sources.reconcile import reconcile
from systems.payments.bronze import PAYMENTS_SOURCE
from tideline.samples.payments import make_tables
from tideline.samples.postgres import Login, Postgres
from tideline.samples.processes import Served, serve_payments

N_PAYMENTS, RUNS_BESIDE_THE_WRITER = 1_000_000, 3
# As the service writes them; the last change of every payment lies in the 29 days before today.
FILL = """
INSERT INTO payments SELECT i, at, 'AR-S-' || lpad((i * 31 % 8000)::text, 5, '0'), 'confirmed',
    round((50 + 1000000 * pow(abs(hashint8(i)) / 2147483648.0, 6))::numeric, 2),
    CASE WHEN i % 12 > 0 THEN encode(sha256((i * 7919 % 60000)::text::bytea), 'hex') END, at - interval '3 hours', at
FROM (SELECT i, date_trunc('day', now() AT TIME ZONE 'America/Argentina/Buenos_Aires') - interval '29 days'
          + i * interval '29 days' / {n} AS at FROM generate_series(1::bigint, {n}) AS i) AS made;
ANALYZE payments
"""
PAIR = {"id": "bigint", "updated_at": "string"}
COMPARED = """
SELECT (SELECT count(*) FROM payments p WHERE NOT EXISTS
            (SELECT FROM in_raw r WHERE r.id = p.id AND r.updated_at = p.updated_at)),
       (SELECT count(*) FROM (SELECT FROM in_raw GROUP BY id, updated_at HAVING count(*) > 1) AS doubled),
       (SELECT count(*) FROM in_raw), (SELECT count(*) FROM payments)
"""


@dataclass
class Load:
    """What processes took meanwhile: processor seconds, and the most resident memory that was seen, in MiB."""

    processor: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:.0f}" for name, seconds in self.processor.items())


@dataclass(frozen=True)
class Compared:
    """Payments whose (id, updated_at) raw lacks, pairs that raw has twice, and the sizes of both."""

    missing: int
    doubled: int
    in_raw: int
    in_source: int


def measure(spark: Any, cluster: Postgres, jvm: psutil.Process) -> list[Row]:
    """Every figure of paging."""
    owner, reader = cluster.ensure_database("payments")
    with psycopg.connect(owner.dsn) as connection:
        make_tables(connection)
        connection.execute(FILL.format(n=N_PAYMENTS))
    served = serve_payments(reader.dsn)
    processes = {"server": jvm, "client": psutil.Process(), "API": psutil.Process(served.pid), "PostgreSQL": _postmaster(cluster)}
    try:
        deployment = Deployment(spark, "bench_pages", PAYMENTS_SOURCE, {"url": served.url, "token": served.token})
        return [*_landed(deployment, owner, processes), *_by_offset(owner, served)]
    finally:
        served.stop()


def _landed(deployment: Deployment, owner: Login, processes: dict[str, psutil.Process]) -> list[Row]:
    with writing(Wishes(owner.dsn, N_PAYMENTS)) as writer:
        with watched(processes) as load:
            first, outcome = deployment.run()
        print(f"bench:   paged in {first:.1f} s: {outcome.why}; {outcome.counts}; {load}; {load.memory}", flush=True)
        further = [deployment.run() for _ in range(RUNS_BESIDE_THE_WRITER - 1)]
        writer.ask_to_end()
        while writer.is_running:
            further.append(deployment.run())
        told = writer.told()
    last, after = deployment.run()
    found = compared(deployment, owner)
    took, lacking = timed(lambda: reconcile(deployment.layer_run(), days=1))
    print(f"bench:   {told}; {[seconds for seconds, _ in further]}, {last:.1f}: {after.counts}; {found}; {lacking}", flush=True)
    return [
        Row("API, first read of 1,000,000 payments into raw, beside the writer",
            f"{first:.0f} s, {N_PAYMENTS / first:,.0f} rows/s, {outcome.why.split(',')[0]}", "4 minutes", first <= 240),
        Row("processor seconds meanwhile", str(load)),
        Row("most resident memory meanwhile, MiB", ", ".join(f"{name} {mib:.0f}" for name, mib in load.memory.items())),
        Row("the writer", _told(told)),
        Row(f"{len(further)} further runs beside it, and one after it",
            f"{min(s for s, _ in further):.1f} to {max(s for s, _ in further):.1f} s, {last:.1f} s"),
        Row("pairs (id, updated_at) of the source that raw lacks", f"{found.missing:,} of {found.in_source:,}", "0",
            found.missing == 0),
        Row("pairs that raw has twice", f"{found.doubled:,} of {found.in_raw:,}", "0", found.doubled == 0),
        Row("reconciliation of the last day", f"{took:.1f} s, lacks {lacking[0].n_missing}"),
    ]  # fmt: skip


def _told(told: Told) -> str:
    return (
        f"{told.changed:,} changes in {told.seconds:.0f} s, {told.changed / told.seconds:.0f} a second; {told.late:,} of them in "
        f"{told.held} transactions that were open for 20 s"
    )


def compared(deployment: Deployment, owner: Login) -> Compared:
    """What raw holds against what the source holds, counted by the source's database from the delivered text."""
    fields = [f"try_variant_get(document, '$.{name}', '{kind}') AS {name}" for name, kind in PAIR.items()]
    pairs = deployment.spark.table(deployment.table).selectExpr(*fields)
    with psycopg.connect(owner.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE in_raw (id bigint, updated_at timestamp(6))")
        with cursor.copy("COPY in_raw FROM STDIN") as copy:
            for row in pairs.toArrow().to_pylist():
                copy.write_row((row["id"], row["updated_at"]))
        cursor.execute("ANALYZE in_raw")
        counts = cursor.execute(COMPARED).fetchone()
    assert counts is not None
    return Compared(*counts)


def _by_offset(owner: Login, served: Served) -> list[Row]:
    """The same paging by OFFSET, beside such a writer: payments that were there all the time and stand on no page."""
    page, offset, seen = PAYMENTS_SOURCE.page_size, 0, set[int]()

    def read() -> None:
        nonlocal offset
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {served.token}"
            while offset == len(seen_pages) * page:
                asked = {"updated_at": "1970-01-01T00:00:00", "limit": page, "offset": offset}
                answer = session.get(f"{served.url}/payments", params=asked, timeout=60)
                answer.raise_for_status()
                seen_pages.append(1)
                records = answer.json()
                seen.update(record["id"] for record in records)
                offset += len(records)

    seen_pages: list[int] = []
    with writing(Wishes(owner.dsn, N_PAYMENTS)) as writer:
        seconds, _ = timed(read)
        told = writer.told()
    print(f"bench:   by OFFSET in {seconds:.1f} s; {told}; {len(seen):,} seen", flush=True)
    lost = N_PAYMENTS - len(seen)
    return [Row("for comparison: one pass by OFFSET beside such a writer, pages only read",
                f"{seconds:.0f} s; {lost:,} payments on no page, though they were there all the time")]  # fmt: skip


@contextmanager
def watched(processes: dict[str, psutil.Process]) -> Iterator[Load]:
    """Looks at the processes' memory five times a second, and at their processor time before and after."""
    load, ended = Load(), threading.Event()
    before = {name: _processor(process) for name, process in processes.items()}

    def watch() -> None:
        while not ended.wait(0.2):
            for name, process in processes.items():
                load.memory[name] = max(load.memory.get(name, 0.0), _memory(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield load
    finally:
        ended.set()
        watcher.join()
        load.processor = {name: _processor(process) - before[name] for name, process in processes.items()}


def _postmaster(cluster: Postgres) -> psutil.Process:
    return psutil.Process(int((Path(cluster.data) / "postmaster.pid").read_text().splitlines()[0]))


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children()] if process.name().startswith("postgres") else [process]


def _processor(process: psutil.Process) -> float:
    """User and system time; of PostgreSQL with those of its processes, ended ones included."""
    spent = 0.0
    family = _family(process)
    for each in family:
        with suppress(psutil.NoSuchProcess):
            spent += sum(each.cpu_times()[:2])
    return spent + (sum(process.cpu_times()[2:4]) if len(family) > 1 else 0)


def _memory(process: psutil.Process) -> float:
    """Resident; of PostgreSQL its unshared part, since all its processes count the shared buffers."""
    bytes_ = 0
    family = _family(process)
    for each in family:
        with suppress(psutil.NoSuchProcess):
            memory = each.memory_info()
            bytes_ += memory.rss - (memory.shared if len(family) > 1 else 0)
    return bytes_ / 1024**2
