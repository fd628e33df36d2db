"""What can be asked of the vouchers: plain Python over gold in memory, no web and no Spark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from systems.vouchers.config import COUNTRIES, FREQUENCY, NONE, RECENCY, REFERENCE
from utils.apart import saved_apart
from utils.gold import Gold
from utils.rows import Rows

TABLES = ("vouchers_gold.segment_vouchers",)
SegmentName = Literal["frequent_segment", "recency_segment"]
# What is read; the first four are what rows are asked for by.
READ = ("country", "segment_type", "reference", "segment", "voucher_amount", "uses", "share", "rank", "as_of")


@dataclass(frozen=True)
class Answer:
    """The voucher that a segment used most, and how sure that is; `reference` says how the past was cut into segments."""

    voucher_amount: float
    segment: str
    uses: int
    share: float
    reference: str


@dataclass(frozen=True)
class NoAnswer:
    """Why a valid question has no answer."""

    reason: str


class NotOfInterest(ValueError):
    """A country that is not asked about; the text lists those that are."""

    def __init__(self) -> None:
        super().__init__(f"not a country of interest; these are: {', '.join(COUNTRIES)}")


class AfterAsOf(ValueError):
    """A last order later than the day that the tables are as of: its recency would be negative."""

    def __init__(self, as_of: date) -> None:
        super().__init__(f"lies after {as_of}, the day that answers are as of: days since then would be negative")


@dataclass(frozen=True)
class Vouchers:
    """The vouchers of all segments, of one version of gold."""

    rows: Rows

    @classmethod
    def read(cls, gold: Gold, version: str) -> Vouchers:
        """A version of gold."""
        return cls(Rows.of(gold.read(TABLES[0], version, READ), READ[:4]))

    @cached_property
    def as_of(self) -> date | None:
        """The day that the tables are as of; None where they are empty."""
        for country in self.rows.codes[0]:
            found: date = self.rows.find(country)[0]["as_of"]
            return found
        return None


def select_voucher(
    vouchers: Vouchers, *, country: str, total_orders: int, last_order_at: datetime, segment_name: SegmentName,
    reference: str = REFERENCE,
) -> Answer | NoAnswer:  # fmt: skip
    """The most used voucher of a customer's segment. Days since the last order are counted to the day the tables are as of.

    Raises NotOfInterest, and AfterAsOf where the recency is asked for.
    """
    if country not in COUNTRIES:
        raise NotOfInterest
    if vouchers.as_of is None:
        return NoAnswer("no use of a voucher has been counted yet")
    if segment_name == RECENCY.name:
        segment = RECENCY.label_of((vouchers.as_of - last_order_at.date()).days)
        if segment is None:
            raise AfterAsOf(vouchers.as_of)
    else:
        reference, segment = NONE, FREQUENCY.label_of(total_orders)
        assert segment is not None, "counts of orders are not negative"
    found = [row for row in vouchers.rows.find(country, segment_name, reference, segment) if row["rank"] == 1]
    if not found:
        return NoAnswer(f"no voucher was used in {country} by the {segment_name} {segment} until {vouchers.as_of}")
    best = found[0]
    return Answer(best["voucher_amount"], segment, best["uses"], best["share"], reference)


def load(gold: Gold, version: str) -> Vouchers:
    """A version of gold, read by another process. Raises SourceError."""
    with saved_apart(_save, gold, version) as folder:
        return Vouchers(Rows.open(folder))


def _save(gold: Gold, version: str, folder: Path) -> None:
    Vouchers.read(gold, version).rows.save(folder)
