"""Rows of a PostgreSQL table to raw over JDBC: the first extract, then days on which a part of the rows changed."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from benchmarks.raw_layer import Deployment, Row, timed
from engine.sources.marks import Asked, ask
from engine.sources.rows import rows_of
from engine.sources.spec import Rows
from engine.spec import Column
from tideline.samples.postgres import Login, Postgres

N_ROWS, ROUNDS, DELTA_ROUNDS = 1_000_000, 3, 5
SHARES = (0.001, 0.01, 0.1)
PLAIN = "bench_rows_raw.plain"
VISITS = Rows(
    "visits", key=["event_id"], sequence="updated_at", table="visits", connections=4,
    columns=[
        Column("event_id", "bigint", "Visit."),
        Column("user_id", "bigint", "User."),
        Column("page", "string", "Page."),
        Column("updated_at", "timestamp", "Last change."),
    ],
)  # fmt: skip
# Like a step of the funnel; its changes lie in sixty days, so that the ten minutes of an overlap hold about a hundred.
FILL = """
CREATE TABLE visits (event_id bigint PRIMARY KEY, user_id bigint NOT NULL, page text NOT NULL, updated_at timestamptz NOT NULL);
INSERT INTO visits SELECT i, i * 7919 % 400000, 'page ' || i % 7, timestamptz '2024-01-01 00:00+00' + i * interval '60 days' / {n}
FROM generate_series(1::bigint, {n}) AS i;
CREATE INDEX visits_by_change ON visits (updated_at)
"""
# Every `step`-th row, from a place of the round's own, in the course of the day after whatever changed before.
CHANGE = """
UPDATE visits SET page = 'changed',
    updated_at = (SELECT max(updated_at) FROM visits) + interval '10 minutes' + event_id * interval '1 day' / %(n)s
