"""What the business decided about vouchers. A change here recomputes what depends on it."""

from __future__ import annotations

from collections.abc import Sequence

from systems.vouchers.segments import Segment, Segmentation
from utils.errors import SpecError

# Only these are asked about; what other countries delivered is explored and not counted.
COUNTRIES: tuple[str, ...] = ("Peru",)

FREQUENCY = Segmentation(
    "frequent_segment", "orders of the customer", (Segment(0, 4), Segment(5, 13), Segment(14, 37), Segment(38))
)
RECENCY = Segmentation(
    "recency_segment", "days since the customer's last order",
    (
        Segment(0, 29), Segment(30, 60), Segment(61, 90), Segment(91, 120), Segment(121, 180),
        Segment(181, label="180+"),  # more than 180
    ),
)  # fmt: skip
SEGMENTATIONS = (FREQUENCY, RECENCY)

# Until when days since the last order are counted for a use: its own time, or the day that the tables are as of. Gold has
# both; answers are given by this one. A request is always measured at the day that the tables are as of.
VOUCHER_TIME, AS_OF = "voucher_time", "as_of"
REFERENCES = (VOUCHER_TIME, AS_OF)
REFERENCE = VOUCHER_TIME
# What stands for a reference where none is needed, and for a country that cannot be read.
NONE, UNKNOWN = "none", "unknown"


def check(countries: Sequence[str], reference: str) -> None:
    """Raises SpecError for countries or a reference that cannot be used; segments are checked as they are made."""
    named = [country for country in countries if country == country.strip() != ""]
    if not named or len(set(named)) != len(countries):
        raise SpecError("vouchers: COUNTRIES", repr(countries), expected="names of countries, each once")
    if reference not in REFERENCES:
        raise SpecError("vouchers: REFERENCE", f"`{reference}`", expected=" or ".join(REFERENCES))


check(COUNTRIES, REFERENCE)
