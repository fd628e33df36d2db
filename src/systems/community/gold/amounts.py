"""What tables of gold share: the country of a user, and cents as amounts of USD."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from engine.spec import Column
from systems.community.config import NO_COUNTRY_CODES, UNKNOWN

_NO_COUNTRY = ", ".join(f"'{code}'" for code in NO_COUNTRY_CODES)
COUNTRY_OF_USER = (
    f"CASE WHEN country IN ({_NO_COUNTRY}) THEN '{UNKNOWN}' ELSE coalesce(country, '{UNKNOWN}') END"
)
USD = "decimal(18,2)"
COUNTRY = Column("country", "string", "Country code; unknown where there is none.")


def cents(name: str) -> SparkColumn:
    """An amount of a user's standing as delivered; 0 without a standing."""
    return F.coalesce(f"patreon_status_{name}_cents", F.lit(0))


def usd(amount: SparkColumn) -> SparkColumn:
    """Cents as USD."""
    return (amount.cast("decimal(20,0)") / F.lit(100)).cast(USD)