WHERE event_id %% %(step)s = %(round)s
"""


class Source:
    """The database with its table, and what it tells of its readers."""

    def __init__(self, cluster: Postgres) -> None:
        self.owner, self.reader = cluster.ensure_database("shop")
        self.watcher: Login = cluster.login("shop")
        self.n_changed = 0
        self.execute(FILL.format(n=N_ROWS))
        self.settle()

    def execute(self, query: str, values: dict[str, int] | None = None) -> int:
        with psycopg.connect(self.owner.dsn) as connection:
            return connection.execute(query, values).rowcount

    def settle(self) -> None:
        """What autovacuum would do within minutes: dead rows go, the planner knows the table."""
        with psycopg.connect(self.owner.dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE visits")

    def change(self, share: float) -> int:
        """Change a share of the rows; gives how many."""
        self.n_changed += 1
        step = round(1 / share)
        n = self.execute(CHANGE, {"step": step, "round": self.n_changed % step, "n": N_ROWS})
        self.settle()
        return n

    def rows_read(self) -> tuple[int, int]:
        """Rows read by scanning the whole table, and by an index, ever; told a moment after connections have ended."""
        time.sleep(1.5)
        with psycopg.connect(self.watcher.dsn) as connection:
            query = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'visits'"
            row = connection.execute(query).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    @contextmanager
    def counted_connections(self) -> Iterator[list[int]]:
        """How many connections of the reader were open, looked at every 20 ms."""
        seen, ended = [0], threading.Event()

        def watch() -> None:
            query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
            with psycopg.connect(self.watcher.dsn, autocommit=True) as connection:
                while not ended.wait(0.02):
                    row = connection.execute(query, [self.reader.user]).fetchone()
                    seen.append(int(row[0]) if row else 0)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            ended.set()
            watcher.join()


def measure(spark: Any, cluster: Postgres) -> list[Row]:
    """Every figure of the extract over JDBC."""
    source = Source(cluster)
    reader = source.reader
    secrets = {"url": reader.jdbc_url, "user": reader.user, "password": reader.password}
    deployment = Deployment(spark, "bench_rows", VISITS, secrets)
    rows = _first_extracts(spark, deployment, source)
    return [*rows, *_deltas(deployment, source)]


def _first_extracts(spark: Any, deployment: Deployment, source: Source) -> list[Row]:
    """Ours and the plain one in turn, each into no table; the first round heats and is thrown away."""
    found: dict[str, list[float]] = {}
    with source.counted_connections() as seen:
        for round_ in range(ROUNDS + 1):
            deployment.forget()
            spark.sql(f"DROP TABLE IF EXISTS {PLAIN}").collect()
            seconds, outcome = deployment.run()
            assert outcome.counts.inserted == N_ROWS, outcome
            took = {
                "whole": seconds,
                "read": timed(lambda: _read(deployment))[0],
                "plain": timed(lambda: _plain(spark, source.reader).saveAsTable(PLAIN))[0],
                "plain read": timed(lambda: _plain(spark, source.reader, "noop").save())[0],
            }
            print(f"bench:   first extract {round_}: {took}", flush=True)
            for name, each in took.items():
                found.setdefault(name, []).extend([each] if round_ else [])
    median = {name: statistics.median(each) for name, each in found.items()}
    speed, ratio = N_ROWS / median["whole"], median["whole"] / median["plain"]
    return [
        Row("JDBC, first extract of 1,000,000 rows into raw", f"{median['whole']:.1f} s, {speed:,.0f} rows/s",
            ">= 50,000 rows/s", speed >= 50_000),
        Row("the same read, in parts, and nothing written", f"{median['read']:.1f} s, {N_ROWS / median['read']:,.0f} rows/s"),
        Row("plain: one `spark.read` of the table, appended", f"{median['plain']:.1f} s, {N_ROWS / median['plain']:,.0f} rows/s; "
            f"ours {ratio:.2f} of its time"),
        Row("the plain read, and nothing written", f"{median['plain read']:.1f} s"),
        Row("connections of the reader open at once, at most", f"{max(seen)}", f"<= {VISITS.connections}",
            max(seen) <= VISITS.connections),
    ]  # fmt: skip


def _read(deployment: Deployment) -> None:
    run = deployment.layer_run()
    everything = Asked(None, None, ask(run, VISITS).requested_at, "")
    names = [column.name for column in VISITS.columns]
    rows_of(run, VISITS, everything).select(*names).write.format("noop").mode("overwrite").save()


def _plain(spark: Any, login: Login, into: str = "delta") -> Any:
    """What one writes without an engine; with the driver's defaults it holds the whole table in memory."""
    reader = spark.read.format("jdbc").option("url", login.jdbc_url).option("dbtable", "visits")
    rows = reader.option("user", login.user).option("password", login.password).load()
    return rows.write.format(into).mode("append" if into == "delta" else "overwrite")


def _deltas(deployment: Deployment, source: Source) -> list[Row]:
    medians: dict[float, float] = {}
    rows = []
    for share in SHARES:
        seconds = []
        n, before = 0, (0, 0)
        for _ in range(DELTA_ROUNDS):
            n = source.change(share)
            before = source.rows_read()
            took, outcome = deployment.run()
            assert outcome.counts.inserted == n, (n, outcome)
            seconds.append(took)
        scanned, fetched = (now - then for now, then in zip(source.rows_read(), before, strict=True))
        medians[share] = statistics.median(seconds)
        print(f"bench:   delta of {n:,}: {seconds}, scanned {scanned:,}, by index {fetched:,}", flush=True)
        what = f"JDBC, {share:.1%} of the rows changed ({n:,})"
        read = f"{medians[share]:.2f} s; PostgreSQL read {scanned + fetched:,} rows, {scanned:,} of them by scanning"
        rows.append(Row(what, read, "no scan of the table", scanned == 0) if share < 0.1 else Row(what, read))
    nothing = statistics.median(deployment.run()[0] for _ in range(DELTA_ROUNDS))
    return [*rows, Row("JDBC, nothing new", f"{nothing:.2f} s"), *_proportion(medians, nothing)]


def _proportion(medians: dict[float, float], nothing: float) -> list[Row]:
    """Whether time is a fixed part and one that grows with the delta."""
    small, large = SHARES[1], SHARES[2]
    per_row = (medians[large] - medians[small]) / ((large - small) * N_ROWS)
    fixed = medians[small] - per_row * small * N_ROWS
    return [Row("so a delta costs", f"{fixed:.2f} s and {per_row * 1e6:.0f} s per million rows")]
