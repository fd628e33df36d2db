"""The drops: the history first, then a day each, with late and repeated rows and whatever else is wrong in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tideline.samples.delivery import Delivery, Drop, day_of, write_bytes_atomically
from tideline.samples.draws import rng, scaled
from tideline.samples.vouchers.uses import HISTORY_DAYS, uses_of

ROWS, ROWS_A_DAY, LATE = 500_000, 12_000, 0.05
PART, ROWS_AT_LEAST, A_DAY_AT_LEAST = 125_000, 400, 80
REPEATED = 0.0006
# Each way in which a record can break a rule: what stands in a column instead.
BROKEN: dict[str, dict[str, object]] = {
    "bad_timestamp": {"timestamp": "2023-13-45 99:00:00+00:00"},
    "time_without_a_date": {"timestamp": "12:30:00"},
    "last_order_missing": {"last_order_ts": ""},
    "country_missing": {"country_code": None},
    "orders_in_words": {"total_orders": "a few"},
    "half_an_order": {"total_orders": "2.5"},
    "negative_orders": {"total_orders": "-3.0"},
    "negative_amount": {"voucher_amount": -2640.0},
    "first_order_after_last": {"first_order_ts": datetime(2031, 1, 1, tzinfo=UTC)},
}


def write_day(landing: Path, day_index: int, *, scale: float, seed: int, start: date) -> Delivery:
    """Write the drop of day `day_index` (from 1): the history on the first day, a day's uses and late ones afterwards."""
    drop = Drop(landing, day_of(start, day_index))
    parts = _parts(seed, day_index, scale, start)
    for number, part in enumerate(parts):
        table = part if number else pa.concat_tables([_with_repeats(drop, seed, day_index, part), _broken(drop, day_index, part)])
        _put(drop, f"vouchers-{drop.day}.part-{number}.parquet", table, minute=number)
    if day_index > 1:
        _put_late(drop, day_index, seed=seed, scale=scale, start=start)
    if day_index > 2:
        _put_cut(drop, parts[0])
    return drop.delivery()


def _parts(seed: int, day_index: int, scale: float, start: date) -> list[pa.Table]:
    """What the day's files hold before it is made dirty."""
    today = day_of(start, day_index)
    n = scaled(ROWS, scale, ROWS_AT_LEAST) if day_index == 1 else scaled(ROWS_A_DAY, scale, A_DAY_AT_LEAST)
    first = today - timedelta(days=HISTORY_DAYS - 1) if day_index == 1 else today
    sizes = [min(PART, n - done) for done in range(0, n, PART)]
    return [uses_of(seed, day_index, number, n=size, first=first, last=today) for number, size in enumerate(sizes)]


def _with_repeats(drop: Drop, seed: int, day_index: int, rows: pa.Table) -> pa.Table:
    draw = rng(seed, "vouchers", "repeats", day_index)
    again = draw.sample(range(len(rows)), max(3, round(len(rows) * REPEATED)))
    drop.count("exact_duplicate_in_file", len(again))
    return pa.concat_tables([rows, rows.take(pa.array(again))])


def _broken(drop: Drop, day_index: int, rows: pa.Table) -> pa.Table:
    """One record of each kind, made of good ones of the day."""
    records = rows.slice(0, len(BROKEN)).to_pylist()
    for kind, record in zip(BROKEN, records, strict=True):
        record.update(BROKEN[kind])
        drop.count(kind)
    return pa.Table.from_pylist(records, schema=rows.schema)


def _put_late(drop: Drop, day_index: int, *, seed: int, scale: float, start: date) -> None:
    """Uses of the day before that come a day late, in a file with one more column, beside some that were delivered."""
    before = _parts(seed, day_index - 1, scale, start)[0]
    yesterday = drop.day - timedelta(days=1)
    n = max(10, round(scaled(ROWS_A_DAY, scale, A_DAY_AT_LEAST) * LATE))
    late = uses_of(seed, day_index, 1_000, n=n, first=yesterday, last=yesterday)
    again = before.slice(len(before) // 2, 5)
    drop.count("late_row", n)
    drop.count("exact_duplicate_in_two_files", len(again))
    drop.count("undeclared_column")
    rows = pa.concat_tables([late, again])
    _put(drop, f"vouchers-{yesterday}-late.parquet", rows.append_column("channel", pa.array(["app"] * len(rows))), minute=50)


def _put_cut(drop: Drop, rows: pa.Table) -> None:
    """A file whose end was lost on the way."""
    drop.count("truncated_file")
    name, whole = f"vouchers-{drop.day}-resent.parquet", _bytes(rows)
    _write(drop, name, whole[: len(whole) * 2 // 3], minute=55)


def _put(drop: Drop, name: str, rows: pa.Table, *, minute: int) -> None:
    _write(drop, name, _bytes(rows), minute=minute)


def _write(drop: Drop, name: str, content: bytes, *, minute: int) -> None:
    """The UTC day ends at midnight; the drop follows."""
    moment = datetime.combine(drop.day + timedelta(days=1), time(0, minute), tzinfo=UTC)
    write_bytes_atomically(drop.landing / name, content, moment)
    drop.files.append(drop.landing / name)


def _bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    return bytes(sink.getvalue())
