"""Times from delivered text, read strictly: what does not say its own day is no time.

Spark's cast alone takes `2021` for the first of January, and `12:30:00` for half past twelve on the day of the run.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

DATE_FIRST = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|\s*$)"
WITH_OFFSET = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}.*([Zz]|[+-][0-9]{2}:?[0-9]{2})\s*$"


def time_of(name: str) -> Column:
    """A text that begins with a date as a time, UTC where it names no zone; null for anything else."""
    return F.when(F.col(name).rlike(DATE_FIRST), F.trim(name).try_cast("timestamp"))


def moment_of(name: str) -> Column:
    """A date and a time with their offset as a time; null for anything else, an offset that is missing among it."""
    return F.when(F.col(name).rlike(WITH_OFFSET), F.trim(name).try_cast("timestamp"))
