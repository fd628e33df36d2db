"""Uses of vouchers as columns: who used which amount when, with the oddities that every drop has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

COLUMNS = ("timestamp", "country_code", "last_order_ts", "first_order_ts", "total_orders", "voucher_amount")
# Uses of the first drop lie within so many days before its end, orders up to so many before a use.
HISTORY_DAYS, LONGEST_PAUSE_DAYS = 200, 420
EMPTY_ORDERS, TOO_EARLY = 0.08, 0.08
ABOUT_THREE_YEARS = 3 * 365
MOST_ORDERS = 700
DAY = 86_400_000_000


@dataclass(frozen=True)
class Country:
    """Its share of all rows, its few amounts, and the share of rows without one."""

    name: str
    share: float
    amounts: tuple[float, float, float]
    without_amount: float


COUNTRIES = (
    Country("Peru", 0.45, (2640.0, 3520.0, 4400.0), 0.05),
    Country("China", 0.25, (30.0, 50.0, 80.0), 0.13),
    Country("Australia", 0.18, (10.0, 15.0, 25.0), 0.08),
    Country("Latvia", 0.12, (3.0, 5.0, 8.0), 0.03),
)


def uses_of(seed: int, day_index: int, part: int, *, n: int, first: date, last: date) -> pa.Table:
    """`n` uses on the days from `first` to `last`; the same arguments give the same rows."""
    draw = np.random.default_rng([seed, day_index, part])
    country = draw.choice(len(COUNTRIES), n, p=[each.share for each in COUNTRIES])
    orders = np.minimum(draw.lognormal(1.9, 1.35, n), MOST_ORDERS).astype(np.int64)
    begin, end = (np.datetime64(day, "us").astype(np.int64) for day in (first, last + timedelta(days=1)))
    used = draw.integers(begin, end, n)
    pause = np.minimum(draw.exponential(70, n), LONGEST_PAUSE_DAYS).astype(np.int64)
    last_order = used // DAY - pause
    first_order = last_order - np.where(orders > 0, draw.integers(0, 900, n), draw.integers(0, 3, n))
    too_early = draw.random(n) < TOO_EARLY
    used = np.where(too_early, last_order * DAY - (ABOUT_THREE_YEARS + draw.integers(-40, 40, n)) * DAY + used % DAY, used)
    counts = np.where(draw.random(n) < EMPTY_ORDERS, "", np.char.add(orders.astype(str), ".0"))
    names = pa.array([each.name for each in COUNTRIES])
    return pa.table(
        [
            _text(used, "us"), names.take(pa.array(country)), _text(last_order * DAY, "s"),
            pa.array(first_order * DAY, pa.timestamp("us", "UTC")), pa.array(counts), _amounts(draw, country, orders, pause),
        ],
        names=list(COLUMNS),
    )  # fmt: skip


def _amounts(
    draw: np.random.Generator, country: NDArray[np.int64], orders: NDArray[np.int64], pause: NDArray[np.int64]
) -> pa.Array:
    """Who orders more, or was away for longer, uses larger vouchers; some rows have no amount."""
    large = np.clip(np.log1p(orders) / np.log(60) + np.minimum(pause, 240) / 400 - 0.1, 0, 1)
    luck = draw.random(len(country))
    place = np.where(luck < 0.62 - 0.5 * large, 0, np.where(luck < 0.85 - 0.35 * large, 1, 2))
    amounts = np.array([each.amounts for each in COUNTRIES])[country, place]
    absent = np.array([each.without_amount for each in COUNTRIES])[country]
    return pa.array(amounts, mask=draw.random(len(country)) < absent)


def _text(microseconds: NDArray[np.int64], unit: Literal["s", "us"]) -> pa.Array:
    """Times as the drop writes them: with a blank, the unit's digits, and the zone."""
    texts = np.datetime_as_string(microseconds.astype("datetime64[us]"), unit=unit)
    return pc.binary_join_element_wise(pc.replace_substring(pa.array(texts), "T", " "), "+00:00" if unit == "us" else "", "")
