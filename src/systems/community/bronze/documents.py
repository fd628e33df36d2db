"""What documents of every collection have: times, and the time that orders their versions."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column

VERSION_AT = Column(
    "version_at", "timestamp", "Orders versions: updated_at, or created_at where that is missing; UTC."
)
CREATED = Column("created_at_date", "timestamp", "When it was created, UTC.", path="created_at.$date")
UPDATED = Column(
    "updated_at_date",
    "timestamp",
    "When it was last updated, UTC; null where it was not delivered.",
    path="updated_at.$date",
)


def with_version(documents: DataFrame) -> DataFrame:
    """Flattened documents with `version_at`."""
    return documents.withColumn("version_at", F.coalesce("updated_at_date", "created_at_date"))
