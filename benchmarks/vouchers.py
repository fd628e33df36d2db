"""The route of the vouchers under load: alone, beside a snapshot that is swapped every second, and at many times the countries.

`python -m benchmarks vouchers`. Every commit of gold holds its own number of uses in every row.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import pyarrow as pa
from deltalake import write_deltalake

from benchmarks.experiments import api, committing, memory_rows
from benchmarks.load import ask, highest_rate, row_of
from systems.vouchers.config import COUNTRIES, FREQUENCY, NONE, RECENCY, REFERENCES

RATE, AMOUNTS, TIMES = 200, (2640.0, 3520.0, 4400.0), 1_000
ROUTE, AS_OF, USES = "/voucher_segment_selector", date(2023, 6, 2), 1_000_000
INTRODUCTION = (
    "## Vouchers",
    "",
    "Every segment by both references, three amounts each. Requests are posted in an open loop from a second process, customers",
    "of every segment in turn; a latency counts from the moment at which a request is due. An answer with another number of uses",
    "than its commit's is a failure.",
)


def run(home: Path, seconds: float = 30) -> list[str]:
    """Lines of two tables; `seconds` is how long each load lasts."""
    lines = ["| start | measured | target |", "| --- | --- | --- |"]
    load = ["", "| API | requests a second | p50 ms | p99 ms | longest ms | failed | target |", "| --- " * 7 + "|"]
    warehouse, bodies = home / "warehouse", bodies_of()
    write(warehouse, 0)
    with api(warehouse, ready="/ready") as (url, memory, started):
        lines.append(f"| from the process's start to the first answer | {started:.1f} s | 3 s |")
        ask(url + ROUTE, bodies, rate=50, seconds=seconds / 10, seen=check)
        load.append(row_of("alone", ask(url + ROUTE, bodies, rate=RATE, seconds=seconds, seen=check), "p99 10"))
        with committing(warehouse, "benchmarks.vouchers"):
            beside = ask(url + ROUTE, bodies, rate=RATE, seconds=2 * seconds, seen=check)
        load.append(row_of(f"beside a commit a second; {len(beside.seen)} commits answered", beside, "p99 50"))
        best = highest_rate(lambda rate: ask(url + ROUTE, bodies, rate=rate, seconds=seconds / 2, seen=check), most_ms=20)
        load += [row_of("alone, the highest rate with p99 under 20 ms", best, "aim 500")] if best else []
        lines += memory_rows(memory, f"{len(COUNTRIES)} countries")
    write(home / "large", 0, n_countries=TIMES)
    with api(home / "large", ready="/ready") as (url, memory, started):
        lines.append(f"| from start to the first answer, {TIMES:,} countries | {started:.1f} s | |")
        found = ask(url + ROUTE, bodies, rate=RATE, seconds=seconds, seen=check)
        load.append(row_of(f"{TIMES:,} countries", found, "p99 10"))
        lines += memory_rows(memory, f"{TIMES:,} countries", "300 MiB")
    return lines + load


def rows_of(commit: int, n_countries: int) -> list[dict[str, Any]]:
    """Three amounts of every segment; each says which commit it is of."""
    names = [*COUNTRIES, *[f"Country {number}" for number in range(len(COUNTRIES), n_countries)]]
    kinds = [(FREQUENCY, NONE), *[(RECENCY, reference) for reference in REFERENCES]]
    return [
        {
            "country": country, "segment_type": kind.name, "reference": reference, "segment": segment, "voucher_amount": amount,
            "uses": USES + commit, "total_amount": amount, "share": 1 / len(AMOUNTS), "rank": rank, "as_of": AS_OF,
        }
        for country in names for kind, reference in kinds for segment in kind.names
        for rank, amount in enumerate(AMOUNTS, start=1)
    ]  # fmt: skip


def write(warehouse: Path, commit: int, n_countries: int = len(COUNTRIES)) -> None:
    """The table anew."""
    table = pa.Table.from_pylist(rows_of(commit, n_countries))
    write_deltalake(warehouse / "vouchers_gold.db" / "segment_vouchers", table, mode="overwrite")


def bodies_of() -> list[dict[str, Any]]:
    """Customers of every segment, by orders and by recency in turn."""
    return [
        {
            "customer_id": number, "country_code": COUNTRIES[number % len(COUNTRIES)], "total_orders": number % 60,
            "last_order_ts": f"{AS_OF - timedelta(days=number % 240)} 12:00:00", "first_order_ts": "2020-01-01 00:00:00",
            "segment_name": (FREQUENCY, RECENCY)[number % 2].name,
        }
        for number in range(2_000)
    ]  # fmt: skip


def check(body: dict[str, Any], answer: dict[str, Any]) -> str:
    """The commit of the answer's table, where the answer is that commit's."""
    commit = int(answer["data_version"].rpartition("@")[2])
    return str(commit) if answer["uses"] == USES + commit else "wrong: mixed commits"


def commit_for_ever(warehouse: Path) -> None:
    """What runs beside the load, at low priority: the writer is elsewhere in earnest."""
    os.nice(19)
    commit = 0
    while True:
        commit += 1
        due = time.monotonic() + 1
        write(warehouse, commit)
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    commit_for_ever(Path(sys.argv[1]))
